#!/bin/sh
# SPDX-License-Identifier: MIT
#
# fetch.sh DIR PACKAGE...: unpacks Debian's packages, and those that they need and the
# machine lacks, into DIR, unless they are there. Nothing is installed: they are servers,
# which would start. DIR is there whole or not at all. Exit status 1: they cannot be had.
set -eu
export LC_ALL=C

dir=$1
shift
[ ! -d "$dir" ] || exit 0

# What would be installed, with its version.
wanted() {
	apt-get -s -q --no-install-recommends install "$@" 2> /dev/null |
		sed -n 's/^Inst \([^ ]*\) .*(\([^ ]*\) .*/\1=\2/p'
}

mkdir -p "$(dirname "$dir")"
tmp=$(mktemp -d "$dir.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/deb" "$tmp/root"
list=$(wanted "$@")
if [ -z "$list" ] && [ "$(id -u)" = 0 ]; then
	apt-get update -q > "$tmp/apt.log" 2>&1 || true
	list=$(wanted "$@")
fi
[ -n "$list" ] || { echo "no package $*" >&2; exit 1; }
# shellcheck disable=SC2086 # a list
(cd "$tmp/deb" && apt-get -q -o APT::Sandbox::User=root download $list) \
	> "$tmp/apt.log" 2>&1 || { tail -n 1 "$tmp/apt.log" >&2; exit 1; }
for file in "$tmp"/deb/*.deb; do
	dpkg -x "$file" "$tmp/root"
done
chmod 755 "$tmp/root"
mv "$tmp/root" "$dir"
