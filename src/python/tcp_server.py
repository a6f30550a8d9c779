# The TCP server of Part I, steps 6 to 11. It serves one client at a time.
import socket

SERVER_ADDRESS = "10.0.3.1"  # the IP address of this computer, A
SERVER_PORT = 65432  # the same number as in tcp_client.py

# A socket for TCP (SOCK_STREAM) over IPv4 (AF_INET). It has no address yet.
server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
# Lets the server start again right after Ctrl+C. It does not let a second
# server in while this one is running.
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
# bind() gives the socket its address. It fails with "Address already in use"
# if another socket of this computer holds that address and port.
server.bind((SERVER_ADDRESS, SERVER_PORT))
# From here on the system answers clients by itself, and queues their
# connections: one (the argument), and on Linux one more.
server.listen(1)
print(f"TCP server listening on {SERVER_ADDRESS}:{SERVER_PORT}", flush=True)
try:
    while True:
        # accept() takes the first connection from the queue, or waits for one.
        # It returns a second socket, for this client alone, and the client's
        # socket address.
        connection, client = server.accept()
        print(f"{client} connected", flush=True)
        # recv() waits for data. An empty result is the end: the client closed.
        # Until then this program does not get back to accept().
        while data := connection.recv(1024):
            # TCP carries a stream of bytes: one recv() may return several
            # lines, or a part of one.
            for line in data.decode(errors="replace").splitlines():
                print(f"{client}: {line}", flush=True)
        connection.close()
        print(f"{client} left", flush=True)
except KeyboardInterrupt:
    print("\nTCP server stopped")
finally:
    server.close()
