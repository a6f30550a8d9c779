#!/usr/bin/env bash
# Gets what compiles for another architecture, without changing the system's Rust: Debian's compiler (the newest that the
# system's Debian release has), unpacked and not installed, and the standard library for the target. That of arm64 and armhf
# is Debian's own of that architecture; for Windows it is built from Debian's sources of it. cargo is the system's.
#
#   packaging/toolchain.sh arm64|armhf|windows
#
# Prints the compiler to set RUSTC to. Needs Debian or a system like it, and root or sudo to install the linker.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'packaging/toolchain.sh: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }
as_root() { if [[ $EUID -eq 0 ]]; then "$@"; else sudo -n "$@"; fi; }

target=${1-}
case $target in
    arm64) triple=aarch64-unknown-linux-gnu linker=aarch64-linux-gnu-gcc
        install=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross) ;;
    armhf) triple=armv7-unknown-linux-gnueabihf linker=arm-linux-gnueabihf-gcc
        install=(gcc-arm-linux-gnueabihf libc6-dev-armhf-cross) ;;
    windows) triple=x86_64-pc-windows-gnu linker=x86_64-w64-mingw32-gcc
        install=(gcc-mingw-w64-x86-64) ;;
    *) fail "which target: arm64, armhf or windows?" ;;
esac

command -v "$linker" >/dev/null || {
    as_root apt-get update -qq >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${install[@]}" >&2
}

root=$PWD/target/toolchain
rustc=$root/rustc
rustlib=$root/usr/lib/rustlib
mkdir -p "$root"

# Downloads packages and unpacks them. The lists and caches of an architecture other than the system's are kept apart.
unpack() {
    local architecture=$1 folder=$root/debs/$1 options=(-qq -o APT::Sandbox::User=root)
    shift
    mkdir -p "$folder"
    if [[ $architecture != "$(dpkg --print-architecture)" ]]; then
        mkdir -p "$folder"/lists/partial "$folder"/cache/archives/partial
        : >"$folder/status"
        options+=(-o "APT::Architecture=$architecture" -o "APT::Architectures::=$architecture"
            -o "Dir::State::Lists=$folder/lists" -o "Dir::State::status=$folder/status" -o "Dir::Cache=$folder/cache")
        apt-get "${options[@]}" update >&2
    fi
    (cd "$folder" && apt-get "${options[@]}" download "$@" >&2)
    for package; do dpkg -x "$folder/${package%%=*}"_*.deb "$root"; done
}

# What a package of the unpacked compiler depends on, by the beginning of the name.
dependency() {
    dpkg-deb -f "$root"/debs/*/"$1"_*.deb Depends | tr ',' '\n' | sed -nE "s/^ *($2[^ ]*).*/\1/p" | head -1
}

if [[ ! -x $rustc ]]; then
    say "unpacking Debian's compiler"
    host=$(dpkg --print-architecture)
    unpack "$host" rustc-web libstd-rust-web-dev
    library=$(dependency libstd-rust-web-dev libstd-rust-web-)
    unpack "$host" "$library"
    unpack "$host" "$(dependency "$library" libllvm)"
    libraries=$root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s/usr/bin/rustc "$@"\n' "$libraries" "$root" >"$rustc.new"
    chmod +x "$rustc.new"
    "$rustc.new" --version >&2
    mv "$rustc.new" "$rustc"
fi

# The library of exactly this compiler's release, or nothing made with it would link.
version=$(dpkg-deb -f "$root"/debs/*/rustc-web_*.deb Version)

build_for_windows() {
    local seed=$root/seed sources library=$rustlib/$triple/lib
    say "building the standard library for Windows"
    (cd "$root/debs" && apt-get -qq -o APT::Sandbox::User=root download "rust-web-src=$version" >&2)
    dpkg --fsys-tarfile "$root"/debs/rust-web-src_*.deb |
        tar -x -C "$root" --wildcards ./usr/lib/rustlib/src/rust './usr/src/rustc-*/library'
    sources=$(echo "$root"/usr/src/rustc-*/library)
    mkdir -p "$seed/src" "$library"
    : >"$seed/src/lib.rs"
    printf '[package]\nname="seed"\nversion="0.0.0"\nedition="2021"\n[workspace]\n' >"$seed/Cargo.toml"
    (cd "$seed" && RUSTC=$rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR=$seed/target \
        cargo build --release --target "$triple" -Zbuild-std=std,panic_unwind >&2)
    for object in rsbegin rsend; do
        RUSTC_BOOTSTRAP=1 "$rustc" --target "$triple" --emit=obj -o "$library/$object.o" "$sources/rtstartup/$object.rs"
    done
    cp "$seed/target/$triple"/release/deps/lib*.rlib "$library/"
    rm -f "$library"/libseed-*
}

if [[ ! -d $rustlib/$triple/lib ]]; then
    case $target in
        windows) build_for_windows ;;
        *) unpack "$target" "libstd-rust-web-dev=$version" ;;
    esac
fi
echo "$rustc"
