"""Loads a Flask app the way its server does, and tells what it became.

Run by assay inside its sandbox: no socket, a read-only disk, the service's own
user, folder and environment. Reads one job (JSON) from standard input, writes
lines of JSON to the descriptor that the job names. Python 3.8 and later; only
the standard library, and what the app itself brings.
"""
import ast
import base64
import gc
import json
import os
import re
import sys
import threading
import time
import warnings

JOB = json.load(sys.stdin)
OUT = JOB["out"]
if os.path.exists(os.devnull):  # a service's own root may have no /dev
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
BEGAN = time.time()
R = {}  # the result
MANY = 3000


def spelled(o):
    """The same without what JSON cannot hold: numbers that are none or have no end, keys that are no text."""
    if isinstance(o, dict):
        return {str(k): spelled(x) for k, x in o.items()}
    if isinstance(o, (list, tuple)):
        return [spelled(x) for x in o]
    if isinstance(o, float) and (o != o or o in (float("inf"), float("-inf"))):
        return str(o)
    if isinstance(o, int) and not isinstance(o, bool) and not -1 << 63 <= o < 1 << 63:
        return "a number of %d bits" % o.bit_length()
    return o


def say(**line):
    data = (json.dumps(spelled(line), default=lambda o: type(o).__name__) + "\n").encode("utf-8", "replace")
    while data:
        data = data[os.write(OUT, data):]


def soft(fn, *args):
    """Calls fn; what the app's own objects throw, sys.exit among it, is no reason to stop."""
    try:
        return fn(*args)
    except BaseException as e:  # noqa: BLE001
        if len(R.setdefault("trouble", [])) < 50:
            R["trouble"].append("%s: %s: %s" % (getattr(fn, "__name__", "?"), type(e).__name__, text_in(e)[:200]))
        return None


def text_in(e):
    try:
        return str(e)
    except BaseException:  # noqa: BLE001 - an exception that cannot be told
        return ""


# --- whose code is it ------------------------------------------------------

STDLIB = os.path.dirname(os.path.realpath(os.__file__)) + os.sep
OUR = "<string>"


def own(path):
    """Whether a file is the app's, not Python's and not a package's."""
    if not path or path[0] == "<":
        return False
    path = os.path.abspath(path)
    if "/site-packages/" in path or "/dist-packages/" in path or path.startswith(("/usr/lib/", "/usr/share/")):
        return False
    if path.startswith((STDLIB, "/proc/", "/sys/", "/dev/")):
        return False
    try:
        return not os.path.realpath(path).startswith(STDLIB)
    except OSError:
        return False


def caller(depth=1):
    """File and line of the nearest frame of the app's own code."""
    f = sys._getframe(depth)
    while f is not None:
        if own(f.f_code.co_filename):
            return {"file": os.path.abspath(f.f_code.co_filename), "line": f.f_lineno, "in": f.f_code.co_name}
        f = f.f_back
    return None


# --- what happens while it loads ------------------------------------------

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


# --- values ----------------------------------------------------------------

PLAIN = set("""ENV SERVER_NAME APPLICATION_ROOT PREFERRED_URL_SCHEME SESSION_COOKIE_NAME SESSION_COOKIE_DOMAIN SESSION_COOKIE_PATH
SESSION_COOKIE_SAMESITE REMEMBER_COOKIE_NAME REMEMBER_COOKIE_DOMAIN REMEMBER_COOKIE_PATH REMEMBER_COOKIE_SAMESITE
SESSION_TYPE SESSION_FILE_DIR CACHE_TYPE CACHE_DIR CACHE_KEY_PREFIX CACHE_REDIS_HOST CACHE_MEMCACHED_SERVERS UPLOAD_FOLDER UPLOADS_DEFAULT_DEST
UPLOADED_FILES_DEST MAX_CONTENT_LENGTH TRUSTED_HOSTS EXPLAIN_TEMPLATE_LOADING JSONIFY_MIMETYPE BABEL_DEFAULT_LOCALE LOG_LEVEL
LOG_FILE LOG_PATH MAIL_SERVER SENTRY_ENVIRONMENT RATELIMIT_STRATEGY RATELIMIT_DEFAULT RATELIMIT_KEY_PREFIX JWT_ALGORITHM JWT_TOKEN_LOCATION
SECURITY_PASSWORD_HASH FLASK_ENV APP_ENV ENVIRONMENT CONFIG_NAME CDN_DOMAIN STATIC_FOLDER TIMEZONE CELERY_TIMEZONE
SCHEDULER_TIMEZONE SQLALCHEMY_TRACK_MODIFICATIONS""".split())


