"""What the app uses: a Redis and for what, an error tracker, what its loggers let through, and files by names that come with a request."""


def redis_at(client):
    """Where a client of redis-py leads, without a password, or None."""
    kw = getattr(getattr(client, "connection_pool", None), "connection_kwargs", None)
    if not isinstance(kw, dict):
        return None
    at = "unix:%s" % kw["path"] if kw.get("path") else "%s:%s" % (kw.get("host") or "localhost", kw.get("port") or 6379)
    return {"at": at[:200], "db": int(kw.get("db") or 0)}


def files_at(o):
    """The folder of a cache in files."""
    path = getattr(o, "_path", None)
    return {"at": "file:" + os.path.abspath(path)[:300], "db": 0} if isinstance(path, str) and "FileSystem" in type(o).__name__ else None


def redis_of(url):
    """The same of a URL."""
    from urllib.parse import parse_qs, urlsplit
    if not isinstance(url, str) or not url.lower().startswith(("redis", "valkey", "unix:")):
        return None
    u = urlsplit(url.replace("async+", ""))
    db = (parse_qs(u.query).get("db") or parse_qs(u.query).get("virtual_host") or [u.path.strip("/")])[0]
    if u.scheme in ("unix", "redis+socket", "redis+unix"):
        return {"at": "unix:" + u.path[:200], "db": int((parse_qs(u.query).get("db") or parse_qs(u.query).get("virtual_host") or ["0"])[0])}
    return {"at": "%s:%d" % (u.hostname or "localhost", u.port or 6379), "db": int(db) if db.isdigit() else 0}


def stores(app):
    """Each role that a Redis, or a folder, has for the app, as its own objects tell."""
    rows = []

    def add(role, at, **more):
        if at and len(rows) < 20:
            row = dict(at, role=role, **more)
            if row not in rows:
                rows.append(row)

    def caches():
        for backend in (app.extensions.get("cache") or {}).values():
            client = getattr(backend, "_write_client", None) or getattr(backend, "_client", None)
            prefix = getattr(backend, "key_prefix", "")
            add("cache", redis_at(client) or files_at(backend), prefix=prefix[:100] if isinstance(prefix, str) else "?", class_=class_of(backend), pickles=pickles(backend))

    def sessions():
        i = app.session_interface
        client = getattr(i, "redis", None) or getattr(i, "client", None) or getattr(i, "_client", None)
        prefix = getattr(i, "key_prefix", "")
        add("sessions", redis_at(client) or files_at(getattr(i, "cache", None)), prefix=prefix[:100] if isinstance(prefix, str) else "?", class_=class_of(i), pickles=pickles(i))

    def limits():
        ext = app.extensions.get("limiter")
        for limiter in ext if isinstance(ext, (set, list, tuple)) else [ext]:
            add("limits", redis_at(getattr(getattr(limiter, "_storage", None), "storage", None)), prefix="LIMITER", class_=class_of(limiter))

    def celery():
        if "celery._state" not in sys.modules:
            return
        for c in list(sys.modules["celery._state"]._get_active_apps())[:5]:
            conf = c.conf
            if getattr(c, "main", None) is None and not conf.broker_url:
                continue
            accept = [str(x) for x in conf.accept_content or ()][:10]
            add("queue", redis_of(conf.broker_url), prefix="", class_=class_of(c), pickles="pickle" in accept or any("python-serialize" in x for x in accept))
            add("results", redis_of(conf.result_backend), prefix="", class_=class_of(c), pickles="pickle" in accept)

    def rq():
        if "rq.queue" not in sys.modules:
            return
        for q in living(sys.modules["rq.queue"].Queue)[:5]:
            add("queue", redis_at(q.connection), prefix="rq:", class_=class_of(q), pickles=True)

    for part in (caches, sessions, limits, celery, rq):
        soft(part)
    for r in rows:
        r["class"] = r.pop("class_")
    return rows


def pickles(o):
    """Whether what comes back from the store goes through pickle, as far as it can be told."""
    s = getattr(o, "serializer", None)
    if getattr(s, "__name__", "") in ("pickle", "cPickle"):
        return True
    if "pickle" in str(getattr(s, "_serializer", "")) or "msgspec" in str(type(s)).lower():
        return "pickle" in str(getattr(s, "_serializer", ""))
    return class_of(o).startswith(("flask_caching.", "cachelib.")) or "FileSystem" in type(o).__name__


