"""A backend in Python: a thread for each client, and http.server to answer.

python3 threaded_backend.py /tmp/x.sock
"""

import contextlib
import io
import signal
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler

from handoff import Receiver


class Greeter(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that a client may keep its thread waiting

    def setup(self):
        super().setup()
        # In place of the server that there is not: what comes before the socket's own bytes.
        self.rfile = io.BufferedReader(Input(self.server, self.connection))

    def do_GET(self):
        host, port = self.client_address
        content = f"Hello {host}:{port}, this is Python. You asked for {self.path}.\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")  # the next request may be for another backend
        self.end_headers()
        self.wfile.write(content)


class Input(io.RawIOBase):
    """What was read from a client before it came here, then what its socket holds."""

    def __init__(self, preread, client):
        self.preread, self.client = preread, client

    def readable(self):
        return True

    def readinto(self, buffer):
        first, self.preread = self.preread[: len(buffer)], self.preread[len(buffer) :]
        buffer[: len(first)] = first
        return len(first) or self.client.recv_into(buffer)


def serve(client, preread, address):
    with client, contextlib.suppress(OSError):  # a client may leave at any time
        Greeter(client, address, preread)
        client.shutdown(socket.SHUT_WR)  # acts at once; a close would wait for the front's copy


receiver = Receiver(sys.argv[1])
signal.signal(signal.SIGTERM, lambda *_: receiver.stop())
while not receiver.stopped:
    for connection in receiver.take():
        threading.Thread(target=serve, args=connection).start()
# Python ends when the last of these threads does.
