#!/usr/bin/env bash
# Looks at the page in Chromium. Needs chromium (Debian's package), node and npm; the packages come from the npm registry
# as package-lock.json has them.
#
#     tests/browser/run.sh [SOCKLAB [SCREENSHOTS]]
#
# SOCKLAB is the program (target/release/socklab), SCREENSHOTS a directory for pictures of the pages.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
socklab=$(realpath "${1:-$here/../../target/release/socklab}")
shots=${2:+$(realpath "$2")}
for tool in node npm "${CHROMIUM:=chromium}"; do
    command -v "$tool" >/dev/null || { printf '%s: %s is not installed\n' "$0" "$tool" >&2; exit 1; }
done
cd "$here"
npm ci --ignore-scripts --no-audit --no-fund --silent
node check.mjs "$socklab" "$(command -v "$CHROMIUM")" "$shots"
exec node grades.mjs "$socklab" "$(command -v "$CHROMIUM")"
