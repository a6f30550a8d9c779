# The UDP server of step 12. One socket receives from every client.
import socket

SERVER_ADDRESS = "10.0.3.1"  # the IP address of this computer, A
SERVER_PORT = 65433  # the same number as in udp_client.py

# A socket for UDP (SOCK_DGRAM). There is no listen() and no accept(): UDP has
# no connections.
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((SERVER_ADDRESS, SERVER_PORT))
print(f"UDP server receiving on {SERVER_ADDRESS}:{SERVER_PORT}", flush=True)
try:
    while True:
        # recvfrom() returns one whole datagram and the sender's socket address.
        # The next datagram may come from another client.
        data, client = server.recvfrom(65535)
        print(f"{client}: {data.decode(errors='replace')}", flush=True)
except KeyboardInterrupt:
    print("\nUDP server stopped")
finally:
    server.close()
