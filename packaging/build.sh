#!/usr/bin/env bash
# Builds the packages for one architecture into target/packages: a Debian package and a Python wheel with the program in it
# (for Windows a wheel alone). Two builds of one commit are to give the same bytes, wherever they are made.
#
#   packaging/build.sh amd64|arm64|armhf|windows
#
# What is handed out is built with the profile `dist`, as a whole program, and must be 6 MiB at most. With PROFILE=release the
# packages are made sooner, to be tried, and are larger.
#
# Needs cargo, python3, binutils and dpkg-deb; for a foreign architecture qemu-user or wine too (the program makes its own
# manual pages), and packaging/toolchain.sh gets the rest.
set -euo pipefail
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
cd "$here/.."

# glibc of Raspberry Pi OS 12 and Debian 12, the oldest that the packages are for.
oldest=2.36

fail() {
    printf 'packaging/build.sh: %s\n' "$*" >&2
    exit 1
}

target=${1-}
profile=${PROFILE:-dist}
run=()
tools=
program=socklab
case $target in
    amd64) triple=x86_64-unknown-linux-gnu machine=x86_64 ;;
    arm64) triple=aarch64-unknown-linux-gnu machine=aarch64 tools=aarch64-linux-gnu- run=(qemu-aarch64 -L /usr/aarch64-linux-gnu) ;;
    armhf) triple=armv7-unknown-linux-gnueabihf machine=armv7l tools=arm-linux-gnueabihf- run=(qemu-arm -L /usr/arm-linux-gnueabihf) ;;
    windows) triple=x86_64-pc-windows-gnu machine=amd64 tools=x86_64-w64-mingw32- program=socklab.exe ;;
    *) fail "which target: amd64, arm64, armhf or windows?" ;;
esac
[[ $(uname -m) == x86_64 ]] || fail "packages are built on x86_64"

export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export LC_ALL=C TZ=UTC
umask 022
metadata=$(cargo metadata --locked --format-version 1 --filter-platform "$triple")
version=$(jq -r '.packages[] | select(.name == "socklab") | .version' <<<"$metadata")
out=$(jq -r .target_directory <<<"$metadata")/packages
work=$out/work-$target
rm -rf "$work" "$out"/socklab_*_"$target".deb "$out"/socklab-*_"$machine".whl
mkdir -p "$work"

compile() {
    # Panic messages name source files: without the folders of this machine.
    local sysroot flags
    if [[ $target != amd64 ]]; then
        RUSTC=$("$here/toolchain.sh" "$target")
        export RUSTC
        export "CARGO_TARGET_$(tr a-z- A-Z_ <<<"$triple")_LINKER=${tools}gcc"
    fi
    sysroot=$("${RUSTC:-rustc}" --print sysroot)
    flags=$(printf -- '--remap-path-prefix=%s\037' "$PWD=/socklab" "${CARGO_HOME:-$HOME/.cargo}=/cargo" "$sysroot=/rust")
    CARGO_ENCODED_RUSTFLAGS=${flags%$'\037'} cargo build --locked --profile "$profile" --target "$triple"
    "${tools}strip" -o "$work/$program" "$(jq -r .target_directory <<<"$metadata")/$triple/$profile/$program"
}

# The newest glibc that the program asks for; the packages need that one.
glibc() {
    "${tools}objdump" -T "$work/socklab" | grep -oE 'GLIBC_[0-9.]+' | sed s/GLIBC_// | sort -uV | tail -1
}

# What the program is linked to, as Debian's packages have it.
depends() {
    local library
    "${tools}objdump" -p "$work/socklab" | awk '$1 == "NEEDED" {print $2}' | while read -r library; do
        case $library in
            libc.so.6 | libm.so.6 | ld-linux*) echo "libc6 (>= $(glibc))" ;;
            libgcc_s.so.1) echo "libgcc-s1 (>= 4.2)" ;;
            *) fail "the program is linked to $library" ;;
        esac
    done | sort -u | paste -sd, | sed 's/,/, /g'
}

debian_package() {
    local root=$work/deb command size
    local doc=$root/usr/share/doc/socklab man=$root/usr/share/man/man1
    local bash=$root/usr/share/bash-completion/completions
    local zsh=$root/usr/share/zsh/vendor-completions fish=$root/usr/share/fish/vendor_completions.d
    mkdir -p "$root/DEBIAN" "$root/usr/bin" "$doc" "$man" "$bash" "$zsh" "$fish"
    install -m 755 "$work/socklab" "$root/usr/bin/socklab"
    socklab() { "${run[@]}" "$work/socklab" "$@"; }
    socklab man >"$man/socklab.1"
    grep -oE '^socklab\\-[a-z\-]+\(1\)' "$man/socklab.1" | sed 's/^socklab\\-//; s/(1)$//; s/\\//g' |
        while read -r command; do
            # clap's own help command has no page.
            [[ $command == help ]] || socklab man "$command" >"$man/socklab-$command.1"
        done
    gzip -9n "$man"/*.1
    socklab completions bash >"$bash/socklab"
    socklab completions zsh >"$zsh/_socklab"
    socklab completions fish >"$fish/socklab.fish"
    # The YAML parser, which is written in Rust, words its errors as libyaml does; lintian goes by that.
    mkdir -p "$root/usr/share/lintian/overrides"
    echo 'socklab: embedded-library libyaml *' >"$root/usr/share/lintian/overrides/socklab"
    cp "$work/copyright" "$doc/copyright"
    gzip -9nc CHANGELOG.md >"$doc/NEWS.md.gz"
    gzip -9nc README.md >"$doc/README.md.gz"
    {
        printf 'socklab (%s) stable; urgency=medium\n\n  * See NEWS.md.gz.\n\n' "$version"
        printf ' -- %s  %s\n' "$maintainer" "$(date -Rd "@$SOURCE_DATE_EPOCH")"
    } | gzip -9n >"$doc/changelog.gz"
    size=$(find "$root/usr" -type f -printf '%s\n' | awk '{s += int(($1 + 1023) / 1024)} END {print s}')
    sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$target/; s/@SIZE@/$size/; s/@MAINTAINER@/$maintainer/" \
        -e "s/@DEPENDS@/$(depends)/" "$here/control" >"$root/DEBIAN/control"
    (cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    find "$root" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
    dpkg-deb --root-owner-group -Zxz --build "$root" "$out/socklab_${version}_$target.deb"
}

maintainer="the socklab maintainers <socklab@example.org>"
compile
python3 "$here/copyright.py" <<<"$metadata" >"$work/copyright"
if [[ $target == windows ]]; then
    tag=win_$machine
else
    newest=$(printf '%s\n' "$oldest" "$(glibc)" | sort -V | tail -1)
    [[ $newest == "$oldest" ]] || fail "the program needs glibc $newest, packages may need $oldest at most: build on Debian 12"
    tag=manylinux_$(glibc | tr . _)_$machine
    debian_package
fi
python3 "$here/wheel.py" "$version" "$tag" "$work/$program" "$work/copyright" "$out"
rm -rf "$work"
for package in "$out"/socklab_*_"$target".deb "$out"/socklab-*_"$machine".whl; do
    [[ $profile != dist || ! -e $package || $(stat -c %s "$package") -le $((6 * 1024 * 1024)) ]] || fail "$package is over 6 MiB"
done
(cd "$out" && ls -l socklab*)
