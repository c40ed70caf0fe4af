"""Holds one thread of another process, as if it hung, until standard input ends: ptrace(2). Says `held`."""

import ctypes
import os
import sys

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000

thread = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def trace(request):
    if libc.ptrace(request, thread, None, None) < 0:
        sys.exit(f"ptrace: {os.strerror(ctypes.get_errno())}")


trace(PTRACE_SEIZE)
trace(PTRACE_INTERRUPT)
os.waitpid(thread, WALL)
# In one piece, however standard output is buffered: it is read in one.
os.write(1, b"held\n")
sys.stdin.read()
trace(PTRACE_DETACH)
