"""A machine of its own whose clients shake hands half-way: SYN sent, SYN/ACK received, and nothing more until they are told.

    unshare --net python3 half_done.py HOST CLIENT PORT COUNT

Makes a network interface with the address HOST, behind which CLIENT is, and prints "made" and its process number. Each line
on its standard input is a step: "begin" sends COUNT SYNs to PORT, "finish" sends what is missing, and a request. The last
line that it prints says how many were answered with 200, and how many were reset.
"""

import fcntl
import os
import select
import socket
import struct
import sys
import time

host, client, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
REQUEST = b"GET /small.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
FIN, SYN, RST, ACK = 1, 2, 4, 16

tun = os.open("/dev/net/tun", os.O_RDWR)
# TUNSETIFF with IFF_TUN and IFF_NO_PI; then an address, a mask, and up (netdevice(7)).
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"half0", 0x1001))
control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for request, address in ((0x8916, host), (0x891C, "255.255.255.0")):
    fcntl.ioctl(control, request, struct.pack("16sHH4s8x", b"half0", socket.AF_INET, 0, socket.inet_aton(address)))
for name in (b"half0", b"lo"):
    fcntl.ioctl(control, 0x8914, struct.pack("16sH22x", name, 0x41))
print("made %d" % os.getpid(), flush=True)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def send(source, sequence, acknowledged, flags, data=b""):
    """A segment in a packet (RFC 9293, 3.1; RFC 791, 3.1)."""
    addresses = socket.inet_aton(client) + socket.inet_aton(host)
    head = struct.pack("!HHIIBBHHH", source, port, sequence, acknowledged, 5 << 4, flags, 65535, 0, 0)
    whole = checksum(addresses + struct.pack("!BBH", 0, 6, len(head) + len(data)) + head + data)
    segment = head[:16] + struct.pack("!H", whole) + head[18:] + data
    packet = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, 6, 0) + addresses
    os.write(tun, packet[:10] + struct.pack("!H", checksum(packet)) + packet[12:] + segment)


def receive(patience):
    """@returns port, sequence, flags and data of a segment; nothing when none has come"""
    if not select.select([tun], [], [], patience)[0]:
        return None
    packet = os.read(tun, 65536)
    if packet[0] >> 4 != 4 or packet[9] != 6:
        return 0, 0, 0, b""
    segment = packet[(packet[0] & 15) * 4:]
    _, own, sequence = struct.unpack("!HHI", segment[:8])
    return own, sequence, segment[13], segment[(segment[12] >> 4) * 4:]


ports = range(40000, 40000 + count)
their = {}
sys.stdin.readline()
for own in ports:
    send(own, 1000, 0, SYN)
while len(their) < count:
    own, sequence, flags, _ = receive(20) or sys.exit("no SYN/ACK has come")
    if flags & (SYN | ACK) == SYN | ACK:
        their[own] = sequence + 1
print("half done %d" % len(their), flush=True)

sys.stdin.readline()
for own in ports:
    send(own, 1001, their[own], ACK, REQUEST)
answered, reset, end = set(), set(), time.monotonic() + 20
while len(answered) + len(reset) < count and time.monotonic() < end:
    own, sequence, flags, data = receive(1) or (0, 0, 0, b"")
    if flags & RST and own not in answered:
        reset.add(own)
    if data.startswith(b"HTTP/1.1 200 "):
        answered.add(own)
    if own and not flags & (RST | SYN):
        send(own, 1001 + len(REQUEST), sequence + len(data) + (flags & FIN), ACK)
print("answered %d, reset %d" % (len(answered), len(reset)), flush=True)