def entropy(b):
    """Bits, at most: by the alphabet that is used and by how often each byte comes."""
    import math
    if not b:
        return 0
    n = len(b)
    counts = {}
    for c in b:
        counts[c] = counts.get(c, 0) + 1
    return int(n * -sum(k / n * math.log2(k / n) for k in counts.values()))


def text_of(v):
    """What may be a secret: who reads this decides what comes out of it."""
    b = v if isinstance(v, (bytes, bytearray)) else str(v).encode("utf-8", "surrogateescape")
    text = b.decode("utf-8", "replace") if not isinstance(v, str) else v
    out = {"raw": text[:8192], "len": len(b), "bits": entropy(bytes(b)), "type": type(v).__name__, "distinct": len(set(b)), "alphabet": alphabet(bytes(b))}
    if not isinstance(v, str) and text.encode("utf-8", "replace") != b:
        out["b64"] = base64.b64encode(bytes(b)).decode()
    return out


def url_of(v):
    """A DSN without its password and without its options, or None. What is not quoted as it should be
    ends at the last @; where that cannot be told from an @ in the options, only the scheme is given."""
    if not isinstance(v, str) or "://" not in v:
        return None
    scheme, _, rest = v.partition("://")
    for mark in "?#":
        rest, _, options = rest.partition(mark)
        if "@" in options:
            return scheme + "://"
    login, at, place = rest.rpartition("@")
    user = login.split(":", 1)[0]
    return "%s://%s%s" % (scheme, user + "@" if at and user else "", place)


def value(key, v, depth=0):
    """A value as it may come out: plain ones whole, text only where its name is known to be harmless."""
    if v is None or isinstance(v, (bool, int, float)):
        return {"value": v, "type": type(v).__name__}
    if hasattr(v, "total_seconds"):
        return {"value": v.total_seconds(), "type": "timedelta"}
    if isinstance(v, (str, bytes, bytearray)):
        if isinstance(v, str) and (key in PLAIN or v == ""):
            return {"value": v[:500], "type": "str"}
        u = url_of(v)
        out = text_of(v)
        if u:
            out["url"] = u[:300]
        if isinstance(v, str) and v.strip().lower() in ("0", "1", "true", "false", "yes", "no", "on", "off", "none", "null"):
            out = {"value": v, "type": "str"}
        return out
    if isinstance(v, (list, tuple, set, frozenset)) and depth < 2:
        items = list(v)[:50]
        if key in PLAIN or all(isinstance(i, (bool, int, float)) for i in items):
            return {"value": [i if isinstance(i, (bool, int, float)) else str(i)[:200] for i in items], "type": type(v).__name__}
        return {"type": type(v).__name__, "count": len(v)}
    if isinstance(v, dict) and depth < 2:
        return {"type": "dict", "items": {str(k)[:100]: value(str(k), x, depth + 1) for k, x in list(v.items())[:50]}}
    return {"type": "%s.%s" % (type(v).__module__, type(v).__qualname__)}


READ = {}


def read_files():
    """The text files that the import read, the app's modules among them."""
    if not READ:
        READ[""] = b""
        for path in sorted(set(list(OPENED) + [m["path"] for m in R.get("modules", [])])):
            if path.endswith((".pyc", ".so")) or not own(path) or path.startswith(("/usr/lib/", "/proc/", "/sys/", "/dev/")):
                continue
            try:
                if os.path.isfile(path) and os.path.getsize(path) < 1 << 20:
                    with open(path, "rb") as f:
                        READ[path] = f.read()
            except OSError:
                pass
    return READ


def sources(v):
    """Where in the environment or in the files that were read a secret stands."""
    text = v.decode("utf-8", "replace") if isinstance(v, (bytes, bytearray)) else str(v)
    out = []
    if len(text) < 3:
        return out
    for k, x in sorted(os.environ.items()):
        if x == text:
            out.append({"kind": "environ", "name": k})
    needle = text.encode("utf-8", "replace")
    for path, body in read_files().items():
        at = body.find(needle)
        if at >= 0 and len(out) < 6:
            out.append({"kind": "file", "name": path, "line": body.count(b"\n", 0, at) + 1})
    return out


SECRET_NAME, PLAIN_NAME = re.compile(JOB["secret_name"]), re.compile(JOB["plain_name"])


def secret_name(key):
    return bool(SECRET_NAME.search(key)) and not PLAIN_NAME.search(key)


