"""What the app's own code says of its keys, and when its files were written.

Run once the app is loaded.
"""
import ast
import os
import sys

# --- files and times -------------------------------------------------------

STATX = []


def born(path):
    """When a file came to be, which no copying of times changes: os.stat does not tell it."""
    import ctypes
    if not STATX:
        STATX.append(ctypes.CDLL(None).statx)
    buf = ctypes.create_string_buffer(256)
    if STATX[0](-100, os.fsencode(path), 0, 0x800, buf) != 0:  # AT_FDCWD, STATX_BTIME
        return 0
    if not int.from_bytes(buf.raw[:4], sys.byteorder) & 0x800:
        return 0
    return int.from_bytes(buf.raw[80:88], sys.byteorder) + int.from_bytes(buf.raw[88:92], sys.byteorder) / 1e9


def compiled(path, st):
    """When Python compiled exactly this source (its time and size), 0 where it has not."""
    import importlib.util
    try:
        name = importlib.util.cache_from_source(path)
        with open(name, "rb") as f:
            head = f.read(16)
            when = os.fstat(f.fileno()).st_mtime
    except (OSError, NotImplementedError):
        return 0
    if len(head) < 16 or head[:4] != importlib.util.MAGIC_NUMBER or head[4:8] != b"\0\0\0\0":
        return 0
    if int.from_bytes(head[8:12], "little") != int(st.st_mtime) & 0xFFFFFFFF or int.from_bytes(head[12:16], "little") != st.st_size & 0xFFFFFFFF:
        return 0
    return when


def times(path):
    st = os.stat(path)
    row = {"path": os.path.abspath(path), "mtime": st.st_mtime, "ctime": st.st_ctime}
    try:
        row["born"] = born(path)
    except Exception:  # noqa: BLE001 - a C library without statx
        pass
    if path.endswith(".py"):
        row["compiled"] = compiled(path, st)
    return row


def templates(app, own, most=1000):
    """The app's own templates, its blueprints' too."""
    folders = []
    for o in [app] + list(app.blueprints.values()):
        f = getattr(o, "template_folder", None)
        if f:
            folders.append(os.path.join(o.root_path, f))
    rows = []
    for folder in folders:
        for base, dirs, files in os.walk(folder):
            dirs.sort()
            for name in sorted(files):
                path = os.path.join(base, name)
                if len(rows) < most and own(path):
                    try:
                        rows.append(dict(times(path), name=os.path.relpath(path, folder)))
                    except OSError:
                        pass
    return rows


# --- what signs ------------------------------------------------------------

# Names that use the app's key, by the module they come from; None: all of it.
SIGNERS = {
    "flask": {"session", "flash"}, "flask.globals": {"session"}, "flask.helpers": {"flash"},
    "flask_login": None, "flask_wtf": None, "flask_wtf.csrf": None, "itsdangerous": None, "itsdangerous.url_safe": None,
    "flask_jwt_extended": None, "flask_security": None, "flask_dance": None, "flask_principal": None, "flask_debugtoolbar": None,
    "flask_oidc": None, "flask_openid": None, "flask_seasurf": None, "authlib.integrations.flask_client": {"OAuth"},
}


def signers(trees):
    """Where the app's own code takes in what signs with its key."""
    rows, seen = [], set()

    def found(module, what, path, node):
        if (module, what) not in seen and len(rows) < 60:
            seen.add((module, what))
            rows.append({"module": module, "what": what, "file": path, "line": node.lineno})

    for path, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                top = node.module.partition(".")[0]
                key = node.module if node.module in SIGNERS else top if SIGNERS.get(top, ()) is None else ""
                for a in node.names:
                    if key and (SIGNERS[key] is None or a.name in SIGNERS[key]):
                        found(node.module, a.name, path, node)
            elif isinstance(node, ast.Import):
                for a in node.names:
                    if a.name in SIGNERS and SIGNERS[a.name] is None:
                        found(a.name, a.name, path, node)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "flask" and node.attr in SIGNERS["flask"]:
                found("flask", node.attr, path, node)
    return rows


# --- the line that makes SECRET_KEY ---------------------------------------

RANDOM = {"token_hex", "token_bytes", "token_urlsafe", "urandom", "uuid1", "uuid4", "getrandbits", "randbytes", "generate_key", "randint", "choice", "choices"}


def call_name(node):
    f = node.func
    return f.attr if isinstance(f, ast.Attribute) else f.id if isinstance(f, ast.Name) else ""


def dotted(node):
    if isinstance(node, ast.Attribute):
        return dotted(node.value) + "." + node.attr
    return node.id if isinstance(node, ast.Name) else ""


