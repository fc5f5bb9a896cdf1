"""Loads the app as its server does, and tells."""

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


def jobs():
    """The threads that the app's own code made, and schedulers of packages that run its jobs."""
    out = []
    for t in threading.enumerate():
        if t is threading.main_thread():
            continue
        run = getattr(t, "_target", None) or getattr(t, "function", None) or type(t).run
        while hasattr(run, "func"):
            run = run.func
        code = getattr(getattr(run, "__func__", run), "__code__", None)
        mine = code is not None and own(code.co_filename)
        if mine or t.name == "APScheduler":
            out.append({"name": t.name, "file": code.co_filename if mine else "", "line": code.co_firstlineno if mine else 0})
    return out[:20]


def tell(target):
    R["callable"] = callable(target)
    layers, app = chain(target)
    R["chain"] = layers
    R["modules"] = soft(modules) or []
    R["engines"] = soft(engines, app)
    R["jobs"] = soft(jobs) or []
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
    R["after"] = soft(afterwards, app)
    R["templates"] = soft(templates, app, own)
    trees = soft(trees_of, read_files()) or []
    R["signs"] = soft(signers, trees)
    R["stores"] = soft(stores, app)
    R["tracker"] = soft(tracker)
    R["says"] = soft(says, trees)
    R["named_files"] = soft(named_files, R.get("views"), R.get("rules") or [])
    R["senders"] = soft(senders, app)
    R["key_line"] = soft(key_line, trees, SET_BY.get((id(app.config), "SECRET_KEY")), LOADS)
    R["extensions"] = soft(extensions, app)
    R["echo"] = soft(echo, target, app)
    R["watchers"] = soft(watchers) or []
    R["queues"], R["switches"] = soft(queues), soft(switches)


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
    R["dists"], R["debian"] = soft(dists) or ({}, [])
    R["refused"] = REFUSED
    R["wrote"] = list(WROTE)
    R["env"] = sorted(ENV_READ.values(), key=lambda r: r["key"])
    R["loads"] = LOADS
    R["warnings"] = WARNED
    R["opened"] = sorted(p for p in OPENED if own(p) and not p.endswith(".pyc") and not p.startswith(("/proc/", "/dev/", "/sys/")))[:500]
    R.pop("began", None)
    say(result=R)
    if loaded:  # last: from here on the app may do what it likes to what was told
        say(health=soft(rehearse, soft(chain, loaded[0])[1]))
    if loaded and R.get("kind") == "flask":
        say(trial=soft(trial, loaded[0], APP[0]))
    sys.stdout = sys.stderr = None
    os._exit(0)


main()
