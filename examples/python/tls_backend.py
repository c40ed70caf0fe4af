"""A backend that does TLS itself: for a site with "tls": "pass", whose connections come untouched.

python3 tls_backend.py /tmp/x.sock certificate.pem key.pem
"""

import contextlib
import signal
import ssl
import sys
import threading

from handoff import Receiver

context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[2], sys.argv[3])


def serve(connection, _preread, _address):
    # Of a connection that is passed on untouched nothing has been read.
    with connection, contextlib.suppress(OSError):  # a client may leave at any time, and not trust us
        connection.settimeout(60)
        with context.wrap_socket(connection, server_side=True) as client:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = client.recv(65536)
                if not piece:
                    return
                head += piece
            content = f"Hello over {client.version()}, this is Python.\n".encode()
            client.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(content), content)
            )
            client.unwrap()


receiver = Receiver(sys.argv[1])
signal.signal(signal.SIGTERM, lambda *_: receiver.stop())
while not receiver.stopped:
    for connection in receiver.take():
        threading.Thread(target=serve, args=connection).start()
# Python ends when the last of these threads does.
