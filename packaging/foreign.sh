#!/usr/bin/env bash
# Builds the packages for other architectures and uses them: those of arm64 and armhf under qemu-user with Debian 12's C
# library, that of Windows under wine.
#
#   packaging/foreign.sh REFERENCE [arm64|armhf|windows]...
#
# REFERENCE is the program built the ordinary way for this machine; all must print what it prints. Installs what is missing.
# With PROFILE=release packaging/build.sh takes less time.
set -euo pipefail
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
reference=$(realpath "${1?which program is the reference?}")
shift
(($#)) || set -- arm64 armhf windows
cd "$here/.."
packages=$(cargo metadata --locked --no-deps --format-version 1 | jq -r .target_directory)/packages

as_root() { if [[ $EUID -eq 0 ]]; then "$@"; else sudo -n "$@"; fi; }
need() {
    command -v "$1" >/dev/null || {
        as_root apt-get update -qq
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2"
    }
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

use_debian_package() {
    local target=$1
    shift
    lintian --allow-root --fail-on error "$packages"/socklab_*_"$target".deb
    dpkg-deb --extract "$packages"/socklab_*_"$target".deb "$work/$target"
    packaging/use.py "$reference" "$@" "$work/$target/usr/bin/socklab"
}

# Puts into a folder what Rust's library takes random numbers from: a part of Windows that wine 8, which is Debian 12's, lacks.
random_numbers() {
    printf '%s\n' '#include <windows.h>' '#include <ntsecapi.h>' \
        '__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) { return RtlGenRandom(data, length); }' |
        x86_64-w64-mingw32-gcc -shared -x c - -o "$1/bcryptprimitives.dll" -ladvapi32
}

for target; do
    printf '==> %s\n' "$target"
    case $target in
        arm64)
            need qemu-aarch64 qemu-user
            need lintian lintian
            packaging/build.sh arm64
            use_debian_package arm64 qemu-aarch64 -L /usr/aarch64-linux-gnu
            ;;
        armhf)
            need qemu-arm qemu-user
            need lintian lintian
            packaging/build.sh armhf
            use_debian_package armhf qemu-arm -L /usr/arm-linux-gnueabihf
            ;;
        windows)
            need wine wine
            packaging/build.sh windows
            python3 -m zipfile -e "$packages"/socklab-*-win_amd64.whl "$work/windows"
            export WINEPREFIX=$work/wine WINEDEBUG=-all
            random_numbers "$work"/windows/socklab-*.data/scripts
            packaging/use.py "$reference" wine "$work"/windows/socklab-*.data/scripts/socklab.exe
            ;;
        *)
            echo "packaging/foreign.sh: which target is $target?" >&2
            exit 1
            ;;
    esac
done
