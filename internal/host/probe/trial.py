"""Requests to the app with a stop in the place of every view: what its hooks and handlers make of them."""
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
MARK = "assay-trial-51c7e0"


def called_name(app):
    """A name under which the app answers."""
    for key in ("TRUSTED_HOSTS", "SERVER_NAME"):
        v = app.config.get(key)
        v = v[0] if isinstance(v, (list, tuple)) and v else v
        if isinstance(v, str) and v:
            return v.lstrip(".*")
    return "localhost"


def knock(target, host, method, path, **headers):
    """One request through the whole chain: its status, kind and body, or Reached where it came to a view."""
    import io
    got = {}

    def start(status, headers, exc_info=None):
        got.update(status=int(status.split(" ", 1)[0]), type=dict((k.lower(), v) for k, v in headers).get("content-type", ""))
        return lambda b: None

    env = {"REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": host.split(":")[0], "SERVER_PORT": "443",
           "HTTP_HOST": host, "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "192.0.2.99", "wsgi.version": (1, 0), "wsgi.url_scheme": "https",
           "HTTP_X_FORWARDED_PROTO": "https", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "CONTENT_LENGTH": "0",
           "wsgi.multithread": False, "wsgi.multiprocess": True, "wsgi.run_once": False}
    if method != "GET":
        env["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
    env.update(headers)
    body = target(env, start)
    try:
        got["body"] = b"".join(body)[:65536].decode("utf-8", "replace")
    finally:
        getattr(body, "close", lambda: None)()
    return got


def path_of(app, rule):
    """A path that a rule matches."""
    fill = {}
    for name in rule.arguments:
        kind = type(rule._converters[name]).__name__
        fill[name] = {"IntegerConverter": 1, "FloatConverter": 1.5, "UUIDConverter": "00000000-0000-0000-0000-000000000000"}.get(kind, "x")
    got = rule.build(fill)
    return got[1] if got else None


def tokens_in(fn):
    """Names by which a view, or what it is wrapped in, looks at a token or takes what no form can send."""
    used, seen = set(), set()
    while fn is not None and id(fn) not in seen and len(seen) < 20:
        seen.add(id(fn))
        code = getattr(fn, "__code__", None)
        if code is not None:
            names_of(code, used)
            if type(fn) is FUNCTION:
                called(fn, used)
        cls = getattr(fn, "view_class", None)
        for m in ("post", "put", "patch", "delete", "dispatch_request"):
            code = getattr(getattr(cls, m, None), "__code__", None)
            if code is not None:
                names_of(code, used)
        fn = getattr(fn, "__wrapped__", None)
    return sorted(n for n in used if "csrf" in n.lower() or n in ("validate_on_submit", "validate", "get_json", "json", "hmac", "compare_digest", "get_token", "verify_signature"))[:10]


def forged(target, app, host, views):
    """What becomes of a form that another site's page sends: no token goes with it."""
    rows = []
    for rule in app.url_map.iter_rules():
        method = [m for m in UNSAFE if m in (rule.methods or ())][:1]
        if not method or rule.endpoint not in views or len(rows) >= 60 or rule.host or rule.subdomain:
            continue
        path = soft(path_of, app, rule)
        if not path:
            continue
        row = {"endpoint": str(rule.endpoint), "method": method[0], "path": rule.rule, "tokens": soft(tokens_in, views[rule.endpoint]) or []}
        try:
            row["status"] = knock(target, host, method[0], path).get("status", 0)
        except Reached:
            row["reached"] = True
        except (Late, SystemExit, KeyboardInterrupt):
            raise
        except BaseException as e:  # noqa: BLE001 - debug and testing let it through
            row["error"] = type(e).__name__
        rows.append(row)
    return rows


def failing(target, app, host):
    """What a visitor gets of a view that throws, and of a page that is not there."""
    rows, names = [], []
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint != "static" and not rule.host and not rule.subdomain:
            names.append(rule.rule)
    for what, path in (("thrown", min(names, key=len) if names else ""), ("missing", "/" + MARK)):
        if not path:
            continue
        row = {"what": what, "path": path}
        try:
            got = knock(target, host, "GET", path)
            body = got.pop("body", "")
            page = body.lower()
            row.update(got, message=MARK in body.replace("/" + MARK, ""), traceback="Traceback (most recent call last)" in body or 'File "/' in body or "File &#34;/" in body or "File &quot;/" in body,
                       plain="<title>%s " % got["status"] in page and page.count("<") < 14)
        except Late:
            raise
        except BaseException as e:  # noqa: BLE001
            row["escaped"] = type(e).__name__
        row["reached"] = bool(STRUCK)
        del STRUCK[:]
        rows.append(row)
    return rows


STRUCK = []


def trial(target, app):
    import functools
    import signal
    host, views, mode = called_name(app), dict(app.view_functions), []

    def stop(fn):
        @functools.wraps(fn, updated=())
        def inner(*args, **kw):
            if mode[0] == "throw":
                STRUCK.append(1)
                raise RuntimeError(MARK)
            raise Reached()
        return inner

    def late(*args):
        raise Late()

    out = {}
    app.after_request_funcs.clear()  # they tell others, and change nothing of what is looked at
    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 3)
    try:
        app.view_functions.update((k, stop(v)) for k, v in views.items())
        mode[:] = ["stop"]
        out["forged"] = forged(target, app, host, views)
        mode[:] = ["throw"]
        out["failing"] = failing(target, app, host)
        out["limits"] = limiters(target, app, host)
    except Late:
        out["late"] = True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return out


