#!/bin/bash
# SPDX-License-Identifier: MIT
#
# packages.sh [--refresh]: fetches what the lab and the modules are built from,
# Debian 12's kernel, kernel headers and LTTng module sources, and unpacks it
# under build/root. Nothing is installed. Each package has a stamp, written
# after it was unpacked whole, so an interrupted run goes on where it was.
#
# build/packages.env, written last, tells make and shell where things are.
# While it exists nothing is looked up again, unless --refresh is given.

set -eu
export LC_ALL=C

root=build/root deb=build/deb env=build/packages.env

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
	# shellcheck disable=SC2016
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

if [ "${1-}" != --refresh ] && [ -e "$env" ]; then
	exit 0
fi

kernel=$(stock_kernel) || {
	apt_update
	kernel=$(stock_kernel) ||
		die "no linux-image-6.1.0-*-amd64 on offer: is this Debian 12?"
}
release=${kernel#linux-image-}
headers=linux-headers-$release
newer=$(newer_headers)
[ -n "$newer" ] || die "no linux-headers-6.12.*+deb12-amd64 on offer"

for name in "$kernel" $(headers_set "$headers") $(headers_set "$newer") \
		lttng-modules-dkms; do
	unpack "$name"
done
patch_headers "$headers"
patch_headers "$newer"
lttng=$(cd "$root/usr/src" && printf '%s\n' lttng-modules-*/ | sort -V | tail -1)

cat > "$env.new" <<ENV
LAB_RELEASE=$release
LAB_VMLINUZ=$root/boot/vmlinuz-$release
LAB_MODULES=$root/lib/modules/$release
LAB_KDIR=$root/usr/src/$headers
LAB_KDIR_NEWER=$root/usr/src/$newer
LAB_LTTNG_SRC=$root/usr/src/${lttng%/}
ENV
mv "$env.new" "$env"
echo "kernel $release, headers also of ${newer#linux-headers-}, ${lttng%/}"
