"""Receives connections from fronts: the backend's side of the hand-off protocol (docs/protocol.md).

It serves nothing. The programs beside this file do, each in its own way.
"""

import contextlib
import os
import selectors
import socket
import struct

HELLO, HANDOFF, ACK, NACK, DRAIN, GENERATION = 1, 2, 3, 4, 6, 9
FULL, NO_CLIENT, UNSUPPORTED = 1, 3, 4  # why a hand-off is refused
CLIENT, FIELDS = 8, 56  # where the client's address is in a HANDOFF, and where its fields begin
TLS, PREREAD = 8, 0x81
PAIR = 2  # how a field for TLS begins when another process does it, at the other end of a Unix stream

ROOM = 1 << 18  # for any message, and more
RIGHTS = socket.CMSG_SPACE(253 * 4)  # for as many descriptors as the kernel sends at once: none goes unseen
WINDOW = 64  # hand-offs that may be unanswered at a time: so many answers fit the channel


class Ended(Exception):
    """A front has left, or does not keep to the protocol."""


class Receiver:
    """Listens at a path. Connections come out of `take`; `stop` may be called from a signal handler."""

    def __init__(self, path):
        self.listener = listen(path)
        self.stopped = False
        self.wake, wakes = socket.socketpair()
        self.sources = selectors.DefaultSelector()
        for source in (self.listener, wakes):
            self.sources.register(source, selectors.EVENT_READ)

    def fileno(self):
        return self.sources.fileno()

    def stop(self):
        self.wake.send(b".")

    def take(self):
        """Waits for something to happen.

        Returns the connections that are ours from now on, each with its preread and its client's address.
        """
        taken = []
        for (source, _, _, channel), _ in self.sources.select():
            if channel is not None:
                try:
                    taken += channel.receive()
                except (Ended, OSError):
                    self.sources.unregister(source)
                    source.close()
            elif source is self.listener:
                with contextlib.suppress(OSError):  # out of descriptors: it is still there the next time
                    peer, _ = self.listener.accept()
                    peer.setblocking(False)  # a front that reads no answers is left, not waited for
                    self.sources.register(peer, selectors.EVENT_READ, Channel(peer))
            else:
                self.drain()
                break
        return taken

    def drain(self):
        """Takes nothing more. What is not acknowledged when a channel ends is the front's, which hands it on."""
        self.stopped = True
        self.listener.close()
        for source, _, _, channel in self.sources.get_map().values():
            if channel is not None:
                with contextlib.suppress(OSError):
                    source.send(struct.pack(">BBH", 1, DRAIN, 0))
                source.close()


class Channel:
    """One front."""

    def __init__(self, peer):
        self.socket = peer
        self.greeted = False

    def receive(self):
        """Reads one message, and answers it; returns the connection, if it has brought one, in a list."""
        message, control, flags, _ = self.socket.recvmsg(ROOM, RIGHTS, socket.MSG_CMSG_CLOEXEC)
        descriptors = [fd for _, _, data in control for fd, in struct.iter_unpack("i", data)]
        with contextlib.ExitStack() as unwanted:
            for fd in descriptors:
                unwanted.callback(os.close, fd)
            if len(message) < 4 or message[0] != 1 or flags & socket.MSG_TRUNC:
                raise Ended
            kind = message[1]
            if kind == HELLO and not self.greeted and not descriptors and message[4:8] == b"fdps":
                self.greeted = True
                self.socket.send(struct.pack(">BBH4sHHI", 1, HELLO, 0, b"fdps", 1, WINDOW, os.getpid()))
            elif kind == HANDOFF and self.greeted and len(message) >= 8:
                id, fields = message[4:8], fields_of(message)
                if not descriptors and flags & socket.MSG_CTRUNC:
                    self.refuse(id, FULL)  # this process has no number free for it
                elif len(descriptors) != 1:
                    raise Ended
                elif fields is None:
                    self.refuse(id, UNSUPPORTED)
                elif not is_client(descriptors[0], fields.get(TLS, b"")[:1] == bytes([PAIR])):
                    self.refuse(id, NO_CLIENT)
                else:
                    # The commit point. Should this fail, the connection is the front's, and is closed untouched.
                    self.socket.send(struct.pack(">BBHI", 1, ACK, 1, 0) + id)
                    unwanted.pop_all()
                    client = socket.socket(fileno=descriptors[0])
                    return [(client, fields.get(PREREAD, b""), address_of(message))]
            elif kind != GENERATION or not self.greeted or descriptors:
                raise Ended  # GENERATION alone is skipped: it is for backends that keep connections
        return []

    def refuse(self, id, reason):
        self.socket.send(struct.pack(">BBH", 1, NACK, reason) + id)


def listen(path):
    """A socket that nobody finds at the path before it listens, and is this user's alone."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    unready = f"{path}.{os.getpid()}"
    listener.bind(unready)
    os.chmod(unready, 0o600)
    listener.listen()
    os.rename(unready, path)
    return listener


def address_of(message):
    """Where the client is. Behind TLS its connection may be one end of a Unix stream, which has no addresses."""
    family, port = struct.unpack_from(">BxH", message, CLIENT)
    size = {4: 4, 6: 16}.get(family)
    if size is None:
        return ("somebody", 0)
    packed = message[CLIENT + 4 : CLIENT + 4 + size]
    return (socket.inet_ntop(socket.AF_INET if size == 4 else socket.AF_INET6, packed), port)


def fields_of(message):
    """The fields that are understood here, by type; None if they are malformed, or one must be known."""
    fields, at = {}, FIELDS
    if len(message) < FIELDS:
        return None
    while at < len(message):
        if len(message) < at + 4:
            return None
        kind, length = struct.unpack_from(">BxH", message, at)
        value = message[at + 4 : at + 4 + length]
        known = kind in (TLS, PREREAD)
        if len(value) < length or (kind >= 0x80 and not known) or (known and kind in fields):
            return None
        if known:
            fields[kind] = value
        at += 4 + length
    return fields


def is_client(fd, pair):
    """Whether a descriptor is a client's connection: TCP, or one end of a Unix stream where the message says so.

    Any other Unix socket must not pass: it can carry descriptors itself.
    """
    try:
        client = socket.socket(fileno=fd)
    except OSError:
        return False  # no socket at all
    families = (socket.AF_UNIX,) if pair else (socket.AF_INET, socket.AF_INET6)
    stream = client.family in families and client.type == socket.SOCK_STREAM
    listens = client.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    client.detach()  # it was only looked at
    return stream and not listens
