"""Forbids itself and its children one system call (prctl(PR_SET_SECCOMP) with a filter, as a container's profile does),
then runs a program under socklab. With "ptrace" it must say so; with "seccomp" it must see everything all the same."""

import ctypes
import json
import os
import platform
import struct
import subprocess
import sys

SOCKLAB = os.environ["SOCKLAB"]
PTRACE, SECCOMP, PRCTL = (101, 317, 157) if platform.machine() == "x86_64" else (117, 277, 167)
NUMBERS = {"ptrace": [PTRACE], "seccomp": [SECCOMP]}[sys.argv[1]]

ALLOW, EPERM = 0x7FFF0000, 0x00050001
program = [(0x20, 0, 0, 0)]
for number in NUMBERS:
    program += [(0x15, 0, 1, number), (0x06, 0, 0, EPERM)]
program += [(0x06, 0, 0, ALLOW)]
code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
buffer = ctypes.create_string_buffer(code)
fprog = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.c_void_p(ctypes.addressof(fprog)), 0, 0) == 0

CODE = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(3); print('done')"


def run(*arguments):
    return subprocess.run([SOCKLAB, "run", *arguments, "--", sys.executable, "-c", CODE], capture_output=True, text=True)


ran = run("--journal", "seen.jsonl")
if sys.argv[1] == "ptrace":
    assert ran.returncode == 125 and ran.stdout == "", ran
    assert "does not allow a program to be traced" in ran.stderr, ran
    assert "seccomp" in ran.stderr and "--without-trace" in ran.stderr, ran
    ran = run("--without-trace")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "done\n", ""), ran
else:
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "done\n", ""), ran
    with open("seen.jsonl") as lines:
        events = [json.loads(line) for line in lines]
    assert [event["event"] for event in events] == ["socket", "bind", "listen", "close"], events
    assert events[2]["backlog"] == 3
