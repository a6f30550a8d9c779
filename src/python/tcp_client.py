# The TCP client. It sends each line that you type to the server.
import socket

SERVER_ADDRESS = "10.0.3.1"  # the IP address of the server's computer, A
SERVER_PORT = 65432  # the same number as in the server

client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
# connect() makes the handshake: SYN, SYN-ACK, ACK. The client calls no bind():
# the system chooses a free port for it now. The call returns when the server's
# *system* has answered, even if the server's *program* is busy.
client.connect((SERVER_ADDRESS, SERVER_PORT))
address, port = client.getsockname()
print(f"Connected from {address}:{port} to {SERVER_ADDRESS}:{SERVER_PORT}")
print("Type a line and press Enter. Ctrl+C or Ctrl+D ends.", flush=True)
try:
    while True:
        # The newline tells the server where the line ends: TCP does not.
        client.sendall((input() + "\n").encode())
except (KeyboardInterrupt, EOFError):
    print("\nTCP client stopped")
finally:
    # close() sends FIN.
    client.close()
