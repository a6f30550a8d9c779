#!/usr/bin/env python3
"""Tunnels and applications after which Wireshark's stream numbers are not those that socklab gives: one small capture of
each. In each tshark, in its default settings, shows another number than socklab for some stream, and socklab says that
it may.

    causes.py BINARY
"""
import json
import os
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from packets import ACK, PSH, SYN, ethernet, ipv4, ipv6, pcap, tcp, udp

INNER = ipv4((5, 6), 17, udp((1111, 2222), b"inside"))
INNER6 = ipv6((5, 6), 17, udp((1111, 2222), b"inside"))
FRAME = ethernet(INNER)


def in_ip(protocol, payload):
    return [ethernet(ipv4((2, 1), protocol, payload))]


def in_udp(port, payload):
    return [ethernet(ipv4((2, 1), 17, udp((40000, port), payload)))]


def in_tcp(port, *exchange):
    """A connection whose sides send these payloads; a server's begin with `<`."""
    def segment(back, sequence, acknowledgement, flags, payload=b""):
        ends, ports = ((1, 2), (port, 41000)) if back else ((2, 1), (41000, port))
        return ethernet(ipv4(ends, 6, tcp(ports, sequence, acknowledgement, flags, payload)))

    frames = [segment(False, 99, 0, SYN), segment(True, 499, 100, SYN | ACK), segment(False, 100, 500, ACK)]
    sent = [100, 500]
    for back, payload in exchange:
        frames.append(segment(back, sent[back], sent[not back], PSH | ACK, payload))
        sent[back] += len(payload)
        frames.append(segment(not back, sent[not back], sent[back], ACK))
    return frames


def sflow():
    record = struct.pack(">IIII", 1, len(FRAME), 0, len(FRAME)) + FRAME
    sample = struct.pack(">IIIIIIII", 1, 1, 1, 1, 0, 1, 2, 1) + struct.pack(">II", 1, len(record)) + record
    return struct.pack(">II4sIIII", 5, 1, bytes([10, 0, 3, 2]), 0, 1, 1, 1) + struct.pack(">II", 1, len(sample)) + sample


def openflow():
    body = struct.pack(">IHHBB", 0xFFFFFFFF, len(FRAME), 1, 0, 0) + FRAME
    return struct.pack(">BBHI", 1, 10, 8 + len(body), 1) + body


def portmap():
    """A client asks the port mapper for NFS over UDP; afterwards two clients of that port."""
    call = struct.pack(">IIIIIIIIIIIIII", 7, 0, 2, 100000, 2, 3, 0, 0, 0, 0, 100003, 3, 17, 0)
    reply = struct.pack(">IIIIIII", 7, 1, 0, 0, 0, 0, 2049)
    null = struct.pack(">IIIIIIIIII", 8, 0, 2, 100003, 3, 0, 0, 0, 0, 0)
    done = struct.pack(">IIIIII", 8, 1, 0, 0, 0, 0)
    answer = lambda ports, data: ethernet(ipv4((1, 2), 17, udp(ports, data)))
    frames = in_udp(111, call) + [answer((111, 40000), reply)]
    for port in (700, 701):
        frames += [ethernet(ipv4((2, 1), 17, udp((port, 2049), null))), answer((2049, port), done)]
    return frames


def sip():
    """Two telephones announce where they want their media, and send some."""
    def message(start, host, port):
        session = f"v=0\r\no=a 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
        return (f"{start}\r\nVia: SIP/2.0/UDP 10.0.3.2\r\nFrom: <sip:a@10.0.3.2>;tag=1\r\nTo: <sip:b@10.0.3.1>;tag=2\r\n"
                f"Call-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: {len(session)}\r\n\r\n"
                f"{session}").encode()

    invite = ethernet(ipv4((2, 1), 17, udp((5060, 5060), message("INVITE sip:b@10.0.3.1 SIP/2.0", "10.0.3.2", 6000))))
    accept = ethernet(ipv4((1, 2), 17, udp((5060, 5060), message("SIP/2.0 200 OK", "10.0.3.1", 7000))))
    media = struct.pack(">BBHII", 0x80, 0, 1, 0, 9) + bytes(160)
    there = ethernet(ipv4((1, 2), 17, udp((7000, 6000), media)))
    back = ethernet(ipv4((2, 1), 17, udp((6000, 7000), media)))
    return [invite, accept, there, back, there, back]


SOCKS = [(False, b"\x05\x01\x00"), (True, b"\x05\x00"), (False, b"\x05\x01\x00\x01\x0a\x00\x03\x09\x00\x50"),
         (True, b"\x05\x00\x00\x01\x0a\x00\x03\x09\x00\x50"), (False, b"hello\n"), (True, b"hello\n")]
