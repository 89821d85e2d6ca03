#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Reading and printing: the same characters as babeltrace2, and the filters.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/pair
vmsync=build/vmsync
t=$check_tmp/t
mkdir "$t"

# same TEXT TRACE: without a tie between streams both have but one order
same() {
	$vmsync cat "$2" > "$t/ours" 2> "$t/ours.err" || fail "$1: $(cat "$t/ours.err")"
	babeltrace2 "$2" > "$t/theirs"
	if cmp -s "$t/ours" "$t/theirs"; then
		pass "$1: $(wc -l < "$t/ours") lines, the same as babeltrace2's"
	else
		fail "$1: differs from babeltrace2's"
		diff "$t/ours" "$t/theirs" | head -n 4 | cut -c 1-200
	fi
}

for large in 0 1; do
	build/release/tests/pair "$t/pair$large" events=40000 large=$large \
		seed=$((large + 3)) gap=90000 > /dev/null
	for side in host guest; do
		mkdir "$t/one"
		# One stream at a time: babeltrace2's order of ties is its own.
		for stream in "$t/pair$large/$side"/channel*; do
			cp "$t/pair$large/$side/metadata" "$stream" "$t/one"
			same "$side, large=$large, $(basename "$stream")" "$t/one"
			rm "$t/one"/*
		done
		rmdir "$t/one"
	done
done

# All streams: the same lines, and in the order of time.
$vmsync cat "$t/pair0" | sed 's/(+[^)]*) //' > "$t/ours"
babeltrace2 --no-delta "$t/pair0" > "$t/theirs"
expect_eq "both traces: the same lines" "$(sort "$t/ours" | cksum)" \
	"$(sort "$t/theirs" | cksum)"
expect "both traces: in order" sh -c "cut -c2-19 $t/ours | sort -c"
expect "the same again, to the byte" sh -c \
	"$vmsync cat $t/pair0 | sed 's/(+[^)]*) //' | cmp - $t/ours"

expect_eq "--event" "$($vmsync cat --event='vmsync_*' "$t/pair0" | wc -l)" \
	"$(grep -c ' vmsync_[a-z_]*: ' "$t/theirs")"
expect_eq "--event twice" \
	"$($vmsync cat --event=kvm_x86_entry --event='irq_*' "$t/pair0" | wc -l)" \
	"$(grep -cE ' (kvm_x86_entry|irq_[a-z_]*): ' "$t/theirs")"
expect_eq "--vm" "$($vmsync cat --vm=guest "$t/pair0" | wc -l)" \
	"$(grep -c '^[^ ]* guest ' "$t/theirs")"
line=$(sed -n 5000p "$t/ours")
at=${line:1:18}
expect_eq "--since is included" \
	"$($vmsync cat --since="$at" "$t/pair0" | head -n 1 | cut -c 2-19)" "$at"
expect_eq "--until is included" \
	"$($vmsync cat --until="$at" "$t/pair0" | tail -n 1 | cut -c 2-19)" "$at"
expect_eq "--since and --until cut nothing else" \
	"$(($($vmsync cat --until="$at" "$t/pair0" | wc -l) +
	    $($vmsync cat --since="$at" "$t/pair0" | wc -l)))" \
	"$(($(wc -l < "$t/ours") + $(grep -c "^.$at" "$t/ours")))"
expect_error "a time that is none" "noon.*not a time" \
	$vmsync cat --since=noon "$t/pair0"
expect_error "no such trace" "nowhere" $vmsync cat "$t/nowhere"

# A reader that has had enough is no error of ours.
$vmsync cat "$t/pair0" 2> "$t/err" | head -n 1 > /dev/null
expect_eq "a closed pipe is silent" "$(cat "$t/err")" ""
finish
