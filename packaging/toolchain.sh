#!/usr/bin/env bash
# Gets what compiles for another target, without changing the system's Rust: Debian's compiler (the newest that the system's
# Debian release has), unpacked and not installed, and the standard library for the target, built from Debian's sources of
# that compiler. cargo is the system's.
#
#   packaging/toolchain.sh arm64|armhf|windows|wasm
#
# Prints the compiler to set RUSTC to. Needs Debian or a system like it, and root or sudo to install the linker.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'packaging/toolchain.sh: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }
as_root() { if [[ $EUID -eq 0 ]]; then "$@"; else sudo -n "$@"; fi; }

target=${1-}
panic=panic_unwind
case $target in
    arm64) triple=aarch64-unknown-linux-gnu linker=aarch64-linux-gnu-gcc
        install=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross) ;;
    armhf) triple=armv7-unknown-linux-gnueabihf linker=arm-linux-gnueabihf-gcc
        install=(gcc-arm-linux-gnueabihf libc6-dev-armhf-cross) ;;
    windows) triple=x86_64-pc-windows-gnu linker=x86_64-w64-mingw32-gcc
        install=(gcc-mingw-w64-x86-64) ;;
    # The linker comes with the system's Rust.
    wasm) triple=wasm32-unknown-unknown linker=rustc panic=panic_abort install=() ;;
    *) fail "which target: arm64, armhf, windows or wasm?" ;;
esac

command -v "$linker" >/dev/null || {
    as_root apt-get update -qq >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${install[@]}" >&2
}

root=$PWD/target/toolchain
rustc=$root/rustc
debs=$root/debs
mkdir -p "$debs"

download() { (cd "$debs" && apt-get -qq -o APT::Sandbox::User=root download "$@" >&2); }
unpack() {
    download "$@"
    for package; do dpkg -x "$debs/${package%%=*}"_*.deb "$root"; done
}

# What a package of the unpacked compiler depends on, by the beginning of the name.
dependency() {
    dpkg-deb -f "$debs/$1"_*.deb Depends | tr ',' '\n' | sed -nE "s/^ *($2[^ ]*).*/\1/p" | head -1
}

if [[ ! -x $rustc ]]; then
    say "unpacking Debian's compiler"
    unpack rustc-web libstd-rust-web-dev
    library=$(dependency libstd-rust-web-dev libstd-rust-web-)
    unpack "$library"
    unpack "$(dependency "$library" libllvm)"
    # The library of exactly this compiler's release, or nothing made with it would link.
    download "rust-web-src=$(dpkg-deb -f "$debs"/rustc-web_*.deb Version)"
    dpkg --fsys-tarfile "$debs"/rust-web-src_*.deb |
        tar -x -C "$root" --wildcards ./usr/lib/rustlib/src/rust './usr/src/rustc-*/library'
    # Where it lies is where it is started from, so that the folder can be moved.
    printf '#!/bin/sh\nhere=$(dirname "$0")\nLD_LIBRARY_PATH=$here/usr/lib/%s exec "$here/usr/bin/rustc" "$@"\n' \
        "$(dpkg-architecture -qDEB_HOST_MULTIARCH)" >"$rustc.new"
    chmod +x "$rustc.new"
    "$rustc.new" --version >&2
    mv "$rustc.new" "$rustc"
fi

# For a package of nothing, whose folder has the sources of the library below it, so that cargo makes the same names of it in
# whichever folder that is. Messages name source files: without the folders of this machine.
build_library() {
    local library=$1 object sources
    say "building the standard library for $triple"
    sources=$(realpath "$root"/usr/lib/rustlib/src/rust/library)
    mkdir -p "$root/src" "$library"
    : >"$root/src/lib.rs"
    printf '[package]\nname="seed"\nversion="0.0.0"\nedition="2021"\n[workspace]\n' >"$root/Cargo.toml"
    (
        cd "$root"
        export RUSTC=$rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$root/built
        export RUSTFLAGS="-Cembed-bitcode=yes --remap-path-prefix=$root=/rust"
        RUSTFLAGS+=" --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
        cargo build --release --target "$triple" -Zbuild-std="std,$panic" >&2
    )
    cp "$root/built/$triple"/release/deps/lib*.rlib "$library/"
    rm -rf "$library"/libseed-* "$root/built"
    if [[ $target == windows ]]; then
        for object in rsbegin rsend; do
            RUSTC_BOOTSTRAP=1 "$rustc" --target "$triple" --emit=obj -o "$library/$object.o" "$sources/rtstartup/$object.rs"
        done
    fi
}

rustlib=$root/usr/lib/rustlib
if [[ ! -d $rustlib/$triple/lib ]]; then
    if [[ $target == wasm ]]; then
        tools=lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin
        mkdir -p "$root/usr/$tools"
        ln -sf "$(rustc --print sysroot)/$tools/rust-lld" "$root/usr/$tools/"
    fi
    # Whole or not at all.
    rm -rf "$rustlib/$triple.new"
    build_library "$rustlib/$triple.new"
    mkdir -p "$rustlib/$triple"
    mv "$rustlib/$triple.new" "$rustlib/$triple/lib"
fi
echo "$rustc"
