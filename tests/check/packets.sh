#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Packets of every kind that tracers have written: what they say about
# themselves, where they end, and when. Read like babeltrace2 reads them, and
# rewritten so that it can read them.
. tests/check/lib.sh

dir=$check_tmp/packets
vmsync=$dir/vmsync
mkdir -p "$dir"
expect "the tool builds" make -s -j2 tool
cp build/release/vmsync "$vmsync"
read -ra cc <<< "${CC:-cc}"
expect "the rewriting program builds" "${cc[@]}" -std=gnu11 -O1 -D_GNU_SOURCE= \
	-Ihost -pthread -o "$dir/restamp" tests/gen/restamp.c \
	build/release/libvmsync.a

t=$dir/t

# trace STREAM-BLOCK BYTES...: a trace of one stream; numbers are printf's %b
trace() {
	rm -rf "$t"
	mkdir "$t"
	printf '%s\n' '/* CTF 1.8 */' \
		'typealias integer { size = 8; } := u8;' \
		'typealias integer { size = 16; } := u16;' \
		'typealias integer { size = 32; } := u32;' \
		'typealias integer { size = 64; } := u64;' \
		'typealias integer { size = 16; signed = true; } := s16;' \
		'trace { major = 1; minor = 8; byte_order = le; };' \
		"$clock" "stream { $1 };" \
		'event { name = e; fields := struct { u8 x; }; };' > "$t/metadata"
	shift
	printf '%b' "$@" > "$t/s"
}

# le BYTES NUMBER: little endian, for printf
le() {
	local i n=$2
	for ((i = 0; i < $1; i++)); do
		printf '\\x%02x' $((n & 255))
		n=$((n >> 8))
	done
}

# same TEXT: the trace, the trace rewritten without a change, and with one
same() {
	local text=$1
	if ! babeltrace2 "$t" > "$dir/bt.txt" 2> "$dir/err" ||
		! [ -s "$dir/bt.txt" ]; then
		fail "$text: babeltrace2 does not read it"
		return
	fi
	"$vmsync" cat "$t" > "$dir/our.txt" 2> "$dir/err" ||
		fail "$text: $(head -n 1 "$dir/err")"
	if cmp -s "$dir/bt.txt" "$dir/our.txt"; then
		pass "$text"
	else
		fail "$text: $(diff "$dir/bt.txt" "$dir/our.txt" | head -n 3)"
	fi
	kept "$text"
}

# kept TEXT: rewritten, it is the same to babeltrace2, but for the times
kept() {
	rm -rf "$dir/new"
	expect "$1: rewritten" "$dir/restamp" "$t" "$dir/new" 1 1
	expect "$1: the same to the byte" cmp "$t/s" "$dir/new/s"
	rm -rf "$dir/new"
	expect "$1: rewritten with other times" "$dir/restamp" "$t" \
		"$dir/new" 3 1
	babeltrace2 "$dir/new" 2> "$dir/err" | sed 's/.*) //' > "$dir/our.txt"
	expect "$1: and still what it was" \
		cmp <(sed 's/.*) //' "$dir/bt.txt") "$dir/our.txt"
}

# One packet of @1 bytes with members @2, whose bytes are @3.
context() {
	trace "packet.context := struct { u32 content_size; $2 }; $header" \
		"$(le 4 $((40 + 8 * $1 + 2 * ${#stamp})))" "$3" "$stamp\\x07"
	same "packet context $2"
}

clock='' header='' stamp=''
context 0 '' ''
context 3 'string s;' 'ab\0'
context 5 'string s;' '?\047\042\134\0'
context 2 'u8 s[2];' '\x01\x02'
context 1 'struct { u8 a; } f;' '\x01'
context 0 'struct { } f;' ''
context 3 'u8 n; u8 s[n];' '\x02\x05\x06'
context 4 'u8 n; integer { size = 8; encoding = UTF8; } s[n];' '\x03abc'
context 3 'integer { size = 8; encoding = ASCII; } s[3];' 'abc'
context 4 'floating_point { exp_dig = 8; mant_dig = 24; } f;' '\0\0\xa0\x3f'
context 2 'enum : u8 { A, B = 5 ... 9 } e; enum : u8 { C } f;' '\x06\x03'
context 2 's16 minus;' '\xfe\xff'
context 1 'integer { size = 5; } a; integer { size = 3; base = hex; } b;' '\x7f'
context 2 'enum : u8 { A, B } tag; variant <tag> { string A; u8 B; } v;' '\x01\x09'
context 2 'u8 packet_seq_num; u8 s;' '\x01\x02'
context 2 'u8 packet_seq_num; u8 s[packet_seq_num];' '\x01\x02'
context 3 'struct { u8 packet_size; } a; u16 _packet_size;' '\x01\x40\0'
name=$(printf 'n%.0s' $(seq 300))
context 1 "u8 $name;" '\x01'
many=$(for i in $(seq 200); do echo "u16 field_$i;"; done)
context 400 "$many" "$(for i in $(seq 200); do le 2 $((i * 300)); done)"
context 2000 'u8 list[2000];' "$(for i in $(seq 2000); do le 1 $((i % 251)); done)"

