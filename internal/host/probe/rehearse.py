"""How the app's health checks answer where nothing that they need can be reached: the sandbox is such a place."""
HEALTH = re.compile(r"(?:^|/)[_-]*(?:health(?:z|[_-]?check|[_-]?status)?|healthy|ready|readyz|readiness|livez|liveness|alive|ping|l?b?heartbeat)[_-]*/?$", re.I)
TELLS = (("traceback", r"Traceback \(most recent call last\)"),
         ("address", r"[a-z][a-z0-9+]+://[^\s:/@\"']+:[^\s@\"']+@|connection to server (?:at|on) |Can't connect to \w+ server|Error \d+ connecting to "),
         ("exception", r"\b(?:psycopg2?|sqlalchemy|pymysql|MySQLdb|redis|pymongo|asyncpg)(?:\.\w+)*\.\w*(?:Error|Exception)\b|\b(?:OperationalError|ProgrammingError|InterfaceError|ConnectionRefusedError|PermissionError)\b|sqlalche\.me/"))


class Late(BaseException):
    """Not an Exception: a view that catches those goes on for ever else."""


def codes_of(fn):
    """The code that a view function ends in."""
    out = set()
    for _ in range(20):
        code = getattr(fn, "__code__", None)
        if code is not None:
            out = {code}
        cls = getattr(fn, "view_class", None)
        if cls is not None:
            out = {getattr(getattr(cls, m, None), "__code__", None) for m in ("get", "dispatch_request")} - {None}
        if getattr(fn, "__wrapped__", None) is None:
            break
        fn = fn.__wrapped__
    return out


def called_by(codes):
    f = sys._getframe(2)
    while f is not None:
        if f.f_code in codes:
            return True
        f = f.f_back
    return False


def ask(app, rule, codes):
    import io
    row = {"rule": rule.rule, "endpoint": rule.endpoint, "databases": [], "reached": []}
    ASKED[:] = [(row, codes)]
    hosts = app.config.get("TRUSTED_HOSTS") or []
    host = str(hosts[0]).lstrip(".") if isinstance(hosts, (list, tuple)) and hosts else app.config.get("SERVER_NAME") or "localhost"
    env = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": rule.rule, "QUERY_STRING": "", "SERVER_NAME": str(host), "SERVER_PORT": "443",
           "HTTP_HOST": str(host), "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "https",
           "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "wsgi.multithread": False, "wsgi.multiprocess": True, "wsgi.run_once": False}
    began = time.time()
    try:
        with app.request_context(env):  # the view alone: a hook that counts requests may want the disk
            try:
                got = app.dispatch_request()
            except Exception as e:  # noqa: BLE001 - abort(503) among them
                got = app.handle_user_exception(e)
            got = app.make_response(got)
            row["status"] = got.status_code
            text = got.get_data(as_text=True)[:65536] if not got.is_streamed else ""
            row["tells"] = [name for name, pattern in TELLS if re.search(pattern, text)]
    except Late:
        row["late"] = True
    except Exception as e:  # noqa: BLE001 - the server makes 500 of it
        row.update(status=500, raised=type(e).__name__)
    finally:
        ASKED.clear()
    row["took"] = round(time.time() - began, 2)
    return row


ASKED = []


def reach(kind, what):
    """Notes what a health check itself, and no hook around it, tries to reach."""
    for row, codes in ASKED:
        if called_by(codes) and what not in row[kind] and len(row[kind]) < 20:
            row[kind].append(str(what)[:100])


def watch_databases():
    if "sqlalchemy" in sys.modules:
        from sqlalchemy import event
        from sqlalchemy.engine import Engine
        event.listen(Engine, "do_connect", lambda dialect, rec, cargs, cparams: reach("databases", dialect.name))
    plain = sys.modules.get("psycopg2")
    if plain is not None and hasattr(plain, "_connect"):
        connect = plain._connect
        plain._connect = lambda *a, **k: (reach("databases", "postgresql"), connect(*a, **k))[1]


def watch_reached(event, args):
    if ASKED and event in ("socket.connect", "socket.getaddrinfo"):
        reach("reached", "%s:%s" % args[:2] if event == "socket.getaddrinfo" else args[1])


def rehearse(app):
    import signal

    def late(*_):
        raise Late()

    sys.addaudithook(watch_reached)
    soft(watch_databases)
    rules = [r for r in app.url_map.iter_rules() if not r.arguments and "GET" in (r.methods or ()) and HEALTH.search(r.rule) and not r.subdomain]
    out = []
    for rule in sorted(rules, key=lambda r: r.rule)[:4]:
        signal.signal(signal.SIGALRM, late)
        signal.setitimer(signal.ITIMER_REAL, 2)
        try:
            out.append(ask(app, rule, codes_of(app.view_functions.get(rule.endpoint))))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return out


WATCHERS = ("sentry_sdk", "raven", "rollbar", "bugsnag", "honeybadger", "pybrake", "airbrake", "raygun4py", "appsignal", "newrelic", "ddtrace", "elasticapm",
            "scout_apm", "opentelemetry.sdk.trace", "opentelemetry.sdk.metrics", "aws_xray_sdk", "azure.monitor.opentelemetry", "opencensus", "logfire", "skywalking",
            "instana", "dynatrace", "prometheus_client", "prometheus_flask_exporter", "statsd", "datadog", "flask_monitoringdashboard")


def watchers():
    """The packages for errors and numbers that were imported; of sentry_sdk whether it was told where to send to."""
    out = []
    for name in WATCHERS:
        m = sys.modules.get(name)
        if m is None:
            continue
        row = {"name": name, "on": True}
        if name == "sentry_sdk":
            client = m.get_client() if hasattr(m, "get_client") else getattr(m.Hub.current, "client", None)
            row["on"] = bool(client is not None and getattr(client, "dsn", None))
        out.append(row)
    return out


