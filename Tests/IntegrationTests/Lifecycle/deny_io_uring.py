"""Runs a program with io_uring_setup(2) failing with EPERM, as container seccomp profiles do.

Usage: deny_io_uring.py PROGRAM [ARGUMENT...]
"""
import ctypes
import os
import struct
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
IO_URING_SETUP = 425  # the same number on every architecture
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
ALLOW, FAIL_WITH_EPERM = 0x7FFF0000, 0x00050000 | 1


class Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def main():
    def instruction(code, if_true, if_false, value):
        return struct.pack("=HBBI", code, if_true, if_false, value)

    code = b"".join([
        instruction(LOAD_WORD, 0, 0, 0),  # seccomp_data.nr
        instruction(JUMP_IF_EQUAL, 0, 1, IO_URING_SETUP),
        instruction(RETURN, 0, 0, FAIL_WITH_EPERM),
        instruction(RETURN, 0, 0, ALLOW),
    ])
    program = Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in [
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0),
    ]:
        if libc.prctl(*arguments) != 0:
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    os.execvp(sys.argv[1], sys.argv[1:])


main()
