"""Receives for a Node program: Node cannot receive a descriptor from a socket, but it takes sockets from its parent.

python3 node_backend.py /tmp/x.sock ../node/backend.mjs

Node documents what its program does ("Example: sending a socket object"), and not the bytes that a parent sends to it.
They are lines of JSON, the descriptor beside them.
"""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import threading

from handoff import Receiver


def send(to_node, client, preread, address):
    message = {"preread": base64.b64encode(preread).decode(), "address": address}
    line = json.dumps({"cmd": "NODE_HANDLE", "type": "net.Socket", "msg": message}) + "\n"
    with client:  # Node has its own descriptor from here on
        rest = line.encode()
        sent = socket.send_fds(to_node, [rest], [client.fileno()])
        to_node.sendall(rest[sent:])


def read_away(from_node):
    """Node acknowledges each socket. The end of that is Node's own, and this program's."""
    while from_node.recv(65_536):
        pass
    os._exit(node.wait())


receiver = Receiver(sys.argv[1])
parent, child = socket.socketpair()
node = subprocess.Popen(
    ["node", *sys.argv[2:]],
    pass_fds=[child.fileno()],
    env={**os.environ, "NODE_CHANNEL_FD": str(child.fileno())},
)
child.close()
threading.Thread(target=read_away, args=(parent,)).start()
signal.signal(signal.SIGTERM, lambda *_: receiver.stop())
while not receiver.stopped:
    for connection in receiver.take():
        send(parent, *connection)
# Without its parent's socket Node ends when it has answered everybody, and then this program does.
parent.shutdown(socket.SHUT_WR)
