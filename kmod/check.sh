#!/bin/bash
# SPDX-License-Identifier: MIT
#
# check.sh: builds all modules for Debian's 6.1 kernel and the ones without
# LTTng for its 6.12 and for the real-time and cloud flavours of both, at W=1 and
# with sparse over every file, from nothing. Any warning fails.

set -eu
export LC_ALL=C
cd "$(dirname "$0")/.."
# shellcheck source=/dev/null
. build/packages.env

out=build/modules-check
failed=0
rm -rf "$out"
mkdir -p "$out"

check() {
	local name=$1 log=$out/$1.log warnings

	shift
	if ! KBUILD_ARGS="W=1 C=2" OUT=$PWD/$out/$name \
			kmod/build.sh "$@" > "$log" 2>&1; then
		tail -20 "$log" >&2
		echo "$name: does not build, see $log" >&2
		failed=1
		return
	fi
	warnings=$(grep -cE 'warning:|error:|WARNING' "$log" || true)
	echo "$name: $(find "$out/$name" -name '*.ko' | wc -l) modules," \
		"$warnings warnings"
	if [ "$warnings" != 0 ]; then
		grep -E 'warning:|error:|WARNING' "$log" >&2
		failed=1
	fi
}

command -v sparse > /dev/null || { echo "no sparse" >&2; exit 1; }
check 6.1 "$LAB_KDIR" "$LAB_LTTNG_SRC"
check 6.12 "$LAB_KDIR_NEWER"
for kdir in $LAB_KDIRS_MORE; do
	check "${kdir##*/linux-headers-}" "$kdir"
done
exit $failed
