"""Servers of every kind that a student may write, and a program of odd calls: servers.py KIND [ADDRESS PORT]. Each prints
"listening PORT", then "connected" and every line that it receives. Without an address it serves two clients and ends."""

import asyncio
import ctypes
import fcntl
import os
import select
import selectors
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


def multiplexed(wait):
    """One thread for all clients: `wait` gives those of the sockets that something came for."""
    server = listening()
    server.setblocking(False)
    open_sockets, left = [server], 0
    while left < CLIENTS:
        for ready in wait(open_sockets):
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


def selecting():
    multiplexed(lambda sockets: select.select(sockets, [], [])[0])


def polling():
    def wait(sockets):
        poll = select.poll()
        for waiting in sockets:
            poll.register(waiting, select.POLLIN)
        ready = [fd for fd, _ in poll.poll()]
        return [waiting for waiting in sockets if waiting.fileno() in ready]

    multiplexed(wait)


def with_selectors():
    """epoll(7), on Linux."""

    def wait(sockets):
        with selectors.DefaultSelector() as selector:
            for waiting in sockets:
                selector.register(waiting, selectors.EVENT_READ)
            return [key.fileobj for key, _ in selector.select()]

    multiplexed(wait)


def super_server():
    """As inetd: another program serves each client, on its standard input."""
    server = listening()
    for _ in range(CLIENTS):
        connection, _ = server.accept()
        if os.fork() == 0:
            os.dup2(connection.fileno(), 0)
            os.execv(sys.executable, [sys.executable, __file__, "standard-input"])
        connection.close()
    for _ in range(CLIENTS):
        os.wait()


def standard_input():
    serve(socket.socket(fileno=0))


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


def with_socketserver(kind=socketserver.ThreadingTCPServer):
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            say("connected")
            for line in self.rfile:
                say(line.decode().rstrip("\n"))
                self.wfile.write(line)
            say("left")

    class Server(kind):
        allow_reuse_address = True

    with Server(ADDRESS, Handler) as server:
        say(f"listening {server.server_address[1]}")
        for _ in range(CLIENTS):
            server.handle_request()


def failing(call, *arguments):
    """A call that fails, as one of odd_calls must."""
    try:
        call(*arguments)
    except OSError as error:
        say(error.strerror)
    else:
        sys.exit(f"{call} did not fail")


def connected(server):
    """A connection: the client's socket and the server's."""
    client = socket.socket(server.family)
    client.connect(server.getsockname())
    return client, server.accept()[0]


def odd_calls():
    """Every call that moves data, duplicated descriptors, failures. It is its own client."""
    server = listening()
    server.listen(7)
    moving_data(server)
    descriptors(server)
    failures(server)
    dual = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    client = socket.create_connection(("127.0.0.1", dual.getsockname()[1]))
    taken = dual.accept()[0]
    client.sendall(b"over IPv4")
    taken.recv(100)
    for socket_ in (client, taken, dual, server):
        socket_.close()
    datagrams()


def moving_data(server):
    client, connection = connected(server)
    buffer = bytearray(100)
    client.sendmsg([b"one ", b"two"])
    connection.recv_into(buffer)
    client.send(b"peeked")
    connection.recv(100, socket.MSG_PEEK)
    connection.recvmsg_into([bytearray(3), buffer])
    with open(__file__, "rb") as file:
        client.sendfile(file, count=100)
    connection.recv(1000)
    os.write(client.fileno(), b"written")
    os.read(connection.fileno(), 100)
    os.writev(client.fileno(), [b"a", b"bc"])
    os.readv(connection.fileno(), [bytearray(2), bytearray(2)])
    reader, writer = os.pipe()
    client.send(b"through a pipe")
    os.splice(connection.fileno(), writer, 100)
    os.splice(reader, client.fileno(), 100)
    connection.recv(100, socket.MSG_WAITALL | socket.MSG_DONTWAIT)
    connection.setblocking(False)
    failing(connection.recv, 100)
    client.shutdown(socket.SHUT_WR)
    failing(client.send, b"too late")
    select.select([connection], [], [])
    connection.makefile("rb").read()
    connection.shutdown(socket.SHUT_RDWR)
    for fd in (reader, writer):
        os.close(fd)
    client.close()
    connection.close()