def limiters(target, app, host):
    """By what Flask-Limiter counts: which headers decide its key."""
    held = app.extensions.get("limiter")
    rows = []
    for lim in held if isinstance(held, (set, list, tuple)) else [held] if held is not None else []:
        fn = getattr(lim, "_key_func", None)
        row = {"key": "%s.%s" % (getattr(fn, "__module__", ""), getattr(fn, "__qualname__", "")), "enabled": bool(getattr(lim, "enabled", True)),
               "storage": type(getattr(lim, "_storage", None)).__name__, "scheme": str(getattr(lim, "_storage_uri", "") or "").partition("://")[0],
               "fallback": bool(getattr(lim, "_in_memory_fallback_enabled", False)), "swallows": bool(getattr(lim, "_swallow_errors", False))}
        code = getattr(fn, "__code__", None)
        if code is not None and own(code.co_filename):
            row["at"] = {"file": os.path.abspath(code.co_filename), "line": code.co_firstlineno}
        if callable(fn):
            row["follows"] = soft(key_follows, target, app, host, fn)
        rows.append(row)
    return rows[:5]


def key_follows(target, app, host, fn):
    plain, got = app.request_context, []

    def stop(environ):
        with plain(environ):
            got.append(str(fn()))
        raise Reached()

    def key(**headers):
        del got[:]
        try:
            knock(target, host, "GET", "/", **headers)
        except Reached:
            pass
        return got[0] if got else None

    app.request_context = stop
    try:
        base = key()
        if base is None:
            return None
        out = []
        values = ["192.0.2.%d" % i for i in range(6, 0, -1)]
        k = key(HTTP_X_FORWARDED_FOR=", ".join(values))
        at = [6 - i for i, v in enumerate(values) if k == v]
        if at or k != base:
            out.append({"header": "X-Forwarded-For", "into": "key", "position": at[0] if at else 0})
        for name in ("X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "Forwarded"):
            if key(**{"HTTP_" + name.upper().replace("-", "_"): "192.0.2.7"}) != base:
                out.append({"header": name, "into": "key", "position": 1})
        return out
    finally:
        del app.request_context


# Switches that turn a protection off, and are meant for a desk.
SWITCHES = ("OAUTHLIB_INSECURE_TRANSPORT", "AUTHLIB_INSECURE_TRANSPORT", "WERKZEUG_DEBUG_PIN")


def switches():
    """As the app leaves them: its unit, a .env file and its own code may set them."""
    return {k: os.environ[k][:40] for k in SWITCHES if k in os.environ}


def queues():
    """Celery apps with tasks of their own."""
    celery = sys.modules.get("celery")
    rows = []
    for c in living(celery.Celery) if celery is not None and hasattr(celery, "Celery") else []:
        names = sorted(n for n in c.tasks if not n.startswith("celery."))
        if names:
            rows.append({"kind": "celery", "name": str(c.main or ""), "tasks": names[:30], "broker": url_of(str(c.conf.broker_url or "")) or "",
                         "eager": bool(c.conf.task_always_eager)})
    return rows[:5]