CAUSES = {
    "GRE": in_ip(47, b"\0\0\x08\0" + INNER),
    "GRE in UDP": in_udp(4754, b"\0\0\x08\0" + INNER),
    "AH": in_ip(51, struct.pack(">BBHII", 17, 4, 0, 1, 1) + bytes(12) + udp((1111, 2222), b"inside")),
    "EtherIP": in_ip(97, b"\x30\x00" + FRAME),
    "Ethernet in IP": in_ip(143, FRAME),
    "PIM Register": in_ip(103, b"\x21\0\0\0\0\0\0\0" + INNER),
    "L2TP": in_udp(1701, b"\x00\x02\x00\x01\x00\x01\xff\x03\x00\x21" + INNER),
    "MPLS in IP": in_ip(137, b"\x00\x01\x01\x40" + INNER),
    "MPLS in UDP": in_udp(6635, b"\x00\x01\x01\x40" + INNER),
    "VXLAN": in_udp(4789, b"\x08\0\0\0\0\0\x01\0" + FRAME),
    "VXLAN-GPE": in_udp(4790, b"\x0c\0\0\x01\0\0\x01\0" + INNER),
    "Geneve": in_udp(6081, b"\0\0\x65\x58\0\0\x01\0" + FRAME),
    "GTP": in_udp(2152, b"\x30\xff" + struct.pack(">HI", len(INNER), 1) + INNER),
    "Teredo": in_udp(3544, INNER6),
    "AYIYA": in_udp(5072, b"\x44\x52\x11\x29" + bytes(4 + 16 + 20) + INNER6),
    "LISP": in_udp(4341, bytes(8) + INNER),
    "CAPWAP": in_udp(5247, b"\x00\x10\x02\x00\0\0\0\0" + FRAME),
    "TZSP": in_udp(37008, b"\x01\0\0\x01\x01" + FRAME),
    "sFlow": in_udp(6343, sflow()),
    "OpenFlow": in_tcp(6653, (True, openflow())),
    "SOCKS": in_tcp(1080, *SOCKS),
    "VNC": in_tcp(5902, (True, b"RFB 003.008\n"), (False, b"RFB 003.008\n")),
    "ONC RPC": portmap(),
    "SIP": sip(),
}
# No causes: neither a mention nor another number.
HARMLESS = {
    "VNC on its own port": in_tcp(5900, (True, b"RFB 003.008\n"), (False, b"RFB 003.008\n")),
    "text on a port of VXLAN": in_udp(4789, b"hello\n"),
    "text on a port of OpenFlow": in_tcp(6653, (False, b"hello\n")),
    "VXLAN on a port that Wireshark does not know": in_udp(8472, b"\x08\0\0\0\0\0\x01\0" + FRAME),
    "text to the lab": in_tcp(65432, (False, b"hello\n")),
}
# Streams of both protocols that begin afterwards.
AFTER = in_tcp(65432, (False, b"hello\n")) + [ethernet(ipv4((2, 1), 17, udp((50000, 65433), b"hello\n")))]


def numbers_of_tshark(path, settings):
    """The numbers of each frame, `[tcp, udp]`, outermost first."""
    command = ["tshark", "-2", "-n", "-r", path, "-T", "fields", "-E", "occurrence=a", "-e", "tcp.stream", "-e", "udp.stream"]
    environment = {**os.environ, "WIRESHARK_CONFIG_DIR": settings}
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return [[field.split(",") if field else [] for field in line.split("\t")] for line in output.splitlines()]


def numbers_of_socklab(binary, path):
    """The number of each stream at its first and last frame, by frame and protocol; and whether the findings warn."""
    output = subprocess.run([binary, "analyze", path, "--format", "json"], capture_output=True, text=True, check=True).stdout
    found = json.loads(output)
    capture, numbers = found["captures"][0], {}
    for column, name in enumerate(("tcp_connections", "udp_conversations")):
        for stream in capture[name]:
            for frame in (stream["first_frame"], stream["last_frame"]):
                numbers[frame, column] = str(stream["stream"])
    return numbers, any(finding["code"] == "stream-numbers" for finding in found["findings"])


def check(binary, frames, settings, expected):
    path = f"{settings}/x.pcap"
    with open(path, "wb") as file:
        file.write(pcap(frames + AFTER))
    theirs = numbers_of_tshark(path, settings)
    ours, warned = numbers_of_socklab(binary, path)
    differs = any(theirs[frame - 1][column][:1] != [number] for (frame, column), number in ours.items())
    shown = any(len(column) > 1 for row in theirs for column in row) or differs
    if (differs or shown) != expected or warned != expected:
        return f"tshark {'differs' if differs else 'agrees'}, socklab {'warns' if warned else 'is silent'}"
    return None


def main():
    wrong = 0
    with tempfile.TemporaryDirectory() as settings:
        for causes, expected in ((CAUSES, True), (HARMLESS, False)):
            for name, frames in causes.items():
                difference = check(os.path.abspath(sys.argv[1]), frames, settings, expected)
                wrong += difference is not None
                print(f"{name}: {difference or 'as it should be'}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