def tracker():
    """The client of sentry-sdk: its options, no DSN and no secret in them."""
    if "sentry_sdk" not in sys.modules:
        return None
    import sentry_sdk
    client = None
    if hasattr(sentry_sdk, "get_client"):
        client = sentry_sdk.get_client()  # 2.x; without init it is one that does nothing
    elif hasattr(sentry_sdk, "Hub"):
        client = sentry_sdk.Hub.main.client if hasattr(sentry_sdk.Hub, "main") else sentry_sdk.Hub.current.client
    out = {"version": str(getattr(sentry_sdk, "VERSION", ""))[:20]}
    options = getattr(client, "options", None) or {}
    if client is None or "Nonrecording" in type(client).__name__ or "NonRecording" in type(client).__name__:
        return out
    out["client"] = True
    dsn = options.get("dsn")
    if dsn:
        from urllib.parse import urlsplit
        u = urlsplit(str(dsn))
        out["host"], out["project"] = (u.hostname or "")[:200], u.path.strip("/")[:40]
        out["port"] = u.port or (443 if u.scheme == "https" else 80)
    for name in ("environment", "release"):
        if isinstance(options.get(name), str):
            out[name] = options[name][:100]
    for name in ("traces_sample_rate", "profiles_sample_rate", "sample_rate"):
        if isinstance(options.get(name), (int, float)):
            out[name] = options[name]
    out["sampler"] = callable(options.get("traces_sampler"))
    out["scrubs"] = callable(options.get("before_send"))
    out["pii"] = bool(options.get("send_default_pii"))
    out["debug"] = bool(options.get("debug"))
    out["integrations"] = sorted(str(k) for k in getattr(client, "integrations", None) or {})[:40]
    return out


# --- log lines ---------------------------------------------------------------

def says(trees):
    """Where the app's own code speaks to app.logger below WARNING."""
    rows, count = [], {}
    for path, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("info", "debug") \
                    and dotted(node.func.value) in ("app.logger", "current_app.logger", "self.app.logger"):
                level = node.func.attr.upper()
                count[level] = count.get(level, 0) + 1
                if count[level] == 1:
                    rows.append({"level": level, "file": path, "line": node.lineno})
    return [dict(r, count=count[r["level"]]) for r in rows]


# --- files by names that come with a request ---------------------------------

THROUGH = {"join", "abspath", "normpath", "realpath", "expanduser", "fspath", "Path", "PurePath", "PosixPath", "str", "strip", "lstrip", "rstrip", "format", "joinpath", "unquote"}
HARMLESS = {"exists", "isfile", "isdir", "is_file", "is_dir", "getsize", "stat", "print", "info", "debug", "warning", "error", "guess_type", "isinstance"}
READS = {"open", "send_file", "read_text", "read_bytes"}


def of_request(node):
    """request.args["f"] and the like, by what it is taken out of and not by what picks it: which, or ""."""
    while True:
        if isinstance(node, ast.Call):
            if dotted(node.func) in ("request.get_json", "flask.request.get_json"):
                return "request.get_json()"
            node = node.func
        elif isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Attribute):
            if node.attr in ("args", "values", "form", "json", "view_args") and dotted(node.value) in ("request", "flask.request"):
                return "request." + node.attr
            node = node.value
        else:
            return ""


def bears(node, tainted):
    """From where a value comes into an expression that hands it on as it is, or ""."""
    if isinstance(node, ast.Name):
        return tainted.get(node.id, "")
    if isinstance(node, ast.Subscript) or isinstance(node, ast.Call) and call_name(node) in ("get", "get_json"):
        return of_request(node)
    if isinstance(node, ast.Call) and call_name(node) in THROUGH:
        parts = list(node.args) + ([node.func.value] if isinstance(node.func, ast.Attribute) else [])
    elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Div, ast.Mod)):
        parts = [node.left, node.right]
    elif isinstance(node, ast.JoinedStr):
        parts = [v.value for v in node.values if isinstance(v, ast.FormattedValue)]
    elif isinstance(node, ast.BoolOp):
        parts = node.values
    elif isinstance(node, ast.Tuple):
        parts = node.elts
    elif isinstance(node, ast.Starred):
        parts = [node.value]
    else:
        return ""
    return next((b for b in (bears(p, tainted) for p in parts) if b), "")