clock='clock { name = c; freq = 1000000000; }; typealias integer { size = 64; map = clock.c.value; } := ts;
	typealias integer { size = 32; map = clock.c.value; } := ts32;'
header='event.header := struct { integer { size = 16; map = clock.c.value; } timestamp; };'
stamp='\x40\x20'
context 9 'ts when; u8 a;' "$(le 8 1000)"'\x02'
context 8 'struct { ts when; } hidden;' "$(le 8 1000)"
context 9 'struct { ts when; u8 a; } half;' "$(le 8 1000)"'\x03'

# Sizes: two packets.
trace 'packet.context := struct { u32 content_size; };' \
	"$(le 4 40)" '\x01' "$(le 4 48)" '\x02\x03'
same "a content size alone"
expect_eq "a content size alone: events" "$(wc -l < "$dir/our.txt")" 3
trace 'packet.context := struct { u32 packet_size; };' \
	"$(le 4 40)" '\x01' "$(le 4 48)" '\x02\x03'
same "a packet size alone"
expect_eq "a packet size alone: events" "$(wc -l < "$dir/our.txt")" 3
trace 'packet.context := struct { u32 packet_size; u16 content_size; };' \
	"$(le 4 72)" "$(le 2 56)" '\x01\xaa\xbb' "$(le 4 64)" "$(le 2 64)" '\x02\x03'
same "both sizes"
expect_eq "both sizes: events" "$(wc -l < "$dir/our.txt")" 3
trace '' '\x01\x02\x03'
same "no size"
trace 'packet.context := struct { u32 content_size; };' "$(le 4 41)" '\x01\x02'
expect_error "a content that ends within a byte, and no other size" \
	"its size is impossible" "$vmsync" cat "$t"
trace 'packet.context := struct { u32 content_size; };' "$(le 4 400)" '\x01\x02'
expect_error "a content that is not there" "cut short" "$vmsync" cat "$t"

# Times: an end and no begin. Events have it from the packet before.
trace 'packet.context := struct { u32 content_size; ts timestamp_end; };' \
	"$(le 4 104)" "$(le 8 5)" '\x01' "$(le 4 104)" "$(le 8 9)" '\x02' \
	"$(le 4 104)" "$(le 8 9)" '\x03'
same "packets that say when they end"
trace 'packet.context := struct { u32 content_size; ts timestamp_end; };
	event.header := struct { integer { size = 8; map = clock.c.value; } stamp; };' \
	"$(le 4 112)" "$(le 8 600)" '\x10\x01' "$(le 4 112)" "$(le 8 900)" '\x60\x02'
same "short stamps are counted from the end before"
expect "short stamps: 608 ns, not 96 or 272" grep -q '0000000608' <(
	babeltrace2 --clock-cycles "$t")

# Stamps of no declared clock.
clock='typealias integer { size = 64; } := ts;'
trace 'event.header := struct { ts timestamp; };' "$(le 8 1000000001)" '\x01'
same "stamps without a clock"
trace 'packet.context := struct { ts timestamp_begin; ts timestamp_end; };' \
	"$(le 8 3)" "$(le 8 4)" '\x01'
same "packets with times without a clock"
expect_error "which is nobody's clock" "has no clock" "$vmsync" sync "$t"

# The first event before its packet begins. babeltrace2 knows that of barectf.
clock='clock { name = c; freq = 1000000000; }; typealias integer { size = 64; map = clock.c.value; } := ts;'
early='packet.context := struct { ts timestamp_begin; ts timestamp_end; u32 content_size; };
	event.header := struct { ts timestamp; };'
