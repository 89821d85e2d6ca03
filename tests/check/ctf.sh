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

# --- stamps that 64 bits of ns do not hold
# stamps FOLDER CLOCK STAMP...: a trace, each stamp 16 hexadecimal digits
stamps() {
	local folder=$1 clock=$2 stamp
	shift 2
	mkdir -p "$folder"
	cat > "$folder/metadata" <<-END
		/* CTF 1.8 */
		trace { major = 1; minor = 8; byte_order = be; };
		clock { name = c; $clock };
		stream { event.header := struct { integer { size = 64;
			map = clock.c.value; } timestamp; }; };
		event { name = "e"; fields := struct { integer { size = 8; } x; }; };
	END
	for stamp; do
		printf %s01 "${stamp^^}" | basenc --base16 -d
	done > "$folder/stream"
}
fits() { # TEXT CLOCK STAMP...
	rm -rf "$t/stamps"
	stamps "$t/stamps" "${@:2}"
	expect "$1" "$vmsync" cat "$t/stamps"
	expect_eq "$1: all of it" "$(wc -l < "$check_out")" $(($# - 2))
}
fits_not() {
	rm -rf "$t/stamps"
	stamps "$t/stamps" "${@:2}"
	expect_error "$1" "stamps/stream: .*64 bits of ns do not hold" \
		"$vmsync" cat "$t/stamps"
}
ghz="freq = 1000000000;"
fits "the last ns" "$ghz" 0000000000000001 7fffffffffffffff
fits_not "one more" "$ghz" 0000000000000001 8000000000000000
fits_not "the last value" "$ghz" ffffffffffffffff
fits_not "an offset, and the second stamp is too much" \
	"$ghz offset_s = 9223372035;" 0000000000000001 ffffffff80000001
fits "a large value, and an offset that takes it back" \
	"$ghz offset_s = -10000000000;" ffffffffffffffff
fits_not "an offset that takes a small one too far back" \
	"$ghz offset_s = -10000000000;" 0000000000000001 ffffffffffffffff
fits "cycles of 2 ns, the last" "freq = 500000000;" 3fffffffffffffff
fits_not "... one more" "freq = 500000000;" 4000000000000000

# A reader that has had enough is no error of ours.
$vmsync cat "$t/pair0" 2> "$t/err" | head -n 1 > /dev/null
expect_eq "a closed pipe is silent" "$(cat "$t/err")" ""
finish
