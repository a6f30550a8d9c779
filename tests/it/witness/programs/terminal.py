"""A shell on a terminal, a program in it under socklab: Ctrl-C, Ctrl-Z and fg, the window's size, the exit status."""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

SOCKLAB = os.environ["SOCKLAB"]
PROGRAM = r'''
import os, signal, socket, sys
def resized(*_):
    print("window", *os.get_terminal_size(), flush=True)
signal.signal(signal.SIGWINCH, resized)
print("window", *os.get_terminal_size(), flush=True)
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
for line in sys.stdin:
    print("read", line.strip().upper(), flush=True)
    if line.strip() == "accept":
        print("accepting", flush=True)
        server.accept()
'''
with open("program.py", "w") as file:
    file.write(PROGRAM)


class Terminal:
    def __init__(self):
        self.shell, self.fd = pty.fork()
        if self.shell == 0:
            os.environ["PS1"] = "prompt> "
            os.environ["TERM"] = "dumb"
            os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
        self.seen = ""

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.fd, text.encode())

    def until(self, pattern, patience=30):
        end = time.monotonic() + patience
        while not (found := re.search(pattern, self.seen)):
            if time.monotonic() > end or not select.select([self.fd], [], [], patience)[0]:
                sys.exit(f"{pattern!r} was not seen in {self.seen!r}")
            self.seen += os.read(self.fd, 4096).decode()
        self.seen = self.seen[found.end():]
        return found[0]


terminal = Terminal()
terminal.resize(24, 80)
terminal.until("prompt> ")
terminal.type(f"{SOCKLAB} run --journal seen.jsonl -- {sys.executable} program.py\n")
terminal.until("window 80 24")
terminal.type("one\n")
terminal.until("read ONE")
terminal.resize(30, 100)
terminal.until("window 100 30")


def stop():
    terminal.type("\x1a")
    terminal.until("Stopped")
    terminal.until("prompt> ")


def go_on(command="fg"):
    terminal.type(f"{command}\n")
    terminal.until(r"program\.py")
    # The shell says so before it is so.
    while (os.tcgetpgrp(terminal.fd) == terminal.shell) == (command == "fg"):
        os.sched_yield()


for word in ("TWO", "THREE"):
    stop()
    go_on()
    terminal.type(f"{word.lower()}\n")
    terminal.until(f"read {word}")
# In the background and again in the foreground.
stop()
go_on("bg")
terminal.until("prompt> ")
go_on()
terminal.type("accept\n")
terminal.until("accepting")
stop()
go_on()
terminal.type("\x03")
terminal.until("KeyboardInterrupt")
terminal.until("prompt> ")
terminal.type("echo status $?\n")
terminal.until(r"status 130\r")
terminal.until("prompt> ")
# Once only: a program that catches Ctrl-C gets one.
terminal.type(f"""{SOCKLAB} run --journal seen.jsonl -- bash -c 'trap "echo caught" INT; echo ready; read; read; echo end'\n""")
terminal.until("ready\r")
terminal.type("\x03")
terminal.until("caught\r")
terminal.type("\n\n")
assert terminal.until("(caught|end)\r") == "end\r"
terminal.type("exit\n")
