#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The babeltrace2 plugin on traces as they were recorded gives what babeltrace2
# reads from the fused ones.
. tests/check/lib.sh

if ! pkg-config --exists babeltrace2; then
	skip "the plugin: no libbabeltrace2-dev here"
	finish
fi
dir=$check_tmp/bt2
vmsync=build/release/vmsync
mkdir "$dir"
expect "the plugin builds" make -s -j2 tool plugin build/release/tests/pair

with_map() {
	local params=$1
	shift
	babeltrace2 --plugin-path=build/release --no-delta "$@" \
		--component=map:filter.vmsync.map --params="$params"
}

# compare TEXT HOST GUEST: fused and filtered are the same text
compare() {
	local text=$1 host=$2 guest=$3
	rm -rf "$dir/fused"
	expect "$text: sync" "$vmsync" sync -o "$dir/map.json" "$host" "$guest"
	expect "$text: fuse" "$vmsync" fuse -o "$dir/fused" "$host" "$guest"
	babeltrace2 --no-delta "$dir/fused" > "$dir/fused.txt" 2> "$dir/err"
	if ! with_map "map=\"$dir/map.json\"" "$host" "$guest" \
		> "$dir/map.txt" 2> "$dir/err"; then
		fail "$text: $(grep -m 1 -A 1 'CAUSED BY' "$dir/err" | tail -n 1)"
		return
	fi
	expect "$text: some events" test -s "$dir/map.txt"
	expect "$text: in the order of time" sort -c -s -k 1,1 "$dir/map.txt"
	# Which of two events of equal time is first is up to the graph.
	LC_ALL=C sort "$dir/fused.txt" > "$dir/fused.sorted"
	LC_ALL=C sort "$dir/map.txt" > "$dir/map.sorted"
	expect "$text: the same stamps and fields" \
		cmp "$dir/fused.sorted" "$dir/map.sorted"
}

for seed in 1 2 3; do
	build/release/tests/pair "$dir/pair$seed" events=20000 beacons=1000 seed=$seed \
		large=$((seed == 2)) > "$dir/out"
	compare "made traces, seed $seed" "$dir/pair$seed/host" \
		"$dir/pair$seed/guest"
done
for lab in build/lab/basic build/lab/pause build/lab/slew; do
	if [ -d $lab/host ] && [ -d $lab/guest ]; then
		compare "recorded traces, ${lab##*/}" $lab/host $lab/guest
	fi
done

# Without the host's trace its offset has to be told, and is then enough.
guest=$dir/pair1/guest
"$vmsync" sync -o "$dir/map.json" "$dir/pair1" > "$dir/out"
with_map "map=\"$dir/map.json\"" "$guest" > "$dir/out" 2> "$dir/err"
expect_eq "no host and no offset: an error" $? 1
expect "... that says what is missing" grep -q host-offset-ns "$dir/err"
offset=$(sed -n 's/^.*offset = \([0-9]*\);.*/\1/p' "$dir/pair1/host/metadata")
with_map "map=\"$dir/map.json\",host-offset-ns=$offset" "$guest" \
	> "$dir/alone.txt" 2> "$dir/err"
rm -rf "$dir/fused"
"$vmsync" fuse -o "$dir/fused" "$dir/pair1" > "$dir/out"
babeltrace2 --no-delta "$dir"/fused/guest* > "$dir/fused.txt" 2> "$dir/err"
expect "the guest alone" cmp "$dir/alone.txt" "$dir/fused.txt"

with_map 'map="/nowhere"' "$guest" > "$dir/out" 2> "$dir/err"
expect_eq "no such map: an error" $? 1
expect "... that names it" grep -q /nowhere "$dir/err"
finish
