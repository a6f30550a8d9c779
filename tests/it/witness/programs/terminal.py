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
print("process", os.getpid(), flush=True)
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


PATIENCE = 30


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

    def until(self, pattern):
        end = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.seen)):
            if time.monotonic() > end or not select.select([self.fd], [], [], PATIENCE)[0]:
                sys.exit(f"{pattern!r} was not seen in {self.seen!r}")
            self.seen += os.read(self.fd, 4096).decode()
        self.seen = self.seen[found.end():]
        return found[0]


def once(condition, missing):
    """Waits for what the screen does not show by itself."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"{missing}: {terminal.seen!r}")
        os.sched_yield()


def process():
    return int(terminal.until(r"process \d+\r").split()[1])


def waits(program):
    """Until the program waits in its call: Python and bash note a signal that comes just before it, and make the call."""

    def state():
        with open(f"/proc/{program}/stat") as file:
            return file.read().rpartition(") ")[2][0]

    once(lambda: state() == "S", "the program does not wait in a call")


terminal = Terminal()
terminal.resize(24, 80)
terminal.until("prompt> ")
terminal.type(f"{SOCKLAB} run --journal seen.jsonl -- {sys.executable} program.py\n")
program = process()
terminal.until("window 80 24")
terminal.type("one\n")
terminal.until("read ONE")
waits(program)
terminal.resize(30, 100)
terminal.until("window 100 30")


def stop():
    terminal.type("\x1a")
    terminal.until("Stopped")
    terminal.until("prompt> ")


def go_on():
    terminal.type("fg\n")
    terminal.until(r"program\.py")
    # The shell gives it the terminal before it lets it go on.
    waits(program)


for word in ("TWO", "THREE"):
    stop()
    go_on()
    terminal.type(f"{word.lower()}\n")
    terminal.until(f"read {word}")
# In the background and again in the foreground.
stop()
terminal.type("bg\n")
terminal.until("prompt> ")


def is_known_to_be_stopped():
    terminal.type("jobs\n")
    seen = terminal.until("(Running|Stopped).*\r")
    terminal.until("prompt> ")
    return "Stopped" in seen


# It reads from the terminal, which stops it. A shell that does not know of it yet would not let it go on.
once(is_known_to_be_stopped, "reading in the background did not stop the program")
go_on()
terminal.type("accept\n")
terminal.until("accepting")
waits(program)
stop()
go_on()
terminal.type("\x03")
terminal.until("KeyboardInterrupt")
terminal.until("prompt> ")
terminal.type("echo status $?\n")
terminal.until(r"status 130\r")
terminal.until("prompt> ")
# Once only: a program that catches Ctrl-C gets one.
terminal.type(f"""{SOCKLAB} run --journal seen.jsonl -- bash -c 'trap "echo caught" INT; echo process $$; read; read; echo end'\n""")
waits(process())
terminal.type("\x03")
terminal.until("caught\r")
terminal.type("\n\n")
assert terminal.until("(caught|end)\r") == "end\r"
terminal.until("prompt> ")
# What goes on behind the program can be ended, also when Ctrl-Z has stopped it or it ignores all that asks it to end.
LEFT = """
import os, signal, sys
if os.fork():
    os._exit(0)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if sys.argv[1:] else ():
    signal.signal(number, signal.SIG_IGN)
while True:
    signal.pause()
"""
with open("left.py", "w") as file:
    file.write(LEFT)


def state(process):
    with open(f"/proc/{process}/stat") as file:
        return file.read().rpartition(") ")[2][0]


def left(argument=""):
    terminal.type(f"{SOCKLAB} run --journal seen.jsonl -- {sys.executable} left.py {argument}\n")
    return int(re.search(r"\((\d+)\)", terminal.until(r"left\.py \(\d+\) goes on"))[1])


process_left = left()
terminal.type("\x1a")
once(lambda: state(process_left) in "tT", "Ctrl-Z does not stop what is left")
terminal.type("\x03")
terminal.until("KeyboardInterrupt")
terminal.until("prompt> ")
left("ignores")
KILLED = r"has not ended; the third\s+Ctrl-C kills it"
end = time.monotonic() + PATIENCE
# Two that come at the same time are one signal.
while not re.search(KILLED, terminal.seen) and time.monotonic() < end:
    terminal.type("\x03")
    if select.select([terminal.fd], [], [], 0.3)[0]:
        terminal.seen += os.read(terminal.fd, 4096).decode()
terminal.until(KILLED)
terminal.until("prompt> ")
terminal.type("exit\n")
