#!/usr/bin/env bash
# Runs one fuzz target: fuzz/run.sh TARGET [SECONDS] (20 minutes unless told otherwise).
#
# Makes the seeds first. No sanitizer: the crate forbids unsafe code, so there is nothing for one to find, and without it
# any toolchain does, stable too. Instead overflow checks and debug assertions are on, and memory and time are bounded:
# 512 MiB in all, 128 MiB at once, 10 seconds an input.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

targets() { sed -n 's/^path = "fuzz_targets\/\(.*\)\.rs"$/\1/p' fuzz/Cargo.toml; }
if [[ $# -lt 1 || $# -gt 2 ]] || ! targets | grep -qx -- "$1"; then
    printf 'usage: fuzz/run.sh TARGET [SECONDS]\ntargets: %s\n' "$(targets | paste -sd ' ')" >&2
    exit 2
fi
target=$1
seconds=${2:-1200}

cargo fuzz --version >/dev/null 2>&1 || cargo install cargo-fuzz --locked
python3 fuzz/seeds.py 2>/dev/null
mkdir -p "fuzz/corpus/$target"
exec cargo fuzz run --sanitizer none "$target" -- \
    -max_total_time="$seconds" -max_len=32768 -timeout=10 -rss_limit_mb=512 -malloc_limit_mb=128 -print_final_stats=1
