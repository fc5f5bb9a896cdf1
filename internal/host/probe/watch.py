"""What happens while the app loads: files opened and written, sockets refused, settings and where they come from."""

OPENED, REFUSED, BUSY = {}, [], []


def touched(what, target):
    if len(REFUSED) < 50:
        REFUSED.append({"what": what, "target": target[:200], "at": caller(3)})
        if len(REFUSED) <= 10:
            say(refused=REFUSED[-1])  # now: who waits for it may wait for ever


def hook(event, args):
    if BUSY:
        return
    if event == "open":
        name = args[0]
        if isinstance(name, str) and len(OPENED) < MANY and name[:1] not in ("", "<"):
            OPENED[os.path.abspath(name)] = True
    elif event.startswith("socket."):
        BUSY.append(1)
        try:
            if event == "socket.__new__":
                touched("socket", "")
            elif event == "socket.getaddrinfo":
                touched("address", "%s:%s" % (args[0], args[1]))
            elif event == "socket.connect":
                touched("connect", str(args[1]))
        finally:
            BUSY.pop()
    elif event in ("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec"):
        BUSY.append(1)
        try:
            word = args[0] if args else ""
            touched("program", os.fsdecode(word) if isinstance(word, (str, bytes)) else str(word))
        finally:
            BUSY.pop()


WROTE, SHADOW = [], "/tmp/assay-shadow"


def may_write(folder):
    """Whether the mode of a folder lets us make something in it: on a read-only disk the kernel does not say."""
    while not os.path.isdir(folder) and folder != "/":
        folder = os.path.dirname(folder)
    try:
        st = os.stat(folder)
    except OSError:
        return False
    bits = 0o200 if st.st_uid == os.geteuid() else 0o020 if st.st_gid in os.getgroups() + [os.getegid()] else 0o002
    return bool(st.st_mode & bits)


def watch_writes():
    """Gives a file in memory to who opens one for writing: a log that is opened at import is no reason to fail."""
    import builtins
    import errno
    import io
    plain_open, plain_mkdir = io.open, os.mkdir

    def shadow(path):
        if len(WROTE) < 200:
            WROTE.append({"path": os.path.abspath(path), "at": caller(3)})
        return SHADOW + os.path.abspath(path)

    def opening(file, mode="r", *args, **kw):
        try:
            return plain_open(file, mode, *args, **kw)
        except OSError as e:
            if not isinstance(file, (str, os.PathLike)) or isinstance(mode, str) and not set(mode) & set("wax+"):
                raise
            name = os.fspath(file)
            if not isinstance(name, str):
                raise
            parent = os.path.dirname(os.path.abspath(name))
            made = os.path.isdir(SHADOW + parent) and not os.path.isdir(parent)
            if e.errno != errno.EROFS and not (made and e.errno == errno.ENOENT):
                raise
            if not made and not os.path.isdir(parent):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name) from None
            if not may_write(parent) and not os.path.exists(name):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), name) from None
            other = shadow(name)
            folders(os.path.dirname(other))
            return plain_open(other, mode, *args, **kw)

    def folders(path):
        at = ""
        for part in path.split("/")[1:]:
            at += "/" + part
            if not os.path.isdir(at):
                plain_mkdir(at)

    def mkdir(path, *args, **kw):
        try:
            return plain_mkdir(path, *args, **kw)
        except OSError as e:
            if not isinstance(path, (str, os.PathLike)):
                raise
            name = os.path.abspath(os.fspath(path))
            parent = os.path.dirname(name)
            made = os.path.isdir(SHADOW + parent) and not os.path.isdir(parent)
            if e.errno != errno.EROFS and not (made and e.errno == errno.ENOENT):
                raise
            if not may_write(parent):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), name) from None
            folders(shadow(name))

    io.open = builtins.open = opening
    os.mkdir = mkdir


ENV_READ = {}


def watch_environ():
    plain = os._Environ.__getitem__

    def getitem(self, key):
        f = sys._getframe(1)
        required = True
        while f is not None and f.f_code.co_filename.startswith((STDLIB, "<frozen ")):
            required = required and f.f_code.co_name not in ("get", "__contains__", "getenv", "setdefault")
            f = f.f_back
        if f is not None and self is os.environ and isinstance(key, str) and len(ENV_READ) < 500 and own(f.f_code.co_filename):
            r = ENV_READ.setdefault(key, {"key": key, "file": os.path.abspath(f.f_code.co_filename), "line": f.f_lineno, "required": False})
            r["required"] = r["required"] or required
            r["set"] = key in self._data_names()
        return plain(self, key)

    def names(self):
        return {self.decodekey(k) for k in self._data}

    os._Environ._data_names = names
    os._Environ.__getitem__ = getitem


WARNED = []


def watch_warnings():
    def show(message, category, filename, lineno, file=None, line=None):
        if len(WARNED) < 40:
            WARNED.append({"kind": category.__name__, "text": str(message)[:300], "file": filename, "line": lineno, "own": own(filename)})
    warnings.showwarning = show


# --- where each configuration value came from -----------------------------

LOADS, SET_BY = [], {}


def watch_config():
    try:
        from flask import Config
    except Exception:  # the app may not be Flask, or Flask is broken: the import will say so
        return
    inside = []

    def traced(name, plain):
        def call(self, *args, **kw):
            if inside:
                return plain(self, *args, **kw)
            load = {"how": name, "at": caller(2), "silent": bool(kw.get("silent", args[1] if len(args) > 1 and name in ("from_pyfile", "from_envvar", "from_json") else False))}
            first = args[0] if args else kw.get("obj", kw.get("filename", kw.get("variable_name", kw.get("prefix"))))
            if name == "from_object":
                o = first
                if isinstance(o, str):
                    load["name"] = o
                else:
                    load["name"] = "%s.%s" % (getattr(o, "__module__", ""), getattr(o, "__qualname__", None) or type(o).__qualname__) if not hasattr(o, "__file__") else o.__name__
                    load["file"] = getattr(o, "__file__", None) or getattr(sys.modules.get(getattr(o, "__module__", None)), "__file__", None)
            elif name in ("from_pyfile", "from_file", "from_json"):
                load["name"] = str(first)
                load["file"] = os.path.join(str(self.root_path), str(first))
            elif name == "from_envvar":
                load["name"] = str(first)
                load["file"] = os.environ.get(str(first)) and os.path.join(str(self.root_path), os.environ[str(first)])
            elif name == "from_prefixed_env":
                load["name"] = str(first or "FLASK")
            if load.get("file"):
                load["exists"] = os.path.exists(load["file"])
                load["readable"] = os.access(load["file"], os.R_OK)
            before = dict(self)
            inside.append(1)
            try:
                got = plain(self, *args, **kw)
                load["loaded"] = got is not False
                return got
            except BaseException as e:
                load["error"] = type(e).__name__
                raise
            finally:
                inside.pop()
                missing = object()
                keys = [k for k in self if before.get(k, missing) is not self[k]]
                load["keys"] = sorted(str(k) for k in keys)[:300]
                if len(LOADS) < 100:
                    LOADS.append(load)
                for k in keys:
                    SET_BY[(id(self), k)] = len(LOADS) - 1
        return call

    for name in ("from_object", "from_pyfile", "from_envvar", "from_file", "from_json", "from_prefixed_env", "from_mapping"):
        plain = Config.__dict__.get(name)
        if plain is not None:
            setattr(Config, name, traced(name, plain))

    def setitem(self, key, value):
        dict.__setitem__(self, key, value)
        if not inside:
            SET_BY[(id(self), key)] = caller(2)
    Config.__setitem__ = setitem
