#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Many files: rotated sessions of thousands of chunks, and traces of hundreds of
# streams, in little memory and with few files open.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/pair \
	build/release/tests/carve build/release/tests/timed
vmsync=$PWD/build/vmsync
tests=$PWD/build/release/tests
t=$check_tmp
chunks=2000

# --- sessions in chunks give what whole ones give
"$tests/pair" "$t/p" events=900000 packet=4096 gap=100000 beacons=2 > "$t/truth"
for side in host guest; do
	expect "$side in $chunks chunks" "$tests/carve" "$t/p/$side" "$t/cut" \
		chunks=$side,$chunks
done
traces=$(find "$t/cut" -name metadata | wc -l)
expect "so many traces: $traces" [ "$traces" -gt $((chunks * 19 / 10)) ]

# few OUTPUT COMMAND...: with 40 files open at most; the memory it had is in $mib
few() {
	local out=$1
	shift
	rm -f "$t/peak"
	(ulimit -n 40 && "$tests/timed" "$t/peak" all "$@" > "$out")
	mib=$(($(cut -d' ' -f2 "$t/peak") / 1024))
}
below() { # TEXT LIMIT
	expect "$1: $mib MiB, less than $2" [ "$mib" -lt "$2" ]
}
report() { jq -S 'del(.. | .traces?)' "$1"; }

$vmsync sync --json "$t/p" > "$t/whole.json"
few "$t/cut.json" "$vmsync" sync --json "$t/cut"
below "sync" 64
expect_eq "sync reports the same" "$(report "$t/cut.json")" \
	"$(report "$t/whole.json")"
few "$t/fused.txt" "$vmsync" fuse -o "$t/fused" "$t/cut"
below "fuse" 64
expect "fuse says it in less than a screen" [ "$(wc -l < "$t/fused.txt")" -lt 8 ]
$vmsync sync "$t/cut" > "$t/sync.txt"
expect_eq "sync sums the chunks up" "$(grep -c 'traces  .*them)$' "$t/sync.txt")" 2
$vmsync cat "$t/p" | cut -d' ' -f3- | LC_ALL=C sort | cksum > "$t/whole.txt"
few "$t/cut.txt" "$vmsync" cat "$t/fused"
below "cat" 64
cut -d' ' -f3- "$t/cut.txt" | LC_ALL=C sort | cksum > "$t/fused.txt"
expect "fuse writes all events, and cat prints them" cmp "$t/whole.txt" \
	"$t/fused.txt"
expect "... in the order of time" sh -c \
	"cut -c1-20 $t/cut.txt | LC_ALL=C sort -c"
rm -rf "$t/fused" "$t/cut" "$t/cut.txt"

# --- many streams at one time, each in one large packet: links to one file
"$tests/pair" "$t/large" events=20000 packet=1048576 > /dev/null
mkdir "$t/wide"
cp "$t/large/host/metadata" "$t/wide"
for i in $(seq 600); do
	ln "$t/large/host/channel0_0" "$t/wide/channel0_$i"
done
mkdir "$t/one"
cp "$t/large/host/metadata" "$t/large/host/channel0_0" "$t/one"
# Without the time since the event before it.
events() { $vmsync cat "$1" | sed 's/ (+[^)]*) / /'; }
events "$t/one" | awk '{for (i = 0; i < 600; i++) print}' |
	LC_ALL=C sort | cksum > "$t/wanted"
events "$t/wide" | LC_ALL=C sort | cksum > "$t/got"
expect "600 streams at once: each event is there" cmp "$t/wanted" "$t/got"
expect "... in the order of time" sh -c \
	"$vmsync cat $t/wide | cut -c1-20 | LC_ALL=C sort -c"
few /dev/null "$vmsync" cat "$t/one"
below "cat of one stream" 16
rm -f "$t/peak"
"$tests/timed" "$t/peak" all "$vmsync" cat "$t/wide" > /dev/null
mib=$(($(cut -d' ' -f2 "$t/peak") / 1024))
below "cat of 600 streams" 96
finish
