"""The parts of the app: its chain, routes, views and hooks."""

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


def living(cls):
    """What there is of a class, garbage that nobody collected yet among it."""
    return [o for o in gc.get_objects() if isinstance(o, cls)]


def closure_app(target, Flask):
    if not Flask:
        return None
    apps = living(Flask)
    if len(apps) > 1:
        del apps
        gc.collect()
        apps = living(Flask)
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


BOUND = {"session", "request", "g"}  # Flask's own, and the names of much else: db.session, a module's own session


def names_of(code, into, scope=None, depth=0):
    """The names that code uses; of those in BOUND the ones that are Flask's."""
    names = set(code.co_names) | set(code.co_freevars)
    into.update(names - BOUND)
    if names & BOUND:
        into.update(bound(code, scope or {}))
    for c in code.co_consts:
        if hasattr(c, "co_names") and depth < 4:
            names_of(c, into, scope, depth + 1)


def bound(code, scope):
    flask, last = sys.modules.get("flask"), ""
    for i in dis.get_instructions(code):
        name = i.argval if isinstance(i.argval, str) else ""
        if i.opname.startswith(("LOAD_ATTR", "LOAD_METHOD")):
            if name in BOUND and flask is not None and scope.get(last, None if last != "flask" else flask) is flask:
                yield name
        elif name in BOUND and i.opname.startswith(("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLOSURE", "IMPORT_FROM")):
            if scope.get(name) is None or scope[name] is getattr(flask, name, None):
                yield name
        last = name if i.opname.startswith(("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF")) else ""


def scope_of(fn):
    """What the names in a function stand for."""
    out = dict(getattr(fn, "__globals__", None) or {})
    for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or ()):
        try:
            out[name] = cell.cell_contents
        except ValueError:
            continue
    return out


KEEP = {"session", "current_user", "login_required", "request", "flash", "set_cookie", "g", "get_jwt_identity", "jwt_required", "cookies", "args", "authorization", "remote_addr", "access_route"}


def texts_of(code, depth=0):
    """The texts that a function holds, those of the functions in it too."""
    for c in code.co_consts:
        if isinstance(c, str):
            yield c
        elif isinstance(c, tuple):
            yield from (t for t in c if isinstance(t, str))
        elif hasattr(c, "co_consts") and depth < 4:
            yield from texts_of(c, depth + 1)


def speech(fn, depth=0):
    """What else than pages a view speaks: a stream of events, a websocket; and whether it tells the proxy not to wait."""
    code = getattr(fn, "__code__", None)
    if code is None:
        return set()
    texts = {t.lower() for t in texts_of(code) if len(t) < 80}
    out = set()
    if any(t.startswith("text/event-stream") for t in texts):
        out.add("events")
    if "x-accel-buffering" in texts:
        out.add("unbuffered")
    if "wsgi.websocket" in texts or "websocket" in texts and ("upgrade" in texts or "http_upgrade" in texts):
        out.add("websocket")
    for name in code.co_names:
        other = getattr(fn, "__globals__", {}).get(name)
        if type(other) is FUNCTION and depth < 2 and own(other.__code__.co_filename):
            out |= speech(other, depth + 1)
    return out


def view(fn):
    """What one view function is wrapped in, and which request-bound names its code uses."""
    out = {"wraps": [], "uses": []}
    used, speaks, seen = set(), set(), set()
    while fn is not None and id(fn) not in seen and len(out["wraps"]) < 20:
        seen.add(id(fn))
        code = getattr(fn, "__code__", None)
        qual = getattr(code, "co_qualname", None) or getattr(fn, "__qualname__", "")
        if hasattr(fn, "cache_timeout") and code is not None and "/flask_cach" in code.co_filename and "cached" not in out:
            out["cached"] = cached(fn)
        inner = getattr(fn, "__wrapped__", None)
        if inner is None:
            if code is not None:
                names_of(code, used, scope_of(fn))
                speaks |= speech(fn)
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
                        names_of(c, used, scope_of(getattr(cls, m)))
                        speaks |= speech(getattr(cls, m))
            break
        if code is not None:
            of_wrap = set()
            names_of(code, of_wrap, scope_of(fn))
            out["wraps"].append({"module": getattr(sys.modules.get(getattr(fn, "__globals__", {}).get("__name__", "")), "__name__", ""), "code": code.co_name,
                                 "file": code.co_filename, "line": code.co_firstlineno, "uses": sorted(of_wrap & KEEP)})
        fn = inner
    out["uses"] = sorted(used & KEEP)
    if speaks:
        out["speaks"] = sorted(speaks)
    return out


def called(fn, into, depth=0):
    """The names that the app's own functions use which a function calls."""
    for name in fn.__code__.co_names:
        other = getattr(fn, "__globals__", {}).get(name)
        if type(other) is FUNCTION and depth < 2 and own(other.__code__.co_filename):
            names_of(other.__code__, into, scope_of(other))
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
                names_of(v.__code__, used, scope_of(v))
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
        if getattr(rule, "websocket", False):  # flask-sock, and Werkzeug's own word
            rows[-1]["websocket"] = True
        if rule.endpoint in app.view_functions and rule.endpoint not in views:
            views[str(rule.endpoint)] = soft(view, app.view_functions[rule.endpoint])
    return rows, views


def afterwards(app):
    """What the functions that see each answer tell the proxy."""
    out = set()
    for fns in app.after_request_funcs.values():
        for fn in list(fns)[:50]:
            out |= soft(speech, fn) or set()
    return sorted(out)


def hooks(app):
    out = []
    for scope, fns in app.before_request_funcs.items():
        for fn in list(fns)[:50]:
            v = soft(view, fn) or {}
            out.append({"scope": scope or "", "name": getattr(fn, "__qualname__", repr(fn))[:100], "uses": v.get("uses", []), "file": v.get("file", ""), "line": v.get("line", 0)})
    return out
