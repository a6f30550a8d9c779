# The threaded TCP server of Part II. A thread of its own serves each client.
import socket
import threading

SERVER_ADDRESS = "10.0.3.1"  # the IP address of this computer, A
SERVER_PORT = 65432  # the same number as in tcp_client.py


def serve(connection, client):
    """Runs in a thread: only this thread waits for this client."""
    with connection:
        while data := connection.recv(1024):
            for line in data.decode(errors="replace").splitlines():
                print(f"{client}: {line}", flush=True)
    print(f"{client} left", flush=True)


server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((SERVER_ADDRESS, SERVER_PORT))
server.listen()
print(f"TCP server listening on {SERVER_ADDRESS}:{SERVER_PORT}", flush=True)
try:
    while True:
        # accept() returns a new socket for each client. All of them have the
        # server's address and port; the client's address tells them apart.
        connection, client = server.accept()
        print(f"{client} connected", flush=True)
        # The thread does the waiting, so the main program goes straight back
        # to accept(). A daemon thread ends with the program.
        thread = threading.Thread(target=serve, args=(connection, client), daemon=True)
        thread.start()
except KeyboardInterrupt:
    print("\nTCP server stopped")
finally:
    server.close()
