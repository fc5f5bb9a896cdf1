"""The package server: what lies under /srv, over HTTP, at ADDRESS."""
import functools
import http.server
import os
import sys


class Files(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer((sys.argv[1], 80), functools.partial(Files, directory="/srv"))
if os.fork():
    os._exit(0)
os.setsid()
os.closerange(0, 3)
server.serve_forever()
