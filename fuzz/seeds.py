#!/usr/bin/env python3
"""Makes the seeds of every fuzz target, in fuzz/corpus/TARGET/, from the fixtures and, where it is there, from the corpus
beside the checkout (../shared/corpus). Nothing is read from the network; run again, it makes the same files.
"""

import gzip
import hashlib
import itertools
import os
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("SOCKLAB_SHARED", ROOT.parent / "shared")) / "corpus"
SEPARATOR = b"\n--- next file ---\n"
MOST = 32 * 1024
LINK_TYPES = [1, 0, 9, 12, 14, 50, 51, 101, 104, 105, 108, 113, 228, 229, 276, 127]

LAB_FILES = [
    '# lab\n[hosts]\nA = "10.0.3.1"\nB = "10.0.3.2"\nC = "10.0.3.3"\n[ports]\ntcp = 65432\nudp = 12000\n',
    '# lab\n[points]\n"I.1a" = 3\n[steps]\n"step8.pcapng" = "I.8"\n"x/y.pcap" = "II.2"\n',
    '# lab\nhosts = { A = "fd00::1" }\nports.tcp = 50007\n',
]


ANSWERS = [
    '["I.1a"]\nhandshake_frames = [1, 2, 3]\ndata_frames = "4-6"\nexplanation = """\ntext\n"""\n',
    '["I.1b"]\nclient_socket_addresses = ["10.0.3.2:40000"]\nserver_socket_addresses = "10.0.3.1:65432"\n',
    '{"I.2": {"second_server_started": false, "errno": "EADDRINUSE"}, "II.1": {"clients_connected": 4}}',
]

FILTERS = [
    "tcp and port 65432",
    "not (arp or icmp6) && udp dst port 12000",
    "src host 10.0.3.1 or ip6 and dst host fd00::1",
    "! tcp src port 22 || ip and host 10.0.3.2",
    "ip.addr==10.0.3.1 and tcp",
    "((((udp))))",
]


def save(target, data):
    if 0 < len(data) <= MOST:
        folder = ROOT / "fuzz" / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def captures():
    """Every capture with its name, those of the fixtures first."""
    for folder in sorted((ROOT / "fixtures").iterdir()):
        if folder.is_dir():
            for path in sorted(folder.iterdir()):
                if path.is_file() and ".pcap" in path.name:
                    yield path, path.read_bytes()
    if SHARED.is_dir():
        for path in sorted(SHARED.glob("*/*")):
            if path.is_file():
                yield path, path.read_bytes()


def journals():
    for path in sorted((ROOT / "fixtures").glob("*/journals/*.jsonl")):
        yield path, path.read_bytes()


def frames(data):
    """Link type and bytes of the frames of a plain pcap or pcapng file, as far as it is in order."""
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError):
            return
    if data[:4] == b"\n\r\r\n" and len(data) >= 12:
        yield from blocks(data, "<" if data[8:12] == b"\x4d\x3c\x2b\x1a" else ">")
    elif data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\xa1\xb2\x3c\x4d"):
        yield from records(data, "<" if data[0] in (0xD4, 0x4D) else ">")


def records(data, order):
    if len(data) < 24:
        return
    (link,) = struct.unpack(order + "I", data[20:24])
    at = 24
    while at + 16 <= len(data):
        captured, _ = struct.unpack(order + "II", data[at + 8 : at + 16])
        yield link & 0xFFFF, data[at + 16 : at + 16 + captured]
        at += 16 + captured


def blocks(data, order):
    at, links = 0, []
    while at + 12 <= len(data):
        kind, length = struct.unpack(order + "II", data[at : at + 8])
        if length < 12 or length % 4:
            return
        body = data[at + 8 : at + length - 4]
        if kind == 1 and len(body) >= 8:
            links.append(struct.unpack(order + "H", body[:2])[0])
        elif kind == 6 and len(body) >= 20:
            interface, _, _, captured, _ = struct.unpack(order + "5I", body[:20])
            if interface < len(links):
                yield links[interface], body[20 : 20 + captured]
        at += length


def decoder_input(frames):
    out = b""
    for link, frame in frames:
        if link in LINK_TYPES and len(frame) < 0x10000:
            out += struct.pack("<HBB", len(frame), LINK_TYPES.index(link), 0) + frame
    return out


def main():
    all_captures, all_journals = list(captures()), list(journals())
    for path, data in all_captures:
        save("reader", data)
        save("analysis", data)
        save("analysis", b"!" + data)
        save("decoder", decoder_input(itertools.islice(frames(data), 40)))
    for path, data in all_journals:
        save("journal", data)
    for text in LAB_FILES:
        save("lab_file", text.encode())
    for text in ["a = " + "[" * 10_000, "a = " + "{ a = " * 5_000, "[" + "a." * 10_000 + "a]", "[" * 20_000]:
        save("lab_file", text.encode())
        save("answers", text.encode())
    for path in sorted((ROOT / "fixtures").glob("**/*.toml")) + sorted((ROOT / "fixtures").glob("**/answers*.json")):
        save("answers", path.read_bytes())
    for text in ANSWERS:
        save("answers", text.encode())
    for text in FILTERS:
        save("filter", text.encode())
    for folder in sorted({path.parent for path, _ in all_captures if ROOT / "fixtures" in path.parents}):
        whole_labs(folder, all_captures, all_journals)
    for target in sorted((ROOT / "fuzz" / "corpus").iterdir()):
        print(f"{target.name}: {len(list(target.iterdir()))} seeds", file=sys.stderr)


def whole_labs(folder, all_captures, all_journals):
    """All that a student hands in, as one input."""
    own = [data for path, data in all_captures if path.parent == folder]
    said = [data for path, data in all_journals if path.parent.parent == folder]
    for first in range(0, len(own), 2):
        parts = own[first : first + 2] + said[first : first + 3] + [LAB_FILES[first % len(LAB_FILES)].encode()]
        save("analysis", SEPARATOR.join(parts))


if __name__ == "__main__":
    main()
