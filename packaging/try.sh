#!/usr/bin/env bash
# Installs the packages of this architecture (amd64) as a new user would, and uses them: the Debian package in the smallest
# Debian 12, the oldest system it is for, and the wheel in a fresh virtual environment. lintian must find no error.
#
#   packaging/try.sh REFERENCE      after packaging/build.sh amd64
#
# REFERENCE is the program built the ordinary way; both must print what it prints. Needs root, lintian, debootstrap, pipx, and
# Python with venv.
set -euo pipefail
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
reference=$(realpath "${1?which program is the reference?}")
cd "$here/.."
packages=$(cargo metadata --locked --no-deps --format-version 1 | jq -r .target_directory)/packages

say() { printf '    %s\n' "$*"; }
# The command of the README that begins so.
readme() { grep -m 1 "^\$ $1" README.md | cut -c 3- || { echo "the README has no command $1" >&2; exit 1; }; }
# One package of a kind, or the pattern itself.
one() { realpath "$packages"/$1; }

deb=$(one 'socklab_*_amd64.deb')
wheel=$(one 'socklab-*_x86_64.whl')

say "lintian"
lintian --allow-root --fail-on error "$deb"

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
say "the Debian package in the smallest Debian 12"
debootstrap --variant=minbase bookworm "$work/root" >"$work/log" 2>&1 || { tail "$work/log" >&2; exit 1; }
cp "$deb" "$work/root/"
cp -r fixtures "$work/root/fixtures"
in_root() { chroot "$work/root" "$@"; }
read -r _ _ _ package < <(readme "sudo apt install")
in_root apt-get install -y -qq "/${package#./}" >/dev/null
in_root useradd --create-home student
gzip -t "$work/root"/usr/share/man/man1/socklab*.1.gz
for page in socklab socklab-analyze socklab-rehearse; do
    [[ -s $work/root/usr/share/man/man1/$page.1.gz ]] || { echo "the manual page of $page is missing" >&2; exit 1; }
done
packaging/use.py "$reference" chroot --userspec=student:student "$work/root" socklab
in_root apt-get remove -y -qq socklab >/dev/null
[[ ! -e $work/root/usr/bin/socklab ]] || { echo "removing the package leaves the program" >&2; exit 1; }

say "the wheel in a virtual environment, by the README's commands"
new=$work/new
mkdir "$new"
cp "$wheel" "$new/"
export HOME=$new PIPX_HOME=$new/pipx PIPX_BIN_DIR=$new/bin PIP_DISABLE_PIP_VERSION_CHECK=1
as_shown() {
    local command
    command=$(readme "$1")
    (cd "$new" && bash -euo pipefail -c "$command")
}
as_shown 'python3 -m venv'
as_shown 'venv/bin/pip'
as_shown 'venv/bin/socklab'
packaging/use.py "$reference" "$new/venv/bin/socklab"
"$new/venv/bin/pip" --quiet uninstall --yes socklab
[[ ! -e $new/venv/bin/socklab ]] || { echo "uninstalling the wheel leaves the program" >&2; exit 1; }

say "the wheel with pipx, by the README's commands"
[[ $(as_shown 'pipx run') == "$("$reference" --version)" ]] || { echo "pipx run shows something else" >&2; exit 1; }
as_shown 'pipx install'
[[ $("$new/bin/socklab" --version) == "$("$reference" --version)" ]] || { echo "pipx installs something else" >&2; exit 1; }