def config(app):
    rows = []
    try:
        from flask import Flask
        default = dict(Flask.default_config)
    except Exception:
        default = {}
    for k in sorted(app.config, key=str):
        v = app.config[k]
        rows.append(soft(config_row, app, str(k), v, default) or {"key": str(k), "type": "?"})
        if len(rows) >= 600:
            break
    return rows


def config_row(app, k, v, default):
    missing = object()
    row = value(k, v)
    row["key"] = k
    if k == "SECRET_KEY_FALLBACKS" and isinstance(v, (list, tuple)):
        row["items"] = {str(i): text_of(x) for i, x in enumerate(v[:20]) if isinstance(x, (str, bytes)) and x}
    by = SET_BY.get((id(app.config), k))
    if isinstance(by, int):
        row["by"] = by
    elif by:
        row["at"] = by
    elif default.get(k, missing) == v:
        row["default"] = True
    if "raw" in row and secret_name(k):
        row["from"] = sources(v)
    return row


# --- the parts of the app --------------------------------------------------

def class_of(o):
    return "%s.%s" % (type(o).__module__, type(o).__qualname__)


def chain(target):
    """The WSGI callables from the outermost to Flask's own, and the app itself."""
    layers, app, seen = [], None, set()
    o = target
    try:
        from flask import Flask
    except Exception:
        Flask = ()
    while o is not None and id(o) not in seen and len(layers) < 30:
        seen.add(id(o))
        if Flask and isinstance(o, Flask):
            app = o
            inner = o.__dict__.get("wsgi_app")
            layers.append({"class": class_of(o), "app": True})
            if inner is None or getattr(inner, "__self__", None) is o:
                break
            o = inner
            continue
        if getattr(o, "__self__", None) is not None and Flask and isinstance(o.__self__, Flask):
            app = o.__self__
            break
        layer = {"class": class_of(o)}
        if hasattr(o, "__qualname__"):
            layer["class"] = "%s.%s" % (getattr(o, "__module__", ""), o.__qualname__)
        trust = {k: getattr(o, k) for k in ("x_for", "x_proto", "x_host", "x_port", "x_prefix") if isinstance(getattr(o, k, None), int)}
        if trust:
            layer["trusts"] = trust
        layers.append(layer)
        o = inside_of(o)
    if app is None:
        app = closure_app(target, Flask)
    return layers, app


def inside_of(o):
    for name in ("wsgi_app", "app", "application", "wrapped_app", "_app", "wrapped", "__wrapped__", "asgi_app", "wsgi"):
        inner = getattr(o, name, None)
        if callable(inner):
            return inner
    for cell in getattr(o, "__closure__", None) or ():
        try:
            inner = cell.cell_contents
        except ValueError:
            continue
        if callable(inner) and not isinstance(inner, type):
            return inner
    return None


def closure_app(target, Flask):
    if not Flask:
        return None
    apps = [o for o in gc.get_objects() if isinstance(o, Flask)]
    return apps[0] if len(apps) == 1 else None


class Reached(BaseException):
    pass


def echo(target, app):
    """What the app takes from forwarded headers, by sending some through its own chain to a stop before its routes."""
    from werkzeug.wrappers import Request
    got = {}

    def stop(environ):
        r = Request(environ)
        got.update(remote=r.remote_addr, scheme=r.scheme, host=r.host, root=environ.get("SCRIPT_NAME", ""), port=environ.get("SERVER_PORT", ""))
        raise Reached()

    def send(**headers):
        import io
        got.clear()
        env = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/", "QUERY_STRING": "", "SERVER_NAME": "base.invalid",
               "SERVER_PORT": "80", "HTTP_HOST": "base.invalid", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "192.0.2.99",
               "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(),
               "wsgi.multithread": False, "wsgi.multiprocess": True, "wsgi.run_once": False}
        env.update(headers)
        try:
            target(env, lambda *a, **k: (lambda b: None))
        except Reached:
            pass
        return dict(got)

    app.request_context = stop
    try:
        base = send()
        if not base:
            return None
        lists = {
            "X-Forwarded-For": (["192.0.2.%d" % i for i in range(6, 0, -1)], "remote"),
            "X-Forwarded-Proto": (["p%d" % i for i in range(6, 0, -1)], "scheme"),
            "X-Forwarded-Host": (["h%d.invalid" % i for i in range(6, 0, -1)], "host"),
            "X-Forwarded-Port": ([str(4000 + i) for i in range(6, 0, -1)], "port"),
            "X-Forwarded-Prefix": (["/x%d" % i for i in range(6, 0, -1)], "root"),
        }
        out = []
        for name, (values, into) in lists.items():
            r = send(**{"HTTP_" + name.upper().replace("-", "_"): ", ".join(values)})
            x = r.get(into, "")
            at = [6 - i for i, v in enumerate(values) if x == v]
            if at:
                out.append({"header": name, "into": into, "position": at[0]})
            elif x != base.get(into):
                out.append({"header": name, "into": into, "position": 0})
        singles = {"X-Real-IP": ("192.0.2.7", "remote"), "X-Client-IP": ("192.0.2.7", "remote"), "True-Client-IP": ("192.0.2.7", "remote"),
                   "CF-Connecting-IP": ("192.0.2.7", "remote"), "X-Scheme": ("https", "scheme"), "X-Forwarded-Ssl": ("on", "scheme"),
                   "X-Script-Name": ("/x", "root"), "X-Original-Host": ("h.invalid", "host"), "Forwarded": ("for=192.0.2.7;host=h.invalid;proto=https", "remote")}
        for name, (v, into) in singles.items():
            r = send(**{"HTTP_" + name.upper().replace("-", "_"): v})
            for k in base:
                if r.get(k) != base[k]:
                    out.append({"header": name, "into": k, "position": 1})
        return {"trusts": out}
    finally:
        del app.request_context


