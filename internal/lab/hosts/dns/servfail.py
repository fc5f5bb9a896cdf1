"""A DNS server for which every question fails (SERVFAIL), over UDP and TCP."""
import os
import socket
import sys
import threading

FLAGS = (0x81, 0x82)  # an answer, recursion wished and had, RCODE 2


def fail(question):
    return question[:2] + bytes(FLAGS) + question[4:]


def serve_tcp(listener):
    while True:
        peer, _ = listener.accept()
        with peer:
            peer.settimeout(2)
            try:
                question = peer.recv(4096)
                peer.sendall(question[:2] + fail(question[2:]))
            except OSError:
                pass


udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind((sys.argv[1], 53))
tcp = socket.create_server((sys.argv[1], 53))
pid = os.fork()
if pid:
    print(pid)
    sys.stdout.flush()
    os._exit(0)
os.setsid()
os.closerange(0, 3)
threading.Thread(target=serve_tcp, args=(tcp,), daemon=True).start()
while True:
    question, peer = udp.recvfrom(4096)
    udp.sendto(fail(question), peer)
