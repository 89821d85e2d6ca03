#!/bin/sh
# SPDX-License-Identifier: MIT
#
# deb.sh [OUT]: Debian packages of this source, in OUT (build/pkg), made of a copy,
# so that nothing comes to be in the source folder. The same source gives the same
# packages, to the byte: times are those of debian/changelog. None holds debugging
# symbols, so that "apt install ./*.deb" takes what is to be installed and no more.

set -eu
export LC_ALL=C
unset MAKEFLAGS MFLAGS MAKELEVEL

cd "$(dirname "$0")/.."
out=${1:-build/pkg}
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

die() {
	echo "deb: $*" >&2
	exit 1
}

[ "$(sed -n '1s/^vmsync (\(.*\)) .*/\1/p' debian/changelog)" = "$version" ] ||
	die "debian/changelog and dkms.conf (version $version) differ"
command -v dh_dkms > /dev/null ||
	die "apt-get install build-essential debhelper dh-dkms libbabeltrace2-dev" \
		"liblttng-ust-dev libsqlite3-dev libtracecmd-dev libtraceevent-dev" \
		"libtracefs-dev pkg-config"

rm -rf "$out"
mkdir -p "$out/vmsync-$version"
tar -c --exclude=./build --exclude=./.git . | tar -x -C "$out/vmsync-$version"
if ! (cd "$out/vmsync-$version" && DEB_BUILD_OPTIONS=noautodbgsym \
		dpkg-buildpackage -b -us -uc -j"$(nproc)") \
		> "$out/build.log" 2>&1; then
	tail -20 "$out/build.log" >&2
	die "dpkg-buildpackage failed: $out/build.log"
fi
rm -rf "${out:?}/vmsync-$version"
ls "$out"/*.deb
