#!/usr/bin/env python3
"""Makes random captures with headers quoted in ICMP and ICMPv6 errors and with SNMP, and compares the stream numbers and
completeness values that socklab gives with those of tshark in its default settings.

    random_captures.py BINARY [--captures N] [--seed N] [--keep DIRECTORY]

Every capture is named by its seed, so that one that disagrees can be made again (`--captures 1 --seed N --keep .`). Ends
with status 1 if any disagrees, or if too few numbers were moved for the comparison to mean anything.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
from packets import (ACK, FIN, PSH, RST, SYN, ethernet, extensions, icmp, ipv4, ipv6, ipv6_fragment, option, pcap,
                     redirected_header, tcp, udp)

SNMP = bytes.fromhex("302602010104067075626c6963a019020101020100020100300e300c06082b060102010101000500")
# Beginnings that are nearly SNMP: cut, with more behind it, lengths in one, two and four bytes and beyond the end, other
# tags, and a version 3 message and a trap that end early.
NEARLY_SNMP = [SNMP[:9], SNMP + b"more", SNMP + SNMP, b"\x30\x81\x03\x02\x01\x00", b"\x30\x82\x00\x03\x02\x01\x00",
               b"\x30\x84\x00\x00\x00\x03\x02\x01\x00", b"\x30\x7f\x02\x01\x00",
               b"\x30\x00\x02", b"\x30\x03\x04\x01\x00", b"\x10\x03\x02\x01\x00", b"\x31\x03\x02\x01\x00", b"\x30",
               bytes.fromhex("303e020103301102041111"), bytes.fromhex("302902010004067075626c6963a41c06")]
PLAIN_PORTS = [(40000, 9), (40001, 9), (40000, 40001), (0, 9), (7, 7)]
SNMP_PORTS = [(40000, 161), (40000, 162), (40001, 8161), (161, 161), (40001, 9)]
HOSTS = [(1, 2), (2, 1), (2, 3), (3, 3)]
TCP_FLAGS = [SYN, SYN, SYN, SYN | ACK, SYN | ACK, ACK, ACK, PSH | ACK, FIN | ACK, RST, RST | ACK, FIN, 0]
SEQUENCES = [100, 101, 105, 7000, 0xFFFFFFFF]
# Types, and for neighbour discovery where the options begin.
ICMP_ERRORS = [3, 3, 3, 4, 5, 11, 12]
ICMPV6_ERRORS = [1, 2, 3, 4]
DISCOVERY = {133: 8, 134: 16, 135: 24, 136: 24, 137: 40, 141: 8, 142: 8, 147: 8, 148: 8, 149: 12, 150: 8, 154: 8}


class Maker:
    """Makes one capture."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.identification = 0

    def one_in(self, chances):
        return self.dice.randrange(chances) == 0

    def transport(self):
        """Protocol number and bytes of a segment or datagram."""
        dice, ends = self.dice, self.dice.choice(HOSTS)
        if dice.random() < 0.5:
            ports = dice.choice(PLAIN_PORTS)
            words = 5 if not self.one_in(25) else dice.choice([0, 4, 6, 15])
            if words < 5 and self.one_in(2):
                # Behind such a header no payload is dissected, on ports of SNMP neither.
                ports = dice.choice([(40000, 161), (162, 40001)])
            payload = b"x" * dice.choice([0, 0, 0, 1, 5, 40])
            packet = tcp(ports, dice.choice(SEQUENCES), dice.choice(SEQUENCES), dice.choice(TCP_FLAGS), payload, words)
            return ends, 6, packet
        snmp = dice.random() < 0.5
        ports = dice.choice(SNMP_PORTS if snmp else PLAIN_PORTS)
        if self.one_in(2):
            ports = ports[::-1]
        payload = SNMP if snmp and not self.one_in(4) else b"y" * dice.choice([0, 1, 30])
        if snmp and self.one_in(8):
            payload = dice.choice(NEARLY_SNMP)
        length = None if not self.one_in(20) else dice.choice([0, 7, 8, 9, 48, 53, 5000])
        return ends, 17, udp(ports, payload, length)

    def ip_packets(self):
        """One packet, or the fragments of one, in any order, now and then not all of them."""
        dice = self.dice
        ends, protocol, payload = self.transport()
        version = dice.choice([4, 4, 6])
        self.identification = dice.choice([self.identification, dice.randrange(1, 5)])
        if len(payload) <= 16 or not self.one_in(6):
            if version == 4:
                options = dice.choice([b""] * 12 + [b"\x94\x04\0\0", b"\x94\x03\0\0", b"\x01\x01\x01\0"])
                total = None if not self.one_in(25) else dice.choice([0, 5000])
                return [ipv4(ends, protocol, payload, options=options, total=total)]
            return [ipv6(ends, protocol, payload)]
        cut = 8 * dice.randrange(1, len(payload) // 8)
        parts = [(0, 1, payload[:cut]), (cut, 0, payload[cut:])]
        if version == 4:
            packets = [
                ipv4(ends, protocol, part, identification=self.identification, fragment=offset // 8 | more << 13)
                for offset, more, part in parts
            ]
        else:
            packets = [
                ipv6(ends, 44, ipv6_fragment(protocol, offset, more, self.identification, part))
                for offset, more, part in parts
            ]
        dice.shuffle(packets)
        return packets[: 1 if self.one_in(4) else 2]

    def quote(self, packet):
        """A packet cut as routers cut it, or not at all."""
        header = 40 if packet[0] >> 4 == 6 else 4 * (packet[0] & 15)
        kept = self.dice.choice([7, 8, 8, 12, 15, 16, 16, 20, 24, 28, 1000, 1000])
        return packet[: header + kept]

    def error(self, depth=0):
        """An ICMP or ICMPv6 message that quotes a packet, or several, or none that counts."""
        dice = self.dice
        quoted = self.error(depth + 1) if self.one_in(6) and depth < 5 else dice.choice(self.ip_packets())
        if self.one_in(12):
            # IP in IP.
            quoted = ipv4((3, 1), 4 if quoted[0] >> 4 == 4 else 41, quoted)
        data = self.quote(quoted)
        if self.one_in(10):
            data += bytes(8)
        rest = 0
        if self.one_in(8):
            # RFC 4884: the length of the quote in words of four bytes (eight in ICMPv6), and objects behind it.
            unit = 8 if quoted[0] >> 4 == 6 else 4
            data = data[: dice.choice([64, 128, 1000])]
            data += bytes(-len(data) % unit if self.one_in(2) else max(0, 128 - len(data)))
            rest = len(data) // unit << (24 if unit == 8 else 16)
            data += extensions(b"\x00\x01\x01\xff")
        is_ipv6 = quoted[0] >> 4 == 6
        if is_ipv6 and self.one_in(3):
            kind = dice.choice(list(DISCOVERY))
            options = [redirected_header(data)]
            if self.one_in(3):
                options += [redirected_header(self.quote(dice.choice(self.ip_packets())))]
            if self.one_in(3):
                options.insert(0, option(1, bytes(6)))
            body = icmp(kind, 0, b"")[:4] + bytes(DISCOVERY[kind] - 4) + b"".join(options)
            protocol = 58
        elif is_ipv6 and not self.one_in(6):
            body, protocol = icmp(dice.choice(ICMPV6_ERRORS), dice.randrange(5), data, rest), 58
        else:
            # ICMPv6 does not quote IPv4, and an echo quotes nothing.
            kind = dice.choice(ICMP_ERRORS) if not self.one_in(12) else 8
            body, protocol = icmp(kind, dice.randrange(5), data, rest), 1
            if self.one_in(15):
                body, protocol = icmp(dice.choice(ICMPV6_ERRORS), 0, data), 58
        outer = ipv6 if dice.random() < (0.8 if protocol == 58 else 0.1) else ipv4
        return outer((1, 2), protocol, body)

    def frames(self):
        """The frames, and which of them hold an error."""
        frames, errors = [], set()
        recent = []
        # One capture in four has a snapshot length, which cuts in the middle of headers and quotes.
        snap = self.dice.randrange(48, 120) if self.one_in(4) else None
        for _ in range(self.dice.randrange(20, 90)):
            if self.dice.random() < 0.4:
                packets = [self.error()]
                if self.one_in(10) and packets[0][0] >> 4 == 4 and len(packets[0]) > 60:
                    packets = self.fragments_of(packets[0])
                is_error = True
            elif recent and self.one_in(3):
                packets, is_error = [self.dice.choice(recent)], False
            else:
                packets, is_error = self.ip_packets(), False
                recent = (recent + packets)[-6:]
            for packet in packets:
                frame = ethernet(packet, self.dice.choice([None] * 8 + [1, 2]))
                length = len(frame)
                frame = frame[:snap]
                if self.one_in(30):
                    frame = frame[: self.dice.randrange(14, length + 1)]
                frames.append((frame, length))
                if is_error:
                    errors.add(len(frames))
        return frames, errors

    def fragments_of(self, packet):
        """An error that is fragmented itself."""
        payload, cut = packet[20:], 8 * self.dice.randrange(1, len(packet[20:]) // 8)
        ends = (packet[15], packet[19])
        parts = [(0, 1, payload[:cut]), (cut, 0, payload[cut:])]
        packets = [
            ipv4(ends, packet[9], part, identification=77, fragment=offset // 8 | more << 13) for offset, more, part in parts
        ]
        return packets if not self.one_in(4) else packets[::-1]


def by_tshark(path, settings):
    """The numbers on the screen: of each frame whose own header is TCP or UDP, `(protocol, stream, completeness, pair)`."""
    fields = ["frame.number", "ip.proto", "ipv6.nxt", "icmp.type", "icmpv6.type", "tcp.stream", "tcp.completeness",
              "udp.stream", "_ws.col.Source", "_ws.col.Destination", "tcp.srcport", "tcp.dstport", "udp.srcport",
              "udp.dstport"]
    command = ["tshark", "-2", "-n", "-r", path, "-T", "fields", *(word for field in fields for word in ("-e", field))]
    run = subprocess.run(command, env={**os.environ, "WIRESHARK_CONFIG_DIR": settings}, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{path}: tshark: {run.stderr}")
    frames = {}
    for line in run.stdout.splitlines():
        row = dict(zip(fields, line.split("\t")))
        if row["icmp.type"] or row["icmpv6.type"]:
            continue
        for protocol in ("tcp", "udp"):
            if row[f"{protocol}.stream"]:
                ends = [(row["_ws.col.Source"], row[f"{protocol}.srcport"]),
                        (row["_ws.col.Destination"], row[f"{protocol}.dstport"])]
                completeness = int(row["tcp.completeness"] or -1) if protocol == "tcp" else None
                frames[int(row["frame.number"])] = (protocol, int(row[f"{protocol}.stream"]), completeness, frozenset(ends))
    return frames


def expected(frames):
    """The streams as socklab should list them: by protocol and number, with completeness, first and last frame, and the
    number of frames. A UDP pair is one conversation, under the number of its first frame."""
    number_of_pair, streams = {}, {}
    for frame, (protocol, stream, completeness, pair) in sorted(frames.items()):
        if protocol == "udp":
            stream = number_of_pair.setdefault(pair, stream)
        there = streams.setdefault((protocol, stream), {"first": frame, "frames": 0, "pair": pair})
        there.update(last=frame, completeness=completeness)
        there["frames"] += 1
    return streams


def by_socklab(binary, path):
    run = subprocess.run([binary, "analyze", path, "--format", "json"], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{path}: status {run.returncode}: {run.stderr}")
    capture = json.loads(run.stdout)["captures"][0]
    streams = {}
    for protocol, entries in (("tcp", "tcp_connections"), ("udp", "udp_conversations")):
        for entry in capture[entries]:
            ends = [entry[end].rsplit(":", 1) for end in ("client", "server")]
            streams[protocol, entry["stream"]] = {
                "first": entry["first_frame"],
                "last": entry["last_frame"],
                "frames": sum(entry[way]["frames"] for way in ("client_to_server", "server_to_client")),
                "completeness": entry.get("completeness"),
                "pair": frozenset((ip.strip("[]"), port) for ip, port in ends),
            }
    return streams


def moved(streams):
    """How many numbers are not what counting the first frames gives."""
    count = 0
    for protocol in ("tcp", "udp"):
        of_protocol = sorted((entry["first"], number) for (kind, number), entry in streams.items() if kind == protocol)
        count += sum(number != position for position, (_, number) in enumerate(of_protocol))
    return count


def check(binary, seed, folder):
    """-> (the first difference or None, moved numbers, streams)"""
    frames, _ = Maker(seed).frames()
    path = f"{folder}/{seed}.pcap"
    with open(path, "wb") as file:
        file.write(pcap(frames))
    theirs, ours = expected(by_tshark(path, folder)), by_socklab(binary, path)
    for key in sorted(theirs.keys() | ours.keys()):
        if theirs.get(key) != ours.get(key):
            return f"seed {seed}: {key}: tshark {theirs.get(key)}, socklab {ours.get(key)}", 0, 0
    os.unlink(path)
    return None, moved(theirs), len(theirs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--captures", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the first capture; the others count on from it")
    parser.add_argument("--keep", help="a directory for the captures that disagree")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = arguments.keep or temporary
        seeds = range(arguments.seed, arguments.seed + arguments.captures)
        results = list(pool.map(lambda seed: check(os.path.abspath(arguments.binary), seed, folder), seeds))
    different = [difference for difference, _, _ in results if difference]
    for difference in different[:20]:
        print(difference)
    moved_numbers, streams = sum(result[1] for result in results), sum(result[2] for result in results)
    print(f"{len(results)} captures, {streams} streams, {moved_numbers} of them moved: {len(different)} captures differ")
    if not different and moved_numbers < len(results):
        sys.exit("too few numbers are moved: this compares nothing")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
