"""The services of a fresh host, at ADDRESS: what lies under /srv, over HTTP, as
the package server; over HTTPS, with the certificate under /mnt, the front door
of Let's Encrypt, which leads to the lab's own ACME server."""
import functools
import http.server
import os
import ssl
import sys
import threading


class Files(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass


class Directory(Files):
    def do_GET(self):
        if self.path != "/directory":
            return self.send_error(404)
        self.send_response(302)
        self.send_header("Location", "https://acme.lab:14000/dir")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET


files = http.server.ThreadingHTTPServer((sys.argv[1], 80), functools.partial(Files, directory="/srv"))
front = http.server.ThreadingHTTPServer((sys.argv[1], 443), Directory)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain("/mnt/fullchain.pem", "/mnt/privkey.pem")
front.socket = tls.wrap_socket(front.socket, server_side=True, do_handshake_on_connect=False)
if os.fork():
    os._exit(0)
os.setsid()
os.closerange(0, 3)
threading.Thread(target=front.serve_forever, daemon=True).start()
files.serve_forever()