def names_of(code, into, depth=0):
    into.update(code.co_names)
    into.update(code.co_freevars)
    for c in code.co_consts:
        if hasattr(c, "co_names") and depth < 4:
            names_of(c, into, depth + 1)


KEEP = {"session", "current_user", "login_required", "request", "flash", "set_cookie", "g", "get_jwt_identity", "jwt_required", "cookies", "args", "authorization"}


def view(fn):
    """What one view function is wrapped in, and which request-bound names its code uses."""
    out = {"wraps": [], "uses": []}
    used, seen = set(), set()
    while fn is not None and id(fn) not in seen and len(out["wraps"]) < 20:
        seen.add(id(fn))
        code = getattr(fn, "__code__", None)
        qual = getattr(code, "co_qualname", None) or getattr(fn, "__qualname__", "")
        if hasattr(fn, "cache_timeout") and code is not None and "/flask_cach" in code.co_filename and "cached" not in out:
            out["cached"] = cached(fn)
        inner = getattr(fn, "__wrapped__", None)
        if inner is None:
            if code is not None:
                names_of(code, used)
                if "cached" in out:
                    called(fn, used)
                    out["shows"] = shown(fn)
                out["file"], out["line"], out["name"] = os.path.abspath(code.co_filename), code.co_firstlineno, getattr(fn, "__qualname__", "")
            cls = getattr(fn, "view_class", None)
            if cls is not None:
                out["name"] = cls.__qualname__
                for m in ("get", "post", "dispatch_request", "__init__"):
                    c = getattr(getattr(cls, m, None), "__code__", None)
                    if c is not None:
                        names_of(c, used)
            break
        if code is not None:
            of_wrap = set()
            names_of(code, of_wrap)
            out["wraps"].append({"module": getattr(sys.modules.get(getattr(fn, "__globals__", {}).get("__name__", "")), "__name__", ""), "code": code.co_name,
                                 "file": code.co_filename, "line": code.co_firstlineno, "uses": sorted(of_wrap & KEEP)})
        fn = inner
    out["uses"] = sorted(used & KEEP)
    return out


def called(fn, into, depth=0):
    """The names that the app's own functions use which a function calls."""
    for name in fn.__code__.co_names:
        other = getattr(fn, "__globals__", {}).get(name)
        if type(other) is FUNCTION and depth < 2 and own(other.__code__.co_filename):
            names_of(other.__code__, into)
            called(other, into, depth + 1)


def shown(fn):
    """The names bound to a visitor that the templates of a view put out."""
    from jinja2 import meta, nodes
    env, todo, seen, out = APP[0].jinja_env, [], set(), set()

    def texts(code):
        for c in code.co_consts:
            if isinstance(c, str) and c.endswith((".html", ".htm", ".txt", ".xml", ".j2", ".jinja", ".jinja2")):
                todo.append(c)
            elif hasattr(c, "co_consts"):
                texts(c)
    texts(fn.__code__)
    while todo and len(seen) < 40:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            tree = env.parse(env.loader.get_source(env, name)[0])
            out |= {n.name for n in tree.find_all(nodes.Name) if n.ctx == "load"}
            todo += [t for t in meta.find_referenced_templates(tree) if t]
        except Exception:  # noqa: BLE001 - a text that is no template
            continue
    return sorted(out & {"current_user", "session", "csrf_token", "get_flashed_messages", "g"})


