"""Loads a Flask app the way its server does, and tells what it became.

Run by assay inside its sandbox: no socket, a read-only disk, the service's own
user, folder and environment. Reads one job (JSON) from standard input, writes
lines of JSON to the descriptor that the job names. Python 3.8 and later; only
the standard library, and what the app itself brings.
"""
import ast
import base64
import dis
import gc
import json
import os
import re
import sys
import threading
import time
import warnings
import weakref

JOB = json.load(sys.stdin)
OUT = JOB["out"]
if os.path.exists(os.devnull):  # a service's own root may have no /dev
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
BEGAN = time.time()
R = {}  # the result
MANY = 3000
gc.set_threshold(500_000)  # looking for garbage is a tenth of what a large import costs


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
