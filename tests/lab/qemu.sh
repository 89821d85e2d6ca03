#!/bin/bash
# SPDX-License-Identifier: MIT
#
# qemu.sh: prints, one word a line, the command of the QEMU that emulates L1: 9 or later.
# An older one goes on running instructions that another CPU has just replaced: it
# translates them before it begins to watch their page. Kernels patch themselves whenever
# a tracepoint is switched, and reuse the place of a module that went; machines then hang
# in an int3 that is no longer there, or die by a triple fault. Where this machine's own
# is older it is what Debian 12's backports offer, unpacked under build/qemu, once;
# nothing is installed. REFRESH=1 looks for a newer one.

set -eu
export LC_ALL=C

cd "$(dirname "$0")/../.."
dir=$PWD/build/qemu
least=9

die() {
	echo "qemu: $*" >&2
	exit 1
}

# major COMMAND...: of its version
major() {
	"$@" --version 2> /dev/null | sed -n 's/^QEMU emulator version \([0-9]*\)\..*/\1/p'
}

newest_fetch() {
	local options

	mkdir -p "$dir"/apt/{lists/partial,archives/partial} "$dir/unpacked"
	echo "deb http://deb.debian.org/debian bookworm-backports main" > "$dir/apt/list"
	options=(-q -o APT::Sandbox::User=root -o Dir::Etc::SourceList="$dir/apt/list"
		-o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$dir/apt/lists"
		-o Dir::Cache="$dir/apt")
	(cd "$dir/apt" && apt-get "${options[@]}" update &&
		apt-get "${options[@]}" download qemu-system-x86 qemu-system-data seabios) \
		> "$dir/apt.log" 2>&1 || die "$(tail -n 1 "$dir/apt.log")"
	for deb in "$dir"/apt/*.deb; do
		dpkg -x "$deb" "$dir/unpacked"
	done
	rm -r "$dir/apt"
}

if [ "$(major qemu-system-x86_64)" -ge "$least" ]; then
	echo qemu-system-x86_64
	exit
fi

mkdir -p build
exec 9> "$dir.lock"
flock 9
[ -z "${REFRESH-}" ] || rm -rf "$dir"
if [ ! -e "$dir/ready" ]; then
	echo "fetching a newer QEMU" >&2
	rm -rf "$dir"
	newest_fetch
fi
found=$(major "$dir/unpacked/usr/bin/qemu-system-x86_64")
[ "${found:-0}" -ge "$least" ] ||
	die "$dir/unpacked/usr/bin/qemu-system-x86_64 is not $least or later, or does not run here"
: > "$dir/ready"
printf '%s\n' "$dir/unpacked/usr/bin/qemu-system-x86_64" \
	-L "$dir/unpacked/usr/share/seabios" -L "$dir/unpacked/usr/share/qemu"