packet() {
	le 8 "$1"; le 8 "$2"; le 4 $((160 + 72 * ($# - 2)))
	shift 2
	while [ $# -gt 0 ]; do
		le 8 "$1"; printf '\\x07'
		shift
	done
}
clock="$clock"' env { tracer_name = "barectf"; tracer_major = 2; tracer_minor = 2; };'
trace "$early" "$(packet 10 20 12 18)" "$(packet 25 40 23 24 30)"
same_read() {
	babeltrace2 "$t" > "$dir/bt.txt" 2> "$dir/err"
	"$vmsync" cat "$t" > "$dir/our.txt" 2> "$dir/err"
	expect "$1" cmp "$dir/bt.txt" "$dir/our.txt"
}
same_read "events before their packet's begin"

# readable TEXT: what is written can be read by babeltrace2, without its help
# for such tracers, and is what was read
readable() {
	"$vmsync" cat "$t" > "$dir/our.txt" 2> "$dir/err" || fail "$1: $(cat "$dir/err")"
	rm -rf "$dir/new"
	expect "$1: written" "$dir/restamp" "$t" "$dir/new" 1 1
	sed -i 's/env {.*//' "$dir/new/metadata"
	babeltrace2 "$dir/new" > "$dir/bt.txt" 2> "$dir/err"
	expect "$1: as babeltrace2 reads it" cmp "$dir/bt.txt" "$dir/our.txt"
	expect_eq "$1: events" "$(wc -l < "$dir/our.txt")" "$2"
}
readable "events before their packet's begin" 5
clock='clock { name = c; freq = 1000000000; }; typealias integer { size = 64; map = clock.c.value; } := ts;'
# The packet before is closed when the event's time was read already.
trace "$early" "$(packet 10 25 12 18)" "$(packet 25 40 23 24 30)"
readable "a packet that ends behind the next one's first event" 5
trace "$early" "$(packet 10 25 12 18)" "$(packet 25 26)" "$(packet 26 27)" \
	"$(packet 27 40 23 24 30)" "$(packet 40 41)" "$(packet 41 50 39)"
readable "empty packets before an early event" 6
trace "$early" "$(packet 1000 9000 1000 8000)" "$(packet 8500 9900 9000)"
readable "packets that overlap by half a microsecond" 3
trace "$early" "$(packet 1000 9000 1000 9000)" "$(packet 8500 9900 9500)"
readable "a packet that begins before the last event before it" 3
trace "$early" "$(packet 1000 2000 1000 2500)" "$(packet 3000 4000)" "$(packet 3500 5000 3600)"
readable "an event behind its packet's end" 3
trace "$early" "$(packet 10 20 12)" "$(packet 25 40 11)"
expect_error "events that really go back" \
	"before the (last )?event" "$vmsync" cat --event=none "$t"
expect_error "events that really go back are not written" "before the last one" \
	sh -c "'$dir/restamp' '$t' '$dir/back' 1 1; exit 2"

# What babeltrace2 2.0.4 prints otherwise, as the manual says: empty strings behind
# others that were not, and clocks that are not 1 GHz.
clock='' header='' stamp=''
trace '' "$(for _ in $(seq 20); do printf '%s' '\x03abcxyz\0st\0\0\0\0'; done)"
char='integer { size = 8; encoding = UTF8; }'
sed -i "s/u8 x;/u8 n; $char s[n]; string z; $char a[2];/" "$t/metadata"
"$vmsync" cat "$t" > "$dir/our.txt"
expect_eq "empty strings are empty" \
	"$(grep -c '{ n = 0, s = "", z = "", a = "" }' "$dir/our.txt")" 20
clock='clock { name = c; freq = 3000000; }; typealias integer { size = 64; map = clock.c.value; } := ts;'
trace 'event.header := struct { ts timestamp; };' "$(le 8 1000000000000001)" '\x01'
"$vmsync" cat "$t" > "$dir/our.txt"
expect "3 MHz: exact, rounded down" grep -q '33\.333333666\]' "$dir/our.txt"

# A packet of another trace.
clock=
trace '' '\x01'
uuid='\x2b\x5a\xd4\xb2\x9d\x3a\x4a\x4e\x8f\x0c\x1f\x2e\x3d\x4c\x5b'
sed -i -e 's/byte_order = le;/& uuid = "2b5ad4b2-9d3a-4a4e-8f0c-1f2e3d4c5b6a";/' \
	-e 's/minor = 8;/& packet.header := struct { u8 uuid[16]; };/' "$t/metadata"
printf '%b' "$uuid\x6a\x07" > "$t/s"
same "a packet of this uuid"
printf '%b' "$uuid\x6b\x07" > "$t/s"
expect_error "a packet of another uuid" "is of another trace" "$vmsync" cat "$t"
finish
