#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Metadata: what babeltrace2 takes is taken, what it refuses is refused, in one
# line that names the place; but for what the manual says.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool
vmsync=build/vmsync
t=$check_tmp/t
mkdir "$t"

# metadata TEXT: the metadata of a trace without streams
metadata() {
	printf '%s\n' '/* CTF 1.8 */' \
		'typealias integer { size = 8; } := u8;' \
		'typealias integer { size = 32; } := u32;' \
		'typealias integer { size = 32; signed = true; } := int;' \
		"$1" > "$t/metadata"
}

trace='trace { major = 1; minor = 8; byte_order = le; };'

taken() {
	local kind=$1 text=$2
	metadata "$text"
	if [ "$kind" = both ]; then
		expect "babeltrace2 takes: $text" babeltrace2 "$t"
	fi
	expect "taken: $text" $vmsync cat "$t"
}

refused() {
	local kind=$1 text=$2
	metadata "$text"
	if [ "$kind" = both ]; then
		babeltrace2 "$t" > "$check_out" 2>&1 &&
			fail "babeltrace2 takes: $text"
	fi
	expect_error "refused: $text" 'metadata:(([0-9]+:){2})? ' \
		$vmsync cat "$t"
}

# Literals.
taken both "$trace env { a = '\\n'; };"
taken alone "$trace env { a = L'x'; b = L\"wide\"; };"
taken both "$trace env { a = \"one\\0behind\"; b = \"\\x41\\101\\xfff\"; };"
taken both "$trace env { a = \"two
lines\"; };"
refused both "$trace env { a = 'x; };"
refused both "$trace env { a = \"\\q\"; };"

# Declarations without a ';' between.
taken both "struct a { u32 x; } struct b { struct a y; }; $trace"
taken both "enum e { A, B } struct c { enum e x; } variant v { u8 A; u32 B; }; $trace"
refused both "struct a { u32 x; } $trace"
taken both "struct a { u32 x; } typedef u32 other; $trace"

# Pointers are types that an alias can name.
fields() {
	echo "$trace stream { }; event { name = e; fields := struct { $1 }; };"
}
alias='typealias integer { size = 64; base = hex; }'
taken both "$alias := void *; $(fields 'void *p; void *q[2];')"
taken both "$alias := u8 **; $(fields 'u8 **p; u8 x;')"
refused both "$alias := u8 *; $(fields 'u8 **p;')"
refused both "$(fields 'u8 *p;')"

# A name can be given once in its scope, and hides one further out.
refused both "typedef u32 x[10]; typedef u8 x[10]; $trace"
refused both "typealias integer { size = 32; } := u32; $trace"
refused both "struct a { u32 x; }; struct a { u32 x; }; $trace"
refused both "enum a { X }; enum a { X }; $trace"
refused both "variant a { u8 X; }; variant a { u8 X; }; $trace"
refused both "struct a { u32 x; u8 x; }; $trace"
refused both "variant a { u32 x; u8 x; }; $trace"
taken both "struct a { u32 x; }; struct b { struct a { u8 x; } y; }; enum a { X }; $trace"

# Words of the language are no names.
for word in trace stream event clock env callsite align integer string \
	struct enum variant typedef typealias floating_point; do
	refused both "struct a { u32 $word; }; $trace"
	refused both "typealias integer { size = 8; } := $word; $trace"
done
for word in int char short signed float; do
	refused both "struct a { u32 $word; }; $trace"
	refused both "typedef u32 $word; $trace"
done
refused both "struct a { enum { X } tag; variant <variant> { u8 X; } v; }; $trace"
taken both "enum a { stream, trace, int, X }; $trace"

# Values of attributes, each given once.
for value in svp '"yes"' True; do
	refused both "typealias integer { size = 8; signed = $value; } := x; $trace"
done
for value in true FALSE 1 0 '"true"'; do
	taken both "typealias integer { size = 8; signed = $value; } := x; $trace"
done
for value in true 8 utf16 UTF-16 latin1; do
	refused both "typealias integer { size = 8; encoding = $value; } := x; $trace"
	refused both "typealias string { encoding = $value; } := x; $trace"
done
for value in none UTF8 ascii '"utf-8"'; do
	taken both "typealias string { encoding = $value; } := x; $trace"
