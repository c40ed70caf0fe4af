"""Runs a command for which there is no IPv6: socket(2) of that family fails as on a kernel without it.

A filter on system calls (seccomp(2)) is inherited by whatever the command starts.
"""

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO = 0x7FFF0000, 0x00050000
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
# struct seccomp_data: nr, arch, instruction_pointer, args; on both machines the low word comes first.
NUMBER, FIRST_ARGUMENT = 0, 16
SYS_SOCKET = {"x86_64": 41, "aarch64": 198}[platform.machine()]

# Each step is a struct sock_filter: code, steps to skip if true, if false, and an operand.
steps = [
    (LOAD_WORD, 0, 0, NUMBER),
    (JUMP_IF_EQUAL, 0, 3, SYS_SOCKET),
    (LOAD_WORD, 0, 0, FIRST_ARGUMENT),
    (JUMP_IF_EQUAL, 0, 1, socket.AF_INET6),
    (RETURN, 0, 0, SECCOMP_RET_ERRNO | errno.EAFNOSUPPORT),
    (RETURN, 0, 0, SECCOMP_RET_ALLOW),
]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
filter_ = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program))

libc = ctypes.CDLL(None, use_errno=True)
zero = ctypes.c_ulong(0)
for request in (
    (PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero),
    (PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.c_char_p(filter_), zero, zero),
):
    if libc.prctl(*request) != 0:
        sys.exit(os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[1], sys.argv[1:])
