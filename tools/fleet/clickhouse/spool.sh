#!/bin/sh
# SPDX-License-Identifier: MIT
#
# spool.sh DIR URL SECONDS: records this host and its guests for so long, and loads what
# they did into ClickHouse; recordings are in DIR until they are loaded. What could not be
# loaded at an earlier time comes first, and nothing is loaded twice. Exit status 0: DIR
# is empty; 1: something waits there; 2: nothing was recorded.
#
#	SPOOL_MIB=N	no new recording while more than that waits (1000)
set -u

vmsync=${VMSYNC:-vmsync}
most=${SPOOL_MIB:-1000}
if [ $# -ne 3 ]; then
	echo "usage: spool.sh DIR URL SECONDS" >&2
	exit 2
fi
dir=$1 url=$2 seconds=$3

# What was being recorded when it was stopped is no recording.
rm -rf "$dir"/now
load() {
	for out in "$dir"/[0-9]*; do
		[ -d "$out" ] || continue
		"$vmsync" export clickhouse -o "$url" "$out/fused"
		# 1: a guest could not be mapped, and the rest is there.
		[ $? -le 1 ] || return 1
		rm -rf "$out"
	done
}

load
waiting=$(du -sm "$dir" | cut -f1)
if [ "$waiting" -gt "$most" ]; then
	echo "spool.sh: $dir: $waiting MiB wait there: nothing more is recorded" >&2
	exit 2
fi
"$vmsync" record -o "$dir/now" --seconds="$seconds" > /dev/null
[ $? -le 1 ] || exit 2
mv "$dir/now" "$dir/$(date +%s)" || exit 2
load
