#!/usr/bin/env bash
# Installs the packages of this architecture (amd64) as a new user would, and uses them: the Debian package in the smallest
# Debian 12, the oldest system it is for, and the wheel in a fresh virtual environment. lintian must find no error.
#
#   packaging/try.sh REFERENCE      after packaging/build.sh amd64
#
# REFERENCE is the program built the ordinary way; both must print what it prints. Needs root, lintian, debootstrap, and
# Python with venv.
set -euo pipefail
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
reference=$(realpath "${1?which program is the reference?}")
cd "$here/.."
packages=$(cargo metadata --locked --no-deps --format-version 1 | jq -r .target_directory)/packages

say() { printf '    %s\n' "$*"; }
# One package of a kind, or the pattern itself.
one() { realpath "$packages"/$1; }

deb=$(one 'socklab_*_amd64.deb')
wheel=$(one 'socklab-*_x86_64.whl')
for package in "$deb" "$wheel"; do
    [[ $(stat -c %s "$package") -le $((6 * 1024 * 1024)) ]] || { echo "$package is over 6 MiB" >&2; exit 1; }
done

say "lintian"
lintian --allow-root --fail-on error "$deb"

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
say "the Debian package in the smallest Debian 12"
debootstrap --variant=minbase bookworm "$work/root" >"$work/log" 2>&1 || { tail "$work/log" >&2; exit 1; }
cp "$deb" "$work/root/"
cp -r fixtures "$work/root/fixtures"
in_root() { chroot "$work/root" "$@"; }
in_root apt-get install -y -qq "/${deb##*/}" >/dev/null
in_root useradd --create-home student
gzip -t "$work/root"/usr/share/man/man1/socklab*.1.gz
for page in socklab socklab-analyze socklab-rehearse; do
    [[ -s $work/root/usr/share/man/man1/$page.1.gz ]] || { echo "the manual page of $page is missing" >&2; exit 1; }
done
packaging/use.py "$reference" chroot --userspec=student:student "$work/root" socklab
in_root apt-get remove -y -qq socklab >/dev/null
[[ ! -e $work/root/usr/bin/socklab ]] || { echo "removing the package leaves the program" >&2; exit 1; }

say "the wheel in a virtual environment"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" --quiet --disable-pip-version-check install --no-index "$wheel"
packaging/use.py "$reference" "$work/venv/bin/socklab"
"$work/venv/bin/pip" --quiet --disable-pip-version-check uninstall --yes socklab
[[ ! -e $work/venv/bin/socklab ]] || { echo "uninstalling the wheel leaves the program" >&2; exit 1; }
