"""What stands around the app: packages, extensions, databases, migrations, modules, log handlers."""
def dists():
    """Installed distributions by the names of their folders, and which of them are Debian's: nothing is opened."""
    out, debian = {}, []
    for folder in sys.path:
        try:
            entries = os.listdir(folder or ".")
        except OSError:
            continue
        for e in entries:
            if e.endswith((".dist-info", ".egg-info")):
                name, _, version = e.rsplit(".", 1)[0].partition("-")
                version = version.split("-py")[0]
                name = name.lower().replace("_", "-").replace(".", "-")
                if name not in out and folder == "/usr/lib/python3/dist-packages":
                    debian.append(name)
                out.setdefault(name, version)
    return out, debian


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
    row["connect"] = soft(connects, e, u)
    if row["driver"] == "psycopg2":
        row["yields"] = e.dialect.dbapi.extensions.get_wait_callback() is not None
    return row


# What a driver is told beside the address and the login, and may come out.
CONNECT = ("connect_timeout", "sslmode", "ssl_mode", "sslrootcert", "ssl_ca", "ssl_disabled", "ssl_verify_cert", "ssl_verify_identity", "timeout",
           "read_timeout", "write_timeout", "tcp_user_timeout", "charset", "check_same_thread")


def connects(e, u):
    """What the driver's connect is given: from the URL, and by connect_args (SQLAlchemy 1.4 to 2.0 keep both in one closure)."""
    given = dict(u.query or {})
    fn = e.pool._creator
    fn = getattr(fn, "__wrapped__", fn)
    for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or ()):
        if name == "cparams":
            given.update(cell.cell_contents)
    out = {k: str(given[k])[:200] for k in CONNECT if given.get(k) is not None}
    if "ssl" in given:
        ssl = given["ssl"]
        out["ssl"] = ",".join(sorted(str(k) for k in ssl)) if isinstance(ssl, dict) else type(ssl).__name__ if not isinstance(ssl, (bool, str)) else str(ssl)[:50]
    options = re.search(r"statement_timeout\s*=\s*(\w+)", str(given.get("options", "")))
    if options:
        out["statement_timeout"] = options.group(1)
    return out


def engines(app):
    if "sqlalchemy" not in sys.modules:
        return []
    try:
        from sqlalchemy.engine import Engine
    except ImportError:
        return []
    early = weakref.WeakSet(living(Engine))
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
                rows.append(soft(engine, e, bind or "default", e in early))
    if any(id(e) not in seen for e in early):
        gc.collect()
    own_engines = sorted((e for e in early if id(e) not in seen and type(e).__name__ == "Engine"), key=lambda e: str(e.url))
    for n, e in enumerate(own_engines, 1):
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
            rows.append({"logger": name or "root", "class": class_of(h), "level": logging.getLevelName(h.level), "file": getattr(h, "baseFilename", ""),
                         "stream": getattr(getattr(h, "stream", None), "name", "") if class_of(h) == "logging.StreamHandler" else ""})
        rows.append({"logger": name or "root", "class": "", "level": logging.getLevelName(lg.getEffectiveLevel()), "propagates": bool(lg.propagate)})
    return rows[:100]
