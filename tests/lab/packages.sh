#!/bin/bash
# SPDX-License-Identifier: MIT
#
# packages.sh [--refresh] [KERNEL]: fetches what the lab and the modules are
# built from, Debian 12's kernel, kernel headers and LTTng module sources, and
# unpacks it under build/root. Nothing is installed. Each package has a stamp,
# written after it was unpacked whole, so an interrupted run goes on where it was.
#
# build/packages.env, written last, tells make and shell where things are.
# While it exists nothing is looked up again, unless --refresh is given.
#
# KERNEL is another kernel than Debian's usual one, with a root and an .env of
# its own, build/root-KERNEL and build/packages-KERNEL.env:
#	rt	Debian's with PREEMPT_RT
#	6.12	the newer one that Debian 12 has too; Debian 12 has no LTTng for
#		it: LTTNG_MODULES=DIR names the sources of lttng-modules, 2.13.18
#		or 2.16, at the first run
#	debug, kcsan	built here from Debian's source (kernel-build.sh)

set -eu
export LC_ALL=C

here=$(dirname "$0")
refresh=
if [ "${1-}" = --refresh ]; then
	refresh=yes
	shift
fi
which=${1-}
root=build/root${which:+-$which} deb=build/deb
env=build/packages${which:+-$which}.env

die() {
	echo "packages: $*" >&2
	exit 1
}

# The newest version of PACKAGE that can be downloaded.
candidate() {
	apt-cache policy "$1" 2>/dev/null |
		sed -n 's/^  Candidate: //p' | grep -vx '(none)'
}

depends() {
	apt-cache depends --no-recommends --no-suggests "$1" 2>/dev/null |
		sed -n 's/^[ |]*Depends: //p'
}

# The package that the meta package linux-image-amd64 stands for.
stock_kernel() {
	depends linux-image-amd64 | grep -E '^linux-image-6\.1\.0-[0-9]+-amd64$'
}

newer_headers() {
	apt-cache pkgnames linux-headers-6.12. |
		grep -E '^linux-headers-6\.12\.[0-9]+\+deb12-amd64$' | sort -rV |
		while read -r name; do
			if candidate "$name" >/dev/null; then
				echo "$name"
				break
			fi
		done
}

# A headers package and what it needs: the common headers, kbuild.
headers_set() {
	echo "$1"
	depends "$1" | grep -E '^linux-(headers|kbuild)-'
}

apt_update() {
	[ "$(id -u)" = 0 ] || die "no such package; as root: apt-get update"
	echo "apt-get update"
	apt-get update -q > build/apt.log 2>&1 || {
		tail -5 build/apt.log >&2
		die "apt-get update failed"
	}
}

# Downloads go to a folder of their own, so that build/deb holds whole files.
download() {
	local part=$deb/part

	rm -rf "$part"
	mkdir -p "$part"
	echo "fetching $1"
	(cd "$part" && apt-get -q -o APT::Sandbox::User=root download "$1") \
		> build/apt.log 2>&1 || return 1
	mv "$part"/*.deb "$deb/"
	rmdir "$part"
}

deb_file() {
	local name=$1 version=$2 f

	for f in "$deb/${name}_${version//:/%3a}"_*.deb; do
		[ -e "$f" ] && echo "$f" && return 0
	done
	return 1
}

# What Debian writes there holds only where the packages are installed.
patch_headers() {
	local dir=$root/usr/src/$1 common

	common=$(sed -n 's|^include .*/\(linux-headers-[^/]*\)/Makefile$|\1|p' \
		"$dir/Makefile")
	[ -d "$root/usr/src/$common" ] || die "$dir: no common headers"
	# shellcheck disable=SC2016 # of make
	printf 'include $(dir $(abspath $(lastword $(MAKEFILE_LIST))))../%s/Makefile\n' \
		"$common" > "$dir/Makefile.new"
	mv "$dir/Makefile.new" "$dir/Makefile"
}

