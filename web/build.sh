#!/usr/bin/env bash
# Builds the page: one file that answers by itself, offline.
#
#   web/build.sh [--lab LAB.toml] [--check] [OUT]
#
#   --lab LAB.toml  build a lab file in
#   --check         only the form and what is missing: a page to hand out before the lab
#   OUT             where it goes; else target/socklab.html, or target/socklab-check.html
#
# Needs Rust with the target wasm32-unknown-unknown (rustup target add wasm32-unknown-unknown). Without it, on Debian or a
# system like it, packaging/toolchain.sh gets what is missing.
set -euo pipefail
caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
fail() { printf 'web/build.sh: %s\n' "$*" >&2; exit 1; }

mode=answers lab= out=
while (($#)); do
    case $1 in
        --lab) (($# > 1)) || fail "which lab file?"; lab=$(realpath "$caller/$2" 2>/dev/null || realpath "$2"); shift ;;
        --check) mode=check ;;
        -*) fail "there is no option $1" ;;
        *) case $1 in /*) out=$1 ;; *) out=$caller/$1 ;; esac ;;
    esac
    shift
done

triple=wasm32-unknown-unknown
target=$PWD/target
[[ $mode == check ]] && out=${out:-$target/socklab-check.html} || out=${out:-$target/socklab.html}
if [[ -n ${WASM_RUSTC-} ]]; then
    rustc=$WASM_RUSTC
elif [[ -d $(rustc --print target-libdir --target $triple 2>/dev/null) ]]; then
    rustc=rustc
elif command -v apt-get >/dev/null; then
    rustc=$(packaging/toolchain.sh wasm)
else
    fail "install the target first: rustup target add $triple"
fi
# Paths of this computer have no place in the page.
flags="--remap-path-prefix=$PWD=. --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"
for part in web web/unpack; do
    RUSTC=$rustc RUSTFLAGS=$flags CARGO_TARGET_DIR=$target/web cargo build --quiet --locked --release --lib \
        --manifest-path $part/Cargo.toml --target $triple
done
CARGO_TARGET_DIR=$target/web-pack cargo run --quiet --locked --manifest-path web/pack/Cargo.toml -- \
    "$target/web/$triple/release/socklab_web.wasm" "$target/web/$triple/release/socklab_web_unpack.wasm" "$out" "$mode" ${lab:+"$lab"}
printf '%s: %d bytes, %d with gzip\n' "$out" "$(wc -c <"$out")" "$(gzip -9c "$out" | wc -c)"