APP, FUNCTION = [], type(shown)


def cached(fn):
    out = {"timeout": fn.cache_timeout if isinstance(fn.cache_timeout, (int, float)) else None}
    cells = {}
    todo = [fn, fn.make_cache_key]
    for f in todo:
        code, closure = getattr(f, "__code__", None), getattr(f, "__closure__", None)
        if code is None or not closure:
            continue
        for name, cell in zip(code.co_freevars, closure):
            try:
                cells[name] = cell.cell_contents
            except ValueError:
                continue
            if name.startswith("_make_cache_key") and len(todo) < 6:
                todo.append(cells[name])
    for name in ("key_prefix", "query_string", "make_cache_key", "unless", "source_check", "response_filter"):
        v = cells.get(name)
        if isinstance(v, (str, bool, int)):
            out[name] = v
        elif v is not None:
            out[name] = "callable"
            if name in ("key_prefix", "make_cache_key", "unless") and getattr(v, "__code__", None) is not None and not own_of_caching(v):
                used = set()
                names_of(v.__code__, used)
                out[name + "_uses"] = sorted(used & KEEP)
    return out


def own_of_caching(v):
    return (getattr(v, "__module__", "") or "").startswith(("flask_caching", "flask_cache"))


def routes(app):
    rows, views = [], {}
    APP[:] = [app]
    for rule in app.url_map.iter_rules():
        if len(rows) >= MANY:
            break
        rows.append({"rule": rule.rule, "endpoint": str(rule.endpoint), "methods": sorted(rule.methods or ()), "host": rule.host or "", "subdomain": rule.subdomain or ""})
        if rule.endpoint in app.view_functions and rule.endpoint not in views:
            views[str(rule.endpoint)] = soft(view, app.view_functions[rule.endpoint])
    return rows, views


def hooks(app):
    out = []
    for scope, fns in app.before_request_funcs.items():
        for fn in list(fns)[:50]:
            v = soft(view, fn) or {}
            out.append({"scope": scope or "", "name": getattr(fn, "__qualname__", repr(fn))[:100], "uses": v.get("uses", []), "file": v.get("file", ""), "line": v.get("line", 0)})
    return out


def dists():
    """Installed distributions by the names of their folders: nothing is opened."""
    out = {}
    for folder in sys.path:
        try:
            entries = os.listdir(folder or ".")
        except OSError:
            continue
        for e in entries:
            if e.endswith((".dist-info", ".egg-info")):
                name, _, version = e.rsplit(".", 1)[0].partition("-")
                version = version.split("-py")[0]
                out.setdefault(name.lower().replace("_", "-").replace(".", "-"), version)
    return out


def extensions(app):
    return [{"name": str(k), "class": class_of(v)} for k, v in sorted(app.extensions.items(), key=lambda kv: str(kv[0]))][:200]


def behind_at(text):
    """SQLAlchemy ends a password at its first @: the rest of one that is not quoted stands before the host."""
    return (text or "").rpartition("@")[2]


def engine(e, bind, created):
    p = e.pool
    u = e.url
    try:
        raw = u.render_as_string(hide_password=False)
    except AttributeError:
        raw = str(u)  # SQLAlchemy 1.3
        if hasattr(u, "password") and u.password:
            raw = u.__to_string__(hide_password=False)
    row = {"bind": bind, "raw": raw, "secret": u.password or "", "url": (url_of(raw) or "")[:300],
           "dialect": e.dialect.name, "driver": getattr(e.dialect, "driver", ""), "host": behind_at(u.host), "port": u.port or 0,
           "database": behind_at(u.database), "user": (u.username or "").split("@")[0], "pool": type(p).__name__, "created": created,
           "options": sorted(dict(u.query or {}))}
    for name, fn in (("size", "size"), ("checkedout", "checkedout"), ("checkedin", "checkedin")):
        if callable(getattr(p, fn, None)):
            row[name] = soft(getattr(p, fn))
    for name, attr in (("overflow", "_max_overflow"), ("timeout", "_timeout"), ("recycle", "_recycle"), ("pre_ping", "_pre_ping")):
        v = getattr(p, attr, None)
        if isinstance(v, (int, float, bool)):
            row[name] = v
    if dict(u.query or {}).get("host"):
        row["host"] = str(dict(u.query)["host"])
    return row