def key_value(node):
    """What an expression takes a key from: a variable, chance, or the text itself."""
    out = {"env": "", "random": "", "literal": isinstance(node, ast.Constant) and bool(node.value) and isinstance(node.value, (str, bytes))}
    for n in ast.walk(node):
        if isinstance(n, ast.Call):
            name = call_name(n)
            if name in RANDOM and not out["random"]:
                out["random"] = dotted(n.func)
            arg = n.args[0] if n.args else None
            if name in ("get", "getenv") and dotted(n.func).endswith(("environ.get", "getenv")) and isinstance(arg, ast.Constant) and isinstance(arg.value, str):
                out["env"] = out["env"] or arg.value
        elif isinstance(n, ast.Subscript) and dotted(n.value).endswith("environ"):
            s = getattr(n.slice, "value", n.slice)  # Python 3.8 has an Index around it
            s = getattr(s, "value", s)
            if isinstance(s, str):
                out["env"] = out["env"] or s
    return out


def constant(node):
    node = getattr(node, "value", node) if type(node).__name__ == "Index" else node
    return node.value if isinstance(node, ast.Constant) else None


def key_lines(path, tree, name="SECRET_KEY"):
    rows = []

    def add(node, value, cls):
        if value is not None:
            rows.append(dict(key_value(value), file=path, line=node.lineno, end=getattr(node, "end_lineno", node.lineno), cls=cls))

    def walk(node, cls):
        for n in ast.iter_child_nodes(node):
            if isinstance(n, (ast.Assign, ast.AnnAssign)):
                for t in n.targets if isinstance(n, ast.Assign) else [n.target]:
                    if isinstance(t, ast.Name) and t.id == name or isinstance(t, ast.Attribute) and t.attr in (name, "secret_key") \
                            or isinstance(t, ast.Subscript) and constant(t.slice) == name:
                        add(n, n.value, cls)
            elif isinstance(n, ast.Dict):
                for k, v in zip(n.keys, n.values):
                    if k is not None and constant(k) == name:
                        add(k, v, cls)
            elif isinstance(n, ast.Call):
                for k in n.keywords:
                    if k.arg == name:
                        add(k.value, k.value, cls)
            walk(n, n.name if isinstance(n, ast.ClassDef) else cls)

    walk(tree, "")
    return rows


def owner_of(name, key):
    """Which file and class give a key of what from_object was given."""
    module, _, attr = name.rpartition(".")
    o = sys.modules.get(name) or getattr(sys.modules.get(module), attr, None)
    if o is None:
        return None
    for c in getattr(o, "__mro__", ()):
        if key in vars(c):
            return os.path.abspath(getattr(sys.modules.get(c.__module__), "__file__", "") or ""), c.__name__
    return os.path.abspath(getattr(o, "__file__", "") or ""), ""


def key_line(trees, by, loads):
    """The one line of the app's own code that makes SECRET_KEY, or None: no guess is made."""
    rows = [r for path, tree in trees for r in key_lines(path, tree)]
    if isinstance(by, dict):
        rows = [r for r in rows if r["file"] == by["file"] and r["line"] <= by["line"] <= r["end"]]
    elif isinstance(by, int):
        load = loads[by]
        if load["how"] == "from_object":
            at = owner_of(load["name"], "SECRET_KEY")
            rows = [r for r in rows if at and (r["file"], r["cls"]) == at]
        elif load.get("file"):
            rows = [r for r in rows if r["file"] == os.path.abspath(load["file"])]
    else:
        return None
    if len(rows) != 1:
        return None
    return {k: rows[0][k] for k in ("file", "line", "env", "random", "literal")}


def trees_of(files):
    """The syntax trees of what may have to do with keys and logs; parsing is slow."""
    marks = (b"session", b"flash", b"SECRET_KEY", b"secret_key", b"flask_", b"itsdangerous", b"authlib", b".logger.")
    out = []
    for path, body in sorted(files.items()):
        if path.endswith((".py", ".cfg")) and any(m in body for m in marks):
            try:
                out.append((path, ast.parse(body)))
            except (SyntaxError, ValueError):
                pass
    return out


def alphabet(b):
    """From how many characters it seems to be drawn."""
    import re
    for n, pattern in ((10, rb"[0-9]+"), (16, rb"[0-9a-f]+|[0-9A-F]+"), (26, rb"[a-z]+|[A-Z]+"), (36, rb"[a-z0-9]+|[A-Z0-9]+"), (64, rb"[A-Za-z0-9_+/=-]+"), (95, rb"[ -~]+")):
        if re.fullmatch(pattern, b):
            return n
    return 256