def descriptors(server):
    client, connection = connected(server)
    again = socket.socket(fileno=os.dup(connection.fileno()))
    connection.close()
    third = fcntl.fcntl(again.fileno(), fcntl.F_DUPFD_CLOEXEC, 50)
    client.send(b"to a duplicate")
    os.read(third, 100)
    os.dup2(client.fileno(), third, inheritable=False)
    os.write(third, b"by a duplicate")
    again.recv(100)
    os.closerange(third, third + 1)
    # Through a UNIX socket, which is none of the lab's.
    one, other = socket.socketpair()
    socket.send_fds(one, [b"x"], [client.fileno()])
    received = socket.socket(fileno=socket.recv_fds(other, 1, 1)[1][0])
    client.close()
    received.send(b"by a descriptor that was handed on")
    again.recv(100)
    child = os.fork()
    if child == 0:
        received.send(b"by the child")
        os._exit(0)
    os.waitpid(child, 0)
    again.recv(100)
    again.detach()
    for socket_ in (one, other, received):
        socket_.close()


def failures(server):
    second = socket.socket()
    failing(second.bind, server.getsockname())
    failing(second.shutdown, socket.SHUT_RD)
    failing(second.accept)
    second.setblocking(False)
    if second.connect_ex(server.getsockname()):
        select.select([], [second], [])
        second.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    taken = server.accept()[0]
    refused, later = socket.socket(), socket.socket()
    failing(refused.connect, ("127.0.0.1", 1))
    later.setblocking(False)
    if later.connect_ex(("127.0.0.1", 1)):
        select.select([], [later], [])
        later.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    for socket_ in (second, taken, refused, later):
        socket_.close()


class Piece(ctypes.Structure):
    """struct iovec (readv(2))."""

    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class Header(ctypes.Structure):
    """struct msghdr (recvmsg(2))."""

    _fields_ = [
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("pieces", ctypes.POINTER(Piece)),
        ("count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    ]


class Message(ctypes.Structure):
    """struct mmsghdr (sendmmsg(2))."""

    _fields_ = [("header", Header), ("bytes", ctypes.c_uint32)]


def all_messages(call, fd, texts, *rest):
    """sendmmsg(2) or recvmmsg(2), with a buffer for each message."""
    buffers = [ctypes.create_string_buffer(text, len(text)) for text in texts]
    pieces = [Piece(ctypes.addressof(buffer), len(buffer)) for buffer in buffers]
    messages = (Message * len(texts))(*[Message(Header(pieces=ctypes.pointer(piece), count=1)) for piece in pieces])
    assert call(fd, messages, len(texts), 0, *rest) == len(texts)


def datagrams():
    one, other = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
    one.bind(("127.0.0.1", 0))
    other.sendto(b"hello", one.getsockname())
    address = one.recvfrom(100)[1]
    one.sendto(b"", address)
    other.recvfrom_into(bytearray(100))
    other.connect(one.getsockname())
    other.send(b"connected")
    one.recvmsg(100)
    libc = ctypes.CDLL(None, use_errno=True)
    all_messages(libc.sendmmsg, other.fileno(), [b"several", b"messages"])
    all_messages(libc.recvmmsg, one.fileno(), [bytes(20), bytes(20)], None)
    failing(one.send, b"to nobody")
    os.dup2(other.fileno(), one.fileno())
    one.close()
    other.close()


KINDS = {
    "print-only": print_only,
    "echo": echo,
    "one-accept": one_accept,
    "threaded": threaded,
    "forking": forking,
    "select": selecting,
    "poll": polling,
    "selectors": with_selectors,
    "exec": super_server,
    "standard-input": standard_input,
    "asyncio": with_asyncio,
    "socketserver": with_socketserver,
    "socketserver-forking": lambda: with_socketserver(socketserver.ForkingTCPServer),
    "odd-calls": odd_calls,
}
KINDS[sys.argv[1]]()