def engines(app):
    if "sqlalchemy" not in sys.modules:
        return []
    try:
        from sqlalchemy.engine import Engine
    except ImportError:
        return []
    early = [o for o in gc.get_objects() if isinstance(o, Engine)]
    rows, seen = [], set()
    ext = app.extensions.get("sqlalchemy") if app is not None else None
    if ext is not None:
        db = getattr(ext, "db", ext)  # Flask-SQLAlchemy 2: a state object
        with app.app_context():
            pairs = []
            if hasattr(type(db), "engines"):
                pairs = list(db.engines.items())
            else:
                binds = [None] + list(app.config.get("SQLALCHEMY_BINDS") or {})
                pairs = [(b, db.get_engine(app, b)) for b in binds if b is not None or app.config.get("SQLALCHEMY_DATABASE_URI")]
            for bind, e in pairs:
                seen.add(id(e))
                rows.append(soft(engine, e, bind or "default", any(e is x for x in early)))
    n = 0
    for e in early:
        if id(e) not in seen and isinstance(e, Engine) and type(e).__name__ == "Engine":
            n += 1
            rows.append(soft(engine, e, "engine%d" % n, True))
    return [r for r in rows if r][:30]


def revisions(folder):
    """Revision and down_revision of each file, read, not run."""
    out = []
    versions = os.path.join(folder, "versions")
    for base, _, files in os.walk(versions):
        for name in sorted(files):
            if not name.endswith(".py") or len(out) >= MANY:
                continue
            row = {"file": os.path.join(base, name)}
            try:
                with open(row["file"], "rb") as f:
                    tree = ast.parse(f.read())
            except (OSError, SyntaxError, ValueError) as e:
                row["error"] = type(e).__name__
                out.append(row)
                continue
            for node in tree.body:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
                for t in targets:
                    if isinstance(t, ast.Name) and t.id in ("revision", "down_revision") and node.value is not None:
                        try:
                            v = ast.literal_eval(node.value)
                        except ValueError:
                            continue
                        if t.id == "revision":
                            row["revision"] = str(v)
                        else:
                            row["down"] = [] if v is None else [v] if isinstance(v, str) else [str(x) for x in v]
            if "revision" in row:
                out.append(row)
    return out


def migrations(app):
    folders = []
    mig = app.extensions.get("migrate") if app is not None else None
    if mig is not None and getattr(mig, "directory", None):
        folders.append(os.path.abspath(str(mig.directory)))
    roots = [os.getcwd()] + ([app.root_path, os.path.dirname(app.root_path)] if app is not None else [])
    if not folders or not os.path.isdir(folders[0]):
        folders += [os.path.join(r, n) for r in roots for n in ("migrations", "alembic")]
    for f in folders:
        if os.path.isdir(os.path.join(f, "versions")):
            out = {"dir": f, "extension": mig is not None, "revisions": revisions(f), "version_table": "", "custom_env": False}
            env = os.path.join(f, "env.py")
            try:
                with open(env, "rb") as h:
                    tree = ast.parse(h.read())
                for node in ast.walk(tree):
                    if isinstance(node, ast.keyword) and node.arg in ("version_table", "version_table_schema"):
                        if isinstance(node.value, ast.Constant):
                            out[node.arg] = str(node.value.value)
                        else:
                            out["custom_env"] = True
            except (OSError, SyntaxError, ValueError):
                out["custom_env"] = True
            downs = {d for r in out["revisions"] for d in r.get("down", [])}
            out["heads"] = sorted(r["revision"] for r in out["revisions"] if "revision" in r and r["revision"] not in downs)
            return out
    return {"dir": "", "extension": mig is not None}


def modules():
    rows, seen = [], set()
    for name, m in sorted(list(sys.modules.items()), key=lambda kv: kv[0]):
        path = getattr(m, "__file__", None)
        if not isinstance(path, str) or not own(path) or path in seen or len(rows) >= MANY:
            continue
        seen.add(path)
        try:
            rows.append(dict(times(path), name=name))
        except OSError:
            continue
    return rows


def handlers(app):
    import logging
    rows = []
    names = ["", "gunicorn.error", "gunicorn.access", "sqlalchemy.engine", "werkzeug"] + ([app.logger.name] if app is not None else [])
    for name in names:
        lg = logging.getLogger(name)
        for h in lg.handlers:
            rows.append({"logger": name or "root", "class": class_of(h), "level": logging.getLevelName(h.level), "file": getattr(h, "baseFilename", "")})
        rows.append({"logger": name or "root", "class": "", "level": logging.getLevelName(lg.getEffectiveLevel())})
    return rows[:100]


