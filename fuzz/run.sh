#!/usr/bin/env bash
# Runs one fuzz target, or all of them one after the other: fuzz/run.sh TARGET|all [SECONDS]. Each until 10 million
# executions or that many seconds, 20 minutes unless told otherwise.
#
# Makes the seeds first. No sanitizer: the crate forbids unsafe code, so there is nothing for one to find, and without it
# any toolchain does, stable too. Instead overflow checks and debug assertions are on, and memory and time are bounded:
# 512 MiB in all, 128 MiB at once, 10 seconds an input.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mapfile -t targets < <(sed -n 's/^path = "fuzz_targets\/\(.*\)\.rs"$/\1/p' fuzz/Cargo.toml)
if [[ $# -lt 1 || $# -gt 2 ]] || ! printf '%s\n' all "${targets[@]}" | grep -qx -- "$1"; then
    printf 'usage: fuzz/run.sh TARGET|all [SECONDS]\ntargets: %s\n' "${targets[*]}" >&2
    exit 2
fi
seconds=${2:-1200}

run() {
    mkdir -p "fuzz/corpus/$1"
    cargo fuzz run --sanitizer none --codegen-units 16 "$1" -- -runs=10000000 -max_total_time="$seconds" -max_len=32768 \
        -timeout=10 -rss_limit_mb=512 -malloc_limit_mb=128 -print_final_stats=1
}

# The same, saying no more than its figures; at a crash the end of what was said, and the input.
run_quietly() {
    local log artifact
    log=$(mktemp)
    if run "$1" >"$log" 2>&1; then
        printf '%s: %s, peak memory %s MiB\n' "$1" "$(sed -n 's/^Done //p' "$log")" \
            "$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")"
        rm "$log"
        return
    fi
    tail -n 60 "$log" >&2
    artifact=$(sed -n 's/^artifact_prefix=.*Test unit written to //p' "$log" | tail -n 1)
    rm "$log"
    if [[ -f $artifact ]]; then
        printf 'fuzz/run.sh: %s failed at %s, %s bytes; its first 6 KiB, for base64 -d:\n' \
            "$1" "$artifact" "$(stat -c %s "$artifact")" >&2
        head -c 6144 "$artifact" | base64 >&2
    fi
    return 1
}

# It only calls cargo: built without optimising, it is there in half the time.
cargo fuzz --version >/dev/null 2>&1 || cargo install cargo-fuzz --locked --debug
python3 fuzz/seeds.py
if [[ $1 == all ]]; then
    cargo fuzz build --sanitizer none --codegen-units 16
    for target in "${targets[@]}"; do
        run_quietly "$target"
    done
else
    run "$1"
fi
