# The UDP client of step 12. It sends each line that you type as one datagram.
import socket

SERVER_ADDRESS = "10.0.3.1"  # the IP address of the server's computer, A
SERVER_PORT = 65433  # the same number as in udp_server.py

client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
# There is no connect(): so far nothing is sent, and the client has no port.
print("Type a line and press Enter. Ctrl+C or Ctrl+D ends.", flush=True)
try:
    while True:
        # The first sendto() also gives this socket a port. It returns when the
        # datagram has left; whether it arrives, UDP does not tell.
        client.sendto(input().encode(), (SERVER_ADDRESS, SERVER_PORT))
except (KeyboardInterrupt, EOFError):
    print("\nUDP client stopped")
finally:
    client.close()