# --- loading ---------------------------------------------------------------

def frames(e):
    import traceback
    rows = []
    for f in traceback.extract_tb(e.__traceback__)[-40:]:
        if f.filename == OUR or "/gunicorn/" in f.filename or "importlib" in f.filename:
            continue
        rows.append({"file": f.filename, "line": f.lineno or 0, "in": f.name, "text": (f.line or "")[:200], "own": own(f.filename)})
    return rows[-12:]


CLIENTS = ("psycopg", "OperationalError", "redis", "pymysql", "MySQL", "ConnectionError", "requests", "urllib", "socket", "gaierror",
           "httpx", "pymongo", "kombu", "memcache", "boto", "TimeoutError")


def by_sandbox(x, names):
    """What of the sandbox an exception comes from, "" for none."""
    import errno
    no, text, path = getattr(x, "errno", None), text_in(x), getattr(x, "filename", None)
    if no == errno.EAFNOSUPPORT or "Address family not supported" in text:
        return "network"
    if no == errno.EROFS or "Read-only file system" in text or "readonly database" in text or "unable to open database file" in text:
        return "disk"
    if isinstance(x, FileNotFoundError) and isinstance(path, str) and os.path.abspath(path).startswith(("/run/", "/var/run/", "/tmp/", "/var/tmp/", "/dev/")):
        return "hidden"
    if isinstance(x, PermissionError) and JOB.get("nobody"):
        return "rights"
    if isinstance(x, MemoryError) or "can't start new thread" in text or no in (errno.EAGAIN, errno.EMFILE, errno.ENOSYS) or "_FUNCTION_NOT_IMPLEMENTED" in text:
        return "limit"
    if REFUSED and any(w in names for w in CLIENTS):
        return "network"
    return ""


def failure(e):
    refused, deepest, x, seen = "", e, e, set()
    while x is not None and id(x) not in seen:
        seen.add(id(x))
        refused = refused or by_sandbox(x, "%s.%s" % (type(x).__module__, type(x).__name__))
        deepest = x
        x = x.__cause__ or (None if x.__suppress_context__ else x.__context__)
    if isinstance(e, SystemExit) and e.__context__ is not None:
        e = e.__context__  # gunicorn's way to say that its file cannot be read
    text = text_in(e)
    if isinstance(e, SystemExit):
        text = "the app ended the process: sys.exit(%s)" % (text or "0")
    return {"type": type(e).__name__, "module": type(e).__module__, "text": text[:600], "frames": frames(e), "refused": refused,
            "cause": "%s: %s" % (type(deepest).__name__, text_in(deepest)[:300]) if deepest is not e else ""}


def setting(v):
    if v is None or isinstance(v, (bool, int, float)):
        return v
    if isinstance(v, str):
        return v[:500]
    if isinstance(v, (list, tuple)):
        return [str(i)[:300] for i in list(v)[:50]]
    return None


def by_gunicorn(argv):
    from gunicorn.app.wsgiapp import WSGIApplication
    sys.argv = argv

    class Loader(WSGIApplication):
        def do_load_config(self):  # the original swallows the error and exits
            self.load_default_config()
            self.load_config()

    say(at="config")
    loader = Loader("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn")
    cfg = loader.cfg
    R["gunicorn"] = settings = {}
    for name in cfg.settings:
        v = cfg.settings[name].get()
        if name == "raw_env":
            settings[name] = [str(x).split("=", 1)[0] for x in v]
        elif callable(v):
            if getattr(v, "__module__", "") and not str(v.__module__).startswith("gunicorn"):
                code = getattr(v, "__code__", None)
                used = set()
                if code is not None:
                    names_of(code, used)
                settings[name] = "callable:" + ",".join(sorted(used))[:300]
        else:
            settings[name] = setting(v)
    import gunicorn
    conf = str(settings.get("config") or "")
    if conf and not conf.startswith("python:"):
        conf = conf[5:] if conf.startswith("file:") else conf
        if os.path.isfile(conf):
            R["server_conf"] = times(conf)
    settings["version"] = getattr(gunicorn, "__version__", "")
    settings["worker_class_name"] = cfg.worker_class_str
    if cfg.pythonpath:
        for p in cfg.pythonpath.split(","):
            p = os.path.abspath(p)
            if p not in sys.path:
                sys.path.insert(0, p)
    for pair in cfg.raw_env:
        k, _, v = str(pair).partition("=")
        os.environ[k.strip()] = v.strip()
    R["target"] = str(loader.app_uri)
    say(at="app", target=R["target"])
    R["began"] = time.time()
    return loader.load()


