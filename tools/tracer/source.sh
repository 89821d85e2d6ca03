#!/bin/sh
# SPDX-License-Identifier: MIT
#
# source.sh DEST VERSION VMSYNC LTTNG WHAT: makes DEST, for DKMS, of the sources of
# vmsync's modules in VMSYNC, where they are, and of LTTng's in LTTNG; where that is
# "package", of Debian's package lttng-modules-dkms, which is downloaded, not installed.
# WHAT is "all", or "probes-only" where LTTng's modules themselves are there.
# DEST appears whole, or not at all.

set -eu
export LC_ALL=C

dest=$1 version=$2 vmsync=$3 lttng=$4 what=$5
here=$(cd "$(dirname "$0")" && pwd)
new=$dest.new

die() {
	echo "$*" >&2
	exit 1
}

rm -rf "$new"
mkdir -p "$new"
trap 'rm -rf "$new"' EXIT
if [ "$lttng" = package ]; then
	mkdir "$new/package"
	(cd "$new/package" &&
		apt-get -q -o APT::Sandbox::User=root download lttng-modules-dkms) \
		> "$new/log" 2>&1 || die "$(tail -n 1 "$new/log")"
	dpkg-deb -x "$new"/package/*.deb "$new/package/x"
	lttng=$(echo "$new"/package/x/usr/src/lttng-modules-*)
fi
for file in dkms.conf src/Kbuild src/lib/Kbuild; do
	[ -e "$lttng/$file" ] ||
		die "$lttng/$file: not there; take the sources of a package lttng-modules-dkms"
done
cp -r "$lttng" "$new/lttng"
rm -rf "$new/package" "$new/log"
if [ -e "$vmsync/Kbuild" ]; then
	cp -r "$vmsync" "$new/vmsync"
fi
[ "$what" = all ] || : > "$new/probes-only"
cp "$here/build.sh" "$new/"
sed "s/@VERSION@/$version/" "$here/dkms.conf" > "$new/dkms.conf"
rm -rf "$dest"
mv "$new" "$dest"