done
refused both "typealias integer { size = 8; size = 8; } := x; $trace"
refused both "$trace clock { name = c; name = c; };"
refused both "$trace clock { freq = 1000; };"
refused both "$trace clock { name = c; offset = some; };"
refused both "$trace clock { name = c; precision = \"1\"; };"
refused both "$trace stream { event.header := struct { u8 id; }; event.header := struct { u8 id; }; };"
refused both "$trace event { name = e; name = f; };"
refused both "$trace event { id = 0; };"
refused both "enum a {}; $trace"
taken both "enum a : u8 { X = -1, Y = 1024, Z = -3 ... -2 }; $trace"
refused both "$trace stream { }; event { name = e; fields := struct { enum : u8 { X = 5 ... 3 } x; }; };"
refused both "$trace stream { }; event { name = e; fields := struct { enum : int { X = 5 ... -1 } x; }; };"
taken both "enum a { X, }; $trace"

# Blocks that belong together.
refused both "trace { major = 1; minor = 8; minor = 8; byte_order = le; };"
refused both "trace { major = 1; minor = 9; byte_order = le; };"
refused both "trace { minor = 8; byte_order = le; };"
refused both "trace { major = 1; byte_order = le; };"
refused both "$trace $trace"
two="trace { major = 1; minor = 8; byte_order = le;
	packet.header := struct { u32 stream_id; }; };
	stream { id = 0; event.header := struct { u8 id; }; };
	stream { id = 1; event.header := struct { u8 id; }; };"
taken both "$two event { id = 0; name = e; stream_id = 1; };"
refused both "$two event { id = 0; name = e; };"
refused both "$two event { id = 0; name = e; stream_id = 2; };"
taken both "$trace stream { }; event { name = e; };"
refused both "$trace stream { event.header := struct { u8 id; }; };
	event { id = 1; name = e; }; event { name = f; };"

# Nothing is left out, nothing is too much.
refused both "typealias integer { size = 8 } := x; $trace"
refused both "$trace ;"
refused both "struct a { u32; }; $trace"
refused both "struct struct { u32 x; }; $trace"
refused both "enum trace { X }; $trace"
refused both "trace { major = 1; minor = 8; byte_order = middle; };"
refused both "struct a { struct b { u8 x; }; struct b y; }; $trace"
taken both "struct a { struct b { u8 x; } y; struct b z; }; $trace"
taken both "typealias integer { \"size\" = 8; } := x; $trace"

# What readers go by is what they take it for.
head() {
	echo "trace { major = 1; minor = 8; byte_order = le; packet.header := struct { $1 }; };
		stream { packet.context := struct { $2 }; event.header := struct { $3 }; };"
}
refused both "$(head 'u8 x; u32 magic;' 'u8 y;' 'u8 id;')"
refused both "$(head 'u8 magic;' 'u8 y;' 'u8 id;')"
refused both "$(head 'u8 uuid[8];' 'u8 y;' 'u8 id;')"
refused both "$(head 'string stream_id;' 'u8 y;' 'u8 id;')"
refused both "$(head 'int stream_id;' 'u8 y;' 'u8 id;')"
for name in timestamp_begin timestamp_end content_size packet_size packet_seq_num \
	events_discarded; do
	refused both "$(head 'u32 magic;' "int $name;" 'u8 id;')"
done
refused both "$(head 'u32 magic;' 'string packet_size;' 'u8 id;')"
refused both "$(head 'u32 magic;' 'u8 y;' 'int id;')"
taken both "$(head 'u32 magic; u8 uuid[16];' 'u8 timestamp_begin;' 'enum : u8 { A } id;')"

# Types that are not used are not looked into, and metadata's own packets may be
# of another byte order, as the manual says.
taken both "typedef u32 list[behind]; struct a { string tag; variant <tag> { u8 X; } v; }; $trace"
refused both "typedef u32 list[behind]; struct a { list x; }; event { name = e; fields := struct a; }; stream { }; $trace"

# Read on where babeltrace2 does not, as the manual says.
taken alone "$trace event { name = e; fields := struct { u8 n; struct { string n; u8 list[n]; } s; }; };"
taken alone "$trace event { name = e; fields := struct { integer { size = 128; } wide; }; };"
refused both "$trace event { name = e; fields := struct { integer { size = 129; } wide; }; };"
taken alone "$trace clock { name = c; offset = -1000; };"
finish
