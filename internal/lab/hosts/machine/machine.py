"""Another machine: ADDRESS [TARGET]. It has a web server of its own on port 80,
or hands everything on to TARGET, as a balancer does."""
import http.server
import os
import socket
import sys
import threading


class Page(http.server.BaseHTTPRequestHandler):
    server_version = "Apache/2.4"
    sys_version = ""

    def do_GET(self):
        body = b"the old site\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    finally:
        try:
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def hand_on(listener, target, port):
    while True:
        a, _ = listener.accept()
        try:
            b = socket.create_connection((target, port), 5)
        except OSError:
            a.close()
            continue
        for pair in ((a, b), (b, a)):
            threading.Thread(target=pump, args=pair, daemon=True).start()


address, target = sys.argv[1], (sys.argv[2:] or [""])[0]
if target:
    doors = [(socket.create_server((address, port)), port) for port in (80, 443)]
else:
    site = http.server.ThreadingHTTPServer((address, 80), Page)
if os.fork():
    os._exit(0)
os.setsid()
os.closerange(0, 3)
if target:
    for listener, port in doors[1:]:
        threading.Thread(target=hand_on, args=(listener, target, port), daemon=True).start()
    hand_on(doors[0][0], target, 80)
site.serve_forever()
