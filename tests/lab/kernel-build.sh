#!/bin/bash
# SPDX-License-Identifier: MIT
#
# kernel-build.sh TARBALL KERNEL OUT: builds Debian's kernel source, TARBALL, with the
# options of machine.config and KERNEL.config. Leaves under OUT
#
#	linux-source-6.1	the source
#	config			both files
#	obj			what was built: the KDIR of modules for it
#	lib/modules/RELEASE	its modules
#	build.log
#
# From nothing this takes 7 to 17 minutes on two idle CPUs and 2 GB. Later runs build
# what a change of the options, or of Debian's source, asks for. JOBS (2) and
# NICE (10) are how hard it works.

set -eu
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
unset MAKEFLAGS MFLAGS

here=$(cd "$(dirname "$0")" && pwd)
tarball=$1 kernel=$2
mkdir -p "$3/obj"
out=$(cd "$3" && pwd)
src=$out/linux-source-6.1
log=$out/build.log

die() {
	echo "kernel $kernel: $*" >&2
	exit 1
}

# The stamp comes last: half a source is none. tar keeps the packaged times, so
# what is built is thrown away with the old source.
source_unpack() {
	local version

	version=$(stat -L -c '%s %Y' "$tarball")
	[ "$(cat "$out/.source" 2>/dev/null)" != "$version" ] || return 0
	echo "unpacking the kernel's source"
	rm -rf "$src" "$out/obj" "$out/.source"
	mkdir -p "$out/obj"
	tar -x -J -f "$tarball" -C "$out"
	echo "$version" > "$out/.source"
}

# KCSAN looks at nothing of the kernel's own: kcsan.config.
kernel_make() {
	make -s -C "$src" O="$out/obj" -j"${JOBS:-2}" \
		KCSAN_SANITIZE=n "$@" >> "$log" 2>&1 || {
		grep -E 'error|Error' "$log" | head -20 >&2
		die "make $1 failed, see $log"
	}
}

# What an option needs may be missing, and then it is dropped without a word.
config_check() {
	local line missing=

	while read -r line; do
		case $line in
		CONFIG_*=n)
			grep -q "^${line%n}" "$out/obj/.config" &&
				missing="$missing $line" ;;
		CONFIG_*)
			grep -qxF "$line" "$out/obj/.config" ||
				missing="$missing $line" ;;
		esac
	done < "$out/config"
	[ -z "$missing" ] || die "options that did not come about:$missing"
}

source_unpack
: > "$log"
renice -n "${NICE:-10}" $$ > "$log" 2>&1 || true
cat "$here/machine.config" "$here/$kernel.config" > "$out/config"
kernel_make KCONFIG_ALLCONFIG="$out/config" allnoconfig
config_check
echo "building the kernel of KERNEL=$kernel (from nothing 7 to 17 minutes on two idle CPUs)"
kernel_make bzImage modules
rm -rf "${out:?}/lib"
kernel_make INSTALL_MOD_PATH="$out" INSTALL_MOD_STRIP=1 modules_install