def names_in(node):
    """The names in an expression, without those in what reads a file there."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Call) and call_name(node) in READS:
        return set()
    return set().union(*[names_in(c) for c in ast.iter_child_nodes(node)])


def weighed(fn, tainted):
    """The names that something looks at before they are used: a comparison, a call that may refuse them; with what they are made of, and what is made of them."""
    out, made = set(), []
    for n in ast.walk(fn):
        parts = []
        if isinstance(n, ast.Compare) and not all(isinstance(c, ast.Constant) and c.value in (None, "") for c in n.comparators):
            parts = [n.left] + n.comparators
        elif isinstance(n, ast.Call) and call_name(n) not in THROUGH | HARMLESS | READS | {"get"}:
            parts = n.args + [k.value for k in n.keywords] + ([n.func.value] if isinstance(n.func, ast.Attribute) else [])
        elif isinstance(n, ast.Assign) and len(n.targets) == 1 and isinstance(n.targets[0], ast.Name):
            made.append((n.targets[0].id, names_in(n.value) & set(tainted)))
        for p in parts:
            out |= names_in(p) & set(tainted)
    for _ in range(3):
        for name, of in made:
            if name in out or of & out:
                out |= of | {name}
    return out


def named_file(fn, params):
    """The line of a view that opens a file by a path that the visitor gives, or None. What anything weighs first is believed."""
    tainted = {p: "the address" for p in params}
    for _ in range(3):
        for n in ast.walk(fn):
            if isinstance(n, ast.Assign) and len(n.targets) == 1 and isinstance(n.targets[0], ast.Name):
                came = bears(n.value, tainted)
                if came:
                    tainted[n.targets[0].id] = came
            elif isinstance(n, getattr(ast, "NamedExpr", ())) and bears(n.value, tainted):
                tainted[n.target.id] = bears(n.value, tainted)
    safe = weighed(fn, tainted)
    for n in ast.walk(fn):
        if not isinstance(n, ast.Call) or call_name(n) not in READS:
            continue
        by_method = call_name(n) in ("read_text", "read_bytes") or call_name(n) == "open" and isinstance(n.func, ast.Attribute) and not n.args
        what = n.func.value if by_method and isinstance(n.func, ast.Attribute) else n.args[0] if n.args else next((k.value for k in n.keywords if k.arg in ("path_or_file", "filename_or_fp", "file")), None)
        if what is None or dotted(n.func) == "Image.open":
            continue
        came = bears(what, tainted)
        if came and not names_in(what) & safe:
            return {"call": dotted(n.func) or call_name(n), "from": came, "line": n.lineno}
    return None


def named_files(views, rules):
    """The views that open what a visitor names."""
    trees, out = {}, []
    for endpoint, v in sorted((views or {}).items()):
        path = (v or {}).get("file", "")
        body = read_files().get(path)
        if not body or not any(w.encode() in body for w in READS) or len(out) >= 10:
            continue
        if path not in trees:
            try:
                trees[path] = ast.parse(body)
            except (SyntaxError, ValueError):
                trees[path] = ast.Module(body=[], type_ignores=[])
        params = {p for r in rules if r["endpoint"] == endpoint for p in re.findall(r"<path(?:\([^)]*\))?:(\w+)>", r["rule"])}
        for fn in ast.walk(trees[path]):
            if isinstance(fn, ast.FunctionDef) and v["line"] in (fn.lineno, min([d.lineno for d in fn.decorator_list] or [fn.lineno])):
                hit = named_file(fn, params)
                if hit:
                    out.append(dict(hit, endpoint=endpoint, file=path))
                break
    return out


# --- settings that a view names ----------------------------------------------

def folders_of(fn, keys, depth=0):
    """Which of some settings the code of a view names, with its own functions that it calls, and whether it sends files."""
    code = getattr(fn, "__code__", None)
    names, sends, seen = set(), False, 0
    while fn is not None and getattr(fn, "__wrapped__", None) is not None and seen < 20:
        fn, seen = fn.__wrapped__, seen + 1
    code = getattr(fn, "__code__", None)
    if code is None:
        return names, sends
    used = set()
    names_of(code, used)
    names |= {t for t in texts_of(code) if t in keys}
    sends = bool(used & {"send_from_directory", "send_file"})
    for name in code.co_names:
        other = getattr(fn, "__globals__", {}).get(name)
        if type(other) is FUNCTION and depth < 2 and own(other.__code__.co_filename):
            n, s = folders_of(other, keys, depth + 1)
            names, sends = names | n, sends or s
    return names, sends


def senders(app):
    """The views that send files out of a folder that a setting names."""
    keys = {str(k) for k in app.config if isinstance(app.config[k], (str, os.PathLike)) and app.config[k]} - {"SECRET_KEY", "ENV"}
    out = {}
    for endpoint, fn in app.view_functions.items():
        got = soft(folders_of, fn, keys)
        if got and got[0] and got[1]:
            out[str(endpoint)] = sorted(got[0])[:10]
    return out
