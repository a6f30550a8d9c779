"""Servers of every kind that a student may write, and a program of odd calls: servers.py KIND [ADDRESS PORT]. Each prints
"listening PORT", then "connected" and every line that it receives. Without an address it serves two clients and ends."""

import asyncio
import os
import select
import socket
import socketserver
import sys
import threading

ADDRESS, CLIENTS = ("127.0.0.1", 0), 2
if len(sys.argv) > 2:
    ADDRESS, CLIENTS = (sys.argv[2], int(sys.argv[3])), 1000


def say(text):
    print(text, flush=True)


def listening():
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(ADDRESS)
    server.listen(5)
    say(f"listening {server.getsockname()[1]}")
    return server


def serve(connection, reply=True):
    say("connected")
    while data := connection.recv(1024):
        say(data.decode().rstrip("\n"))
        if reply:
            connection.sendall(data)
    connection.close()
    say("left")


def print_only():
    server = listening()
    for _ in range(CLIENTS):
        serve(server.accept()[0], reply=False)
    server.close()


def echo():
    with listening() as server:
        for _ in range(CLIENTS):
            serve(server.accept()[0])


def one_accept():
    """Closes nothing: the system does when it ends."""
    server = listening()
    connection, _ = server.accept()
    say("connected")
    while data := connection.recv(1024):
        say(data.decode().rstrip("\n"))
        connection.sendall(data)
    say("left")
    os._exit(0)


def threaded():
    server = listening()
    threads = []
    for _ in range(CLIENTS):
        thread = threading.Thread(target=serve, args=(server.accept()[0],))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()
    server.close()


def forking():
    server = listening()
    for _ in range(CLIENTS):
        connection, _ = server.accept()
        if os.fork() == 0:
            server.close()
            serve(connection)
            os._exit(0)
        connection.close()
    for _ in range(CLIENTS):
        os.wait()


def selecting():
    server = listening()
    server.setblocking(False)
    open_sockets, left = [server], 0
    while left < CLIENTS:
        for ready in select.select(open_sockets, [], [])[0]:
            if ready is server:
                connection, _ = server.accept()
                connection.setblocking(False)
                open_sockets.append(connection)
                say("connected")
            elif data := ready.recv(1024):
                say(data.decode().rstrip("\n"))
                ready.send(data)
            else:
                open_sockets.remove(ready)
                ready.close()
                left += 1
                say("left")
    server.close()


def with_asyncio():
    async def main():
        left = asyncio.Semaphore(0)

        async def handle(reader, writer):
            say("connected")
            while line := await reader.readline():
                say(line.decode().rstrip("\n"))
                writer.write(line)
                await writer.drain()
            writer.close()
            await writer.wait_closed()
            say("left")
            left.release()

        server = await asyncio.start_server(handle, *ADDRESS)
        say(f"listening {server.sockets[0].getsockname()[1]}")
        for _ in range(CLIENTS):
            await left.acquire()
        server.close()
        await server.wait_closed()

    asyncio.run(main())


def with_socketserver():
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            say("connected")
            for line in self.rfile:
                say(line.decode().rstrip("\n"))
                self.wfile.write(line)
            say("left")

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True

    with Server(ADDRESS, Handler) as server:
        say(f"listening {server.server_address[1]}")
        for _ in range(CLIENTS):
            server.handle_request()


def odd_calls():
    """Every call that moves data, duplicated descriptors, failures. It is its own client."""
    server = listening()
    client = socket.socket()
    client.connect(server.getsockname())
    connection, _ = server.accept()
    buffer = bytearray(100)
    client.sendmsg([b"one ", b"two"])
    connection.recv_into(buffer)
    client.send(b"peeked")
    connection.recv(100, socket.MSG_PEEK)
    connection.recvmsg_into([bytearray(3), buffer])
    with open(__file__, "rb") as file:
        client.sendfile(file, count=100)
    again = socket.socket(fileno=os.dup(connection.fileno()))
    connection.close()
    again.recv(1000)
    os.write(client.fileno(), b"written")
    os.read(again.fileno(), 100)
    os.writev(client.fileno(), [b"a", b"bc"])
    os.readv(again.fileno(), [bytearray(2), bytearray(2)])
    client.shutdown(socket.SHUT_WR)
    again.makefile("rb").read()
    again.detach()
    second = socket.socket()
    try:
        second.bind(server.getsockname())
    except OSError as error:
        say(error.strerror)
    second.setblocking(False)
    if second.connect_ex(server.getsockname()):
        select.select([], [second], [])
        second.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    taken = server.accept()[0]
    server.close()
    refused = socket.socket()
    try:
        refused.connect(("127.0.0.1", 1))
    except OSError as error:
        say(error.strerror)
    one, other = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
    one.bind(("127.0.0.1", 0))
    other.sendto(b"hello", one.getsockname())
    address = one.recvfrom(100)[1]
    one.sendto(b"", address)
    other.recv(100)
    other.connect(one.getsockname())
    other.send(b"connected")
    one.recvmsg(100)
    os.dup2(other.fileno(), one.fileno())
    for socket_ in (client, second, taken, refused, one, other):
        socket_.close()


KINDS = {
    "print-only": print_only,
    "echo": echo,
    "one-accept": one_accept,
    "threaded": threaded,
    "forking": forking,
    "select": selecting,
    "asyncio": with_asyncio,
    "socketserver": with_socketserver,
    "odd-calls": odd_calls,
}
KINDS[sys.argv[1]]()
