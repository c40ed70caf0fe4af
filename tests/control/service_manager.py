"""Stands in for a service manager with a store of descriptors, as sd_notify(3) and systemd.service(5) have it.

    service_manager.py MOST COMMAND ARGUMENT...

Runs a command with NOTIFY_SOCKET, keeps what is stored (MOST descriptors at most), and starts it again with that:
after SIGTERM to it on SIGHUP, after SIGKILL on SIGUSR1. SIGTERM ends both. What it hears it prints, a line each.
"""

import os
import select
import signal
import socket
import sys
import tempfile

most, command = int(sys.argv[1]), sys.argv[2:]
stored = []  # (name, descriptor, watched)
directory = tempfile.mkdtemp(prefix="fdpass-manager-")
path = os.path.join(directory, "notify")
notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
notified.bind(path)
wake_in, wake_out = socket.socketpair()
wake_out.setblocking(False)
signal.set_wakeup_fd(wake_out.fileno())
for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGTERM, signal.SIGCHLD):
    signal.signal(number, lambda *_: None)


def say(text):
    print("manager: " + text, flush=True)


def start():
    """Only who is left is passed on: of what is watched, not what has come to its end."""
    for entry in [entry for entry in stored if entry[2]]:
        poller = select.poll()
        poller.register(entry[1], 0)
        if poller.poll(0):
            stored.remove(entry)
            os.close(entry[1])
    child = os.fork()
    if child != 0:
        say("started %d with %d" % (child, len(stored)))
        return child
    # First out of the way, then into place.
    high = [os.dup(fd) for _, fd, _ in stored]
    top = max([2, *high]) + len(high) + 1
    for at, fd in enumerate(high):
        os.dup2(fd, top + at, inheritable=False)
    for at in range(len(high)):
        os.dup2(top + at, 3 + at)
    os.closerange(3 + len(high), top + len(high) + 1)
    environment = dict(os.environ, NOTIFY_SOCKET=path, FDSTORE=str(most))
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        environment.pop(name, None)
    if stored:
        environment["LISTEN_PID"] = str(os.getpid())
        environment["LISTEN_FDS"] = str(len(stored))
        environment["LISTEN_FDNAMES"] = ":".join(name for name, _, _ in stored)
    signal.set_wakeup_fd(-1)
    os.execvpe(command[0], command, environment)


def identity(fd):
    """Equal for two descriptors of one open file; the manager keeps one of each."""
    status = os.fstat(fd)
    return status.st_dev, status.st_ino


def hear():
    message, fds, _, _ = socket.recv_fds(notified, 65536, 253)
    lines = message.decode().split("\n")
    fields = dict(line.split("=", 1) for line in lines)
    name = fields.get("FDNAME", "stored")
    if "FDSTORE" in fields:
        known = {identity(fd) for _, fd, _ in stored}
        for fd in fds:
            if len(stored) < most and identity(fd) not in known:
                known.add(identity(fd))
                stored.append((name, fd, fields.get("FDPOLL") != "0"))
            else:
                os.close(fd)
    else:
        for fd in fds:
            os.close(fd)
    if "FDSTOREREMOVE" in fields:
        for entry in stored:
            if entry[0] == name:
                os.close(entry[1])
        stored[:] = [entry for entry in stored if entry[0] != name]
    say(" ".join(lines))


child, ends = start(), False
while child:
    ready, _, _ = select.select([notified, wake_in], [], [])
    if notified in ready:
        hear()
    if wake_in not in ready:
        continue
    for number in wake_in.recv(64):
        if number == signal.SIGHUP:
            os.kill(child, signal.SIGTERM)
        elif number == signal.SIGUSR1:
            os.kill(child, signal.SIGKILL)
        elif number == signal.SIGTERM:
            ends = True
            os.kill(child, signal.SIGTERM)
        elif number == signal.SIGCHLD:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended == 0:
                continue
            while select.select([notified], [], [], 0)[0]:
                hear()
            say("ended with %d" % os.waitstatus_to_exitcode(status))
            child = 0 if ends else start()
os.unlink(path)
os.rmdir(directory)
