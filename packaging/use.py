#!/usr/bin/env python3
"""Uses an installed socklab as a student and a teaching assistant would, and holds all it prints against another build's.

use.py REFERENCE COMMAND...: COMMAND (such as `chroot root socklab`) is to run where `fixtures` is the repository's, REFERENCE
is the program built the ordinary way. The five programs talk over 127.0.0.1, on ports that the system picks."""

import contextlib
import glob
import os
import queue
import re
import subprocess
import sys
import threading

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
# Longest wait for a line of a program, in seconds; emulated ones are slow.
PATIENCE = 60


def compare(reference, command):
    """Both print the same for the fixtures, and end with the same status."""
    plain = sorted(glob.glob("fixtures/plain/*.pcapng"))
    runs = [
        ["--version"],
        ["analyze", *plain],
        ["analyze", *plain, "--format", "json"],
        ["analyze", *plain, "--format", "html"],
        ["analyze", *plain, "--format", "markdown"],
        ["analyze", "fixtures/mistakes/tcp-late-start.pcapng", "--strict"],
        ["check", *plain],
        ["grade", "fixtures/class/submissions", "--format", "json"],
        ["template"],
    ]
    for arguments in runs:
        ours, theirs = (subprocess.run([*program, *arguments], capture_output=True, check=False)
                        for program in (command, [reference]))
        if (ours.returncode, ours.stdout) != (theirs.returncode, theirs.stdout):
            sys.stderr.buffer.write(ours.stderr)
            sys.exit(f"use.py: socklab {' '.join(arguments[:2])} … differs from {reference}: "
                     f"status {ours.returncode} and {theirs.returncode}, {len(ours.stdout)} and {len(theirs.stdout)} bytes")
        print(f"same: socklab {' '.join(arguments[:2])} … ({len(ours.stdout)} bytes, status {ours.returncode})")


class Program:
    """One of the five programs, running."""

    def __init__(self, command, *arguments):
        self.name = arguments[0]
        self.process = subprocess.Popen([*command, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, encoding="utf-8")
        self.lines = queue.Queue()
        self.seen = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip())
        self.lines.put(None)

    def until(self, pattern):
        while True:
            try:
                line = self.lines.get(timeout=PATIENCE)
            except queue.Empty:
                line = None
            if line is None:
                sys.exit(f"use.py: {self.name} never printed {pattern!r}, but {self.seen}")
            self.seen.append(line)
            if found := re.search(pattern, line):
                return found

    def type(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        if status := self.process.wait(PATIENCE):
            sys.exit(f"use.py: {self.name} ended with status {status} after {self.seen}")


def talk(command, server_name, client_name, clients):
    """Clients each send a line to a server, which shows it and sends it back."""
    with contextlib.ExitStack() as stack:
        server = Program(command, server_name, "127.0.0.1:0")
        stack.callback(server.process.wait)
        stack.callback(server.process.terminate)
        address = server.until(r"127\.0\.0\.1:\d+").group(0)
        running = []
        for number in range(clients):
            client = Program(command, client_name, address)
            stack.callback(client.process.kill)
            running.append(client)
            client.type(f"line of client {number}")
            client.until(rf"^{re.escape(address)}: line of client {number}$")
            server.until(rf"^127\.0\.0\.1:\d+: line of client {number}$")
        for client in running:
            client.end()
    print(f"talked: {clients} × {client_name} with {server_name}")


def main():
    reference, *command = sys.argv[1:]
    reference = os.path.abspath(reference)
    os.chdir(ROOT)
    compare(reference, command)
    talk(command, "tcp-server", "tcp-client", 1)
    talk(command, "tcp-threaded-server", "tcp-client", 2)
    talk(command, "udp-server", "udp-client", 2)


main()
