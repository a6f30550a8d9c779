#!/usr/bin/env python3
"""Writes Debian's copyright file (machine-readable, DEP-5) for the program and all that is compiled into it.

Reads the output of `cargo metadata` for the target. Where a crate leaves the choice, it is used under MIT, else Apache-2.0."""

import json
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
CHOICE = ["MIT", "Apache-2.0", "Zlib", "BSD-3-Clause", "Unicode-3.0"]
# What the text of a licence has, by which it is found among a crate's files.
TEXTS = {
    "Zlib": "This software is provided 'as-is'",
    "BSD-3-Clause": "Redistribution and use in source and binary forms",
    "Unicode-3.0": "UNICODE LICENSE V3",
}


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def linked(metadata):
    """The crates of others in the program: neither those of tests and build scripts nor macros, and not what only those need."""
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    found, todo = set(), [metadata["resolve"]["root"]]
    while todo:
        node = todo.pop()
        kinds = {kind for target in packages[node]["targets"] for kind in target["kind"]}
        if node in found or "proc-macro" in kinds:
            continue
        found.add(node)
        for dependency in nodes[node]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                todo.append(dependency["pkg"])
    # Crates of this workspace come from no registry.
    others = (packages[node] for node in found if packages[node]["source"] is not None)
    return sorted(others, key=lambda package: (package["name"], package["version"]))


def chosen(package):
    """The licences that are taken of a crate's expression: all that it joins by AND, one of those that it joins by OR."""
    taken = []
    for part in (package["license"] or "").split(" AND "):
        options = re.split(r" OR |/", part.strip("() "))
        name = next((name for name in CHOICE if name in options), None)
        if name is None:
            sys.exit(f"copyright.py: {package['name']} is under {package['license']}: none of {', '.join(CHOICE)}")
        taken.append(name)
    return taken


def licence_files(package):
    folder = os.path.dirname(package["manifest_path"])
    names = sorted(name for name in os.listdir(folder) if re.match(r"(?i)(licen[sc]e|copying|copyright|notice)", name))
    return [read(os.path.join(folder, name)) for name in names if os.path.isfile(os.path.join(folder, name))]


def holders(package):
    lines = []
    for text in licence_files(package):
        for line in text.splitlines():
            match = re.match(r"\s*(?:Copyright\s+)?(?:\(c\)|©|copyright)\s*(.*\d{4}.*|the .*|individual .*)", line, re.I)
            if match and "yyyy" not in line and match.group(1) not in lines:
                lines.append(match.group(1).strip().rstrip("."))
    return lines or package["authors"] or [f"the {package['name']} contributors"]


def paragraph(text):
    return "\n".join(f" {line.rstrip()}" if line.strip() else " ." for line in text.strip("\n").splitlines())


def main():
    metadata = json.load(sys.stdin)
    out = [
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: socklab\n"
        "Comment: What is under rust/ and vendor/ is not in the source: it is compiled into the program.",
        "Files: *\nCopyright: 2026 the socklab maintainers\nLicense: MIT or Apache-2.0",
        "Files: rust/*\nCopyright: The Rust Project contributors\nLicense: MIT or Apache-2.0\n"
        "Comment: The standard library.",
    ]
    texts = {
        "Apache-2.0": 'On Debian systems, the text of the Apache License, version 2.0, is in\n"/usr/share/common-licenses/Apache-2.0"; '
        "it is also at\nhttps://www.apache.org/licenses/LICENSE-2.0.",
        "MIT": read(os.path.join(ROOT, "LICENSE-MIT")).split("\n\n", 2)[2],
    }
    used = {"MIT", "Apache-2.0"}
    for package in linked(metadata):
        names = chosen(package)
        people = "\n           ".join(holders(package))
        out.append(f"Files: vendor/{package['name']}-{package['version']}/*\nCopyright: {people}\n"
                   f"License: {' and '.join(names)}")
        for name in names:
            used.add(name)
            if name not in texts:
                texts.update((name, text) for text in licence_files(package) if TEXTS[name] in text)
    if missing := used - texts.keys():
        sys.exit(f"copyright.py: no crate has the text of {', '.join(sorted(missing))}")
    out += [f"License: {name}\n{paragraph(text)}" for name, text in sorted(texts.items())]
    print("\n\n".join(out))


main()
