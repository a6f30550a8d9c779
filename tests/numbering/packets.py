"""Packets byte by byte, and pcap files of them. Checksums stay 0: Wireshark does not verify them by default."""
import struct

SYN, RST, PSH, ACK, FIN = 0x02, 0x04, 0x08, 0x10, 0x01


def host4(number):
    return bytes([10, 0, 3, number])


def host6(number):
    return bytes.fromhex("fd000010000300000000000000000000")[:15] + bytes([number])


def tcp(ports, sequence, acknowledgement, flags, payload=b"", words=5):
    head = struct.pack(">HHIIBBHHH", *ports, sequence, acknowledgement, words << 4, flags, 1024, 0, 0)
    return head + payload


def udp(ports, payload=b"", length=None):
    return struct.pack(">HHHH", *ports, 8 + len(payload) if length is None else length, 0) + payload


def ipv4(ends, protocol, payload, *, identification=0, fragment=0, options=b"", total=None):
    """`fragment` is the field with flags and offset; `options` are a multiple of four bytes."""
    total = 20 + len(options) + len(payload) if total is None else total
    head = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0, total, identification, fragment, 64, protocol, 0)
    return head + host4(ends[0]) + host4(ends[1]) + options + payload


def ipv6(ends, protocol, payload, *, length=None):
    head = struct.pack(">IHBB", 6 << 28, len(payload) if length is None else length, protocol, 64)
    return head + host6(ends[0]) + host6(ends[1]) + payload


def ipv6_fragment(protocol, offset, more, identification, payload):
    return struct.pack(">BBHI", protocol, 0, offset | more, identification) + payload


def icmp(kind, code, payload, rest=0):
    """`rest` are the four bytes after the checksum."""
    return struct.pack(">BBHI", kind, code, 0, rest) + payload


def extensions(payload):
    """What RFC 4884 lets a router add behind a quote: a header and an object, here an MPLS label (RFC 4950)."""
    return struct.pack(">BBH", 0x20, 0, 0) + struct.pack(">HBB", 4 + len(payload), 1, 1) + payload


def option(kind, payload):
    """An option of neighbour discovery; its length counts in units of eight bytes."""
    data = payload + bytes(-(len(payload) + 2) % 8)
    return bytes([kind, (len(data) + 2) // 8 & 255]) + data


def redirected_header(packet):
    return option(4, bytes(6) + packet)


def ethernet(packet, vlan=None):
    """An IP packet in an Ethernet frame of 60 bytes at least."""
    kind = 0x0800 if packet[0] >> 4 == 4 else 0x86DD
    tag = b"" if vlan is None else struct.pack(">HH", 0x8100, vlan)
    frame = bytes.fromhex("020000000002020000000001") + tag + struct.pack(">H", kind) + packet
    return frame + bytes(max(0, 60 - len(frame)))


def pcap(frames):
    """A capture of Ethernet frames, each with its length on the wire: `(bytes, length)` or bytes alone."""
    file = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)]
    for number, frame in enumerate(frames):
        data, length = frame if isinstance(frame, tuple) else (frame, len(frame))
        file.append(struct.pack("<IIII", 1_700_000_000 + number, 0, len(data), length) + data)
    return b"".join(file)
