#!/usr/bin/env bash
# Builds the page and its form for lecturers, and uses both in Chromium, opened as files. Needs what web/build.sh needs, and
# chromium, node, npm and python3.
#
#   web/test.sh [SOCKLAB [SCREENSHOTS]]
#
# SOCKLAB is the program that must say the same (target/release/socklab), SCREENSHOTS a directory for pictures of the page.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
socklab=$(realpath "${1:-target/release/socklab}")
shots=${2:+$(realpath "$2")}
mkdir -p target
lab=$(mktemp)
trap 'rm -f "$lab"' EXIT
printf '[points]\n"I.1b" = 4\n' >"$lab"
web/build.sh
web/build.sh --check --lab "$lab"
answers=$PWD/target/socklab.html check=$PWD/target/socklab-check.html
chromium=$(command -v "${CHROMIUM:-chromium}")
cd tests/browser
npm ci --ignore-scripts --no-audit --no-fund --silent
node page.mjs "$socklab" "$chromium" "$answers" "$check" "$shots"
