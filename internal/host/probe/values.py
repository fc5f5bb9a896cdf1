"""Values as they may come out of the sandbox."""

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