def by_flask(argv):
    sys.path.insert(0, os.getcwd())
    target = None
    words = argv[1:]
    for i, w in enumerate(words):
        if w in ("-A", "--app") and i + 1 < len(words):
            target = words[i + 1]
        elif w.startswith("--app="):
            target = w[6:]
    R["target"] = target or os.environ.get("FLASK_APP") or ""
    say(at="app", target=R["target"])
    R["began"] = time.time()
    from flask.cli import ScriptInfo
    return ScriptInfo(app_import_path=R["target"] or None).load_app()


def by_name(target):
    sys.path.insert(0, os.getcwd())
    import importlib
    R["target"] = target
    say(at="app", target=target)
    R["began"] = time.time()
    module, _, attr = target.partition(":")
    m = importlib.import_module(module)
    if not attr:
        attr = "application" if hasattr(m, "application") else "app"
    if attr.endswith(")"):
        return eval(attr, vars(m))  # as gunicorn before 20.1 and waitress did it
    for part in attr.split("."):
        m = getattr(m, part)
    return m


def load():
    argv = JOB["argv"]
    if JOB["server"] == "gunicorn":
        return by_gunicorn(argv)
    if JOB["server"] == "flask":
        return by_flask(argv)
    return by_name(JOB["target"])


def tell(target):
    R["callable"] = callable(target)
    layers, app = chain(target)
    R["chain"] = layers
    R["modules"] = soft(modules) or []
    R["engines"] = soft(engines, app)
    R["threads"] = [t.name for t in threading.enumerate() if t is not threading.main_thread()][:50]
    R["handlers"] = soft(handlers, app)
    R["migrations"] = soft(migrations, app)
    if app is None:
        R["kind"] = class_of(target)
        return
    R["kind"] = "flask"
    R["app"] = {"name": app.name, "import_name": app.import_name, "root_path": app.root_path, "instance_path": app.instance_path,
                "static_folder": app.static_folder or "", "static_url": app.static_url_path or "", "has_static": bool(app.has_static_folder),
                "template_folder": os.path.join(app.root_path, app.template_folder) if app.template_folder else "",
                "debug": value("DEBUG", app.debug), "testing": value("TESTING", app.testing),
                "session": class_of(app.session_interface), "templates_reload": bool(soft(lambda: app.jinja_env.auto_reload))}
    R["config"] = soft(config, app)
    got = soft(routes, app)
    if got:
        R["rules"], R["views"] = got
    R["hooks"] = soft(hooks, app)
    R["templates"] = soft(templates, app, own)
    trees = soft(trees_of, read_files()) or []
    R["signs"] = soft(signers, trees)
    R["key_line"] = soft(key_line, trees, SET_BY.get((id(app.config), "SECRET_KEY")), LOADS)
    R["extensions"] = soft(extensions, app)
    R["echo"] = soft(echo, target, app)


def main():
    sys.addaudithook(hook)
    watch_environ()
    watch_warnings()
    watch_writes()
    R.update(python="%d.%d.%d" % sys.version_info[:3], executable=sys.executable, prefix=sys.prefix, base=sys.base_prefix, cwd=os.getcwd())
    sys.path[0] = JOB["first"]  # what the server's own start puts there
    loaded = []
    try:
        watch_config()
        loaded.append(load())
        R["took"] = time.time() - R.get("began", BEGAN)
        R["total"] = time.time() - BEGAN
        BUSY.append(1)
    except BaseException as e:  # noqa: BLE001 - SystemExit is the app's way to say no
        BUSY.append(1)
        R["error"] = failure(e)
        R["modules"] = soft(modules)
    if loaded:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            soft(tell, loaded[0])
    R["dists"] = soft(dists)
    R["refused"] = REFUSED
    R["wrote"] = WROTE
    R["env"] = sorted(ENV_READ.values(), key=lambda r: r["key"])
    R["loads"] = LOADS
    R["warnings"] = WARNED
    R["opened"] = sorted(p for p in OPENED if own(p) and not p.endswith(".pyc") and not p.startswith(("/proc/", "/dev/", "/sys/")))[:500]
    R.pop("began", None)
    say(result=R)
    sys.stdout = sys.stderr = None
    os._exit(0)


main()
