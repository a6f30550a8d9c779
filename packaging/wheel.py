#!/usr/bin/env python3
"""Packs the program into a Python wheel, so that pip and pipx install it: wheel.py VERSION TAG PROGRAM COPYRIGHT FOLDER.

The bytes depend on the arguments and SOURCE_DATE_EPOCH alone (binary distribution format, PEP 427)."""

import base64
import hashlib
import os
import sys
import time
import zipfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
# Times in zip files begin in 1980.
MOMENT = time.gmtime(max(int(os.environ["SOURCE_DATE_EPOCH"]), 315_532_800))[:6]


def text(name):
    with open(os.path.join(ROOT, name), "rb") as file:
        return file.read()


def main():
    version, tag, program, copyright_file, folder = sys.argv[1:]
    info = f"socklab-{version}.dist-info"
    metadata = "\n".join([
        "Metadata-Version: 2.1",
        "Name: socklab",
        f"Version: {version}",
        "Summary: A socket programming lab, and the answers from its captures",
        "License: MIT OR Apache-2.0",
        "Keywords: socket,pcap,pcapng,wireshark,teaching",
        "Classifier: Environment :: Console",
        "Classifier: Intended Audience :: Education",
        "Classifier: Programming Language :: Rust",
        "Classifier: Topic :: System :: Networking :: Monitoring",
        "Requires-Python: >=3.7",
        "License-File: LICENSE-MIT",
        "License-File: LICENSE-APACHE",
        "License-File: copyright",
        "Description-Content-Type: text/markdown",
        "",
    ]).encode() + b"\n" + text("README.md")
    wheel = f"Wheel-Version: 1.0\nGenerator: socklab\nRoot-Is-Purelib: false\nTag: py3-none-{tag}\n".encode()
    with open(program, "rb") as file:
        binary = file.read()
    with open(copyright_file, "rb") as file:
        notices = file.read()
    # pip puts what is in `scripts` on the path.
    files = [
        (f"socklab-{version}.data/scripts/{os.path.basename(program)}", binary, 0o755),
        (f"{info}/METADATA", metadata, 0o644),
        (f"{info}/WHEEL", wheel, 0o644),
        (f"{info}/licenses/LICENSE-APACHE", text("LICENSE-APACHE"), 0o644),
        (f"{info}/licenses/LICENSE-MIT", text("LICENSE-MIT"), 0o644),
        (f"{info}/licenses/copyright", notices, 0o644),
    ]
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n"
        for name, data, _ in files
    )
    files.append((f"{info}/RECORD", f"{record}{info}/RECORD,,\n".encode(), 0o644))
    path = os.path.join(folder, f"socklab-{version}-py3-none-{tag}.whl")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data, mode in files:
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, data)


main()
