"""How much slower a request-reply loop on loopback is under `socklab run`:
python3 benches/witness.py target/release/socklab

A client sends 12 bytes and waits for the server to send them back, 3000 times. Each kind of run is made 12 times, in
turn; shown is the median time of one round trip. strace is measured too where it is installed."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile

ROUND_TRIPS, RUNS = 3000, 12
SERVER = """
import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
connection, _ = server.accept()
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
while data := connection.recv(1024):
    connection.sendall(data)
"""
CLIENT = f"""
import socket, sys, time
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
start = time.perf_counter()
for _ in range({ROUND_TRIPS}):
    client.sendall(b"hello world\\n")
    client.recv(1024)
print((time.perf_counter() - start) / {ROUND_TRIPS} * 1e6)
"""


def microseconds(server, client):
    python = [sys.executable, "-c"]
    served = subprocess.Popen([*server, *python, SERVER], stdout=subprocess.PIPE, text=True)
    port = served.stdout.readline().strip()
    ran = subprocess.run([*client, *python, CLIENT, port], stdout=subprocess.PIPE, text=True, check=True)
    served.wait()
    return float(ran.stdout)


def main():
    with tempfile.TemporaryDirectory() as folder:

        def watched(name):
            return [sys.argv[1], "run", "--journal", os.path.join(folder, name), "--"]

        kinds = {
            "without": ([], []),
            "server watched": (watched("server"), []),
            "client watched": ([], watched("client")),
            "both watched": (watched("server"), watched("client")),
        }
        if shutil.which("strace"):
            trace = ["strace", "-f", "--seccomp-bpf", "-e", "trace=network,read,write,close"]

            def straced(name):
                return [*trace, "-o", os.path.join(folder, name)]

            kinds["server under strace"] = (straced("strace-server"), [])
            kinds["both under strace"] = (straced("strace-server"), straced("strace-client"))
        times = {kind: [] for kind in kinds}
        for _ in range(RUNS):
            for kind, (server, client) in kinds.items():
                times[kind].append(microseconds(server, client))
        alone = statistics.median(times["without"])
        for kind, taken in times.items():
            median = statistics.median(taken)
            print(f"{kind:20} {median:6.1f} µs  {median / alone:.1f} times")


main()