unpack() {
	local name=$1 version file

	version=$(candidate "$name") || die "$name: no such package"
	[ -e "$root/.stamps/${name}_$version" ] && return 0
	if ! file=$(deb_file "$name" "$version"); then
		if ! download "$name"; then
			apt_update
			version=$(candidate "$name") || die "$name is gone"
			download "$name" || {
				tail -5 build/apt.log >&2
				die "cannot fetch $name"
			}
		fi
		file=$(deb_file "$name" "$version") || die "$name: not there"
	fi
	dpkg -x "$file" "$root"
	touch "$root/.stamps/${name}_$version"
}

mkdir -p "$deb" "$root/.stamps"
exec 9> build/packages.lock
flock 9

# One that was written before the other flavours were in it is not whole.
if [ -z "$refresh" ] && [ -e "$env" ] &&
   { [ -n "$which" ] || grep -q '^LAB_KDIRS_MORE=' "$env"; }; then
	exit 0
fi

# A headers package with all that it needs, in $root.
headers_unpack() {
	local name

	for name in $(headers_set "$1"); do
		unpack "$name"
	done
	patch_headers "$1"
}

# A kernel of Debian's, with its headers.
kernel_unpack() {
	release=${1#linux-image-}
	unpack "$1"
	headers_unpack "linux-headers-$release"
	kdir=$root/usr/src/linux-headers-$release
	vmlinuz=$root/boot/vmlinuz-$release
	modules=$root/lib/modules/$release
}

# LTTng's sources from elsewhere; they are built in a copy.
lttng_copy() {
	local to=$root/usr/src/lttng-modules-given

	[ -e "${LTTNG_MODULES-}/src/lttng-abi.c" ] ||
		die "Debian 12's LTTng does not build for $release:" \
			"LTTNG_MODULES=DIR with the sources of 2.13.18 or later"
	rm -rf "$to"
	cp -r "$LTTNG_MODULES" "$to"
}

# A kernel of our own.
kernel_build() {
	local out=build/$which-kernel

	unpack linux-source-6.1
	"$here/kernel-build.sh" "$root/usr/src/linux-source-6.1.tar.xz" "$which" "$out"
	kdir=$out/obj
	release=$(cat "$kdir/include/config/kernel.release")
	vmlinuz=$kdir/arch/x86/boot/bzImage
	modules=$out/lib/modules/$release
}

stock=$(stock_kernel) || {
	apt_update
	stock=$(stock_kernel) ||
		die "no linux-image-6.1.0-*-amd64 on offer: is this Debian 12?"
}
newer=$(newer_headers)
[ -n "$newer" ] || die "no linux-headers-6.12.*+deb12-amd64 on offer"

case $which in
"")
	kernel_unpack "$stock"
	headers_unpack "$newer"
	# The other flavours, real time and clouds, are only built for.
	more=
	for name in "linux-headers-$release" "$newer"; do
		for flavour in rt cloud; do
			headers_unpack "${name%-amd64}-$flavour-amd64"
			more="$more $root/usr/src/${name%-amd64}-$flavour-amd64"
		done
	done ;;
rt)	kernel_unpack "${stock%-amd64}-rt-amd64" ;;
6.12)	kernel_unpack "linux-image-${newer#linux-headers-}" ;;
debug | kcsan) kernel_build ;;
*)	die "no kernel '$which': KERNEL is rt, 6.12, debug or kcsan" ;;
esac
if [ "$which" = 6.12 ]; then
	lttng_copy
else
	unpack lttng-modules-dkms
fi
lttng=$(cd "$root/usr/src" && printf '%s\n' lttng-modules-*/ | sort -V | tail -1)

{
	cat <<-ENV
		LAB_RELEASE=$release
		LAB_VMLINUZ=$vmlinuz
		LAB_MODULES=$modules
		LAB_KDIR=$kdir
		LAB_LTTNG_SRC=$root/usr/src/${lttng%/}
	ENV
	if [ -z "$which" ]; then
		echo "LAB_KDIR_NEWER=$root/usr/src/$newer"
		echo "LAB_KDIRS_MORE='${more# }'"
	fi
} > "$env.new"
mv "$env.new" "$env"
echo "kernel $release, ${lttng%/}$([ -n "$which" ] || echo ", headers also of ${newer#linux-headers-}")"
