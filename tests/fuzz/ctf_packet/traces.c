// SPDX-License-Identifier: MIT
/* Metadata with every kind of header and field, in both byte orders and CTF 2. */
#include "traces.h"

#define U(size, align) "integer { size = " #size "; align = " #align "; }"
#define S(size, align) \
	"integer { size = " #size "; align = " #align "; signed = 1; }"
#define CLOCK(size, align) \
	"integer { size = " #size "; align = " #align "; map = clock.c.value; }"
#define TEXT8 "integer { size = 8; align = 8; encoding = UTF8; }"

#define CONTEXT "packet.context := struct { " HEAD "};"
#define PLAIN CONTEXT "event.context := struct { " S(32, 8) " _tid; };"
/* Events begin within a byte. */
#define BENT								\
	"packet.context := struct { " HEAD U(3, 1) " bent; };"		\
	"event.context := struct { " S(32, 1) " _tid; };"
#define HEAD								\
	CLOCK(64, 8) " timestamp_begin; "					\
	CLOCK(64, 8) " timestamp_end; " U(64, 8) " content_size; "		\
	U(64, 8) " packet_size; " U(64, 8) " packet_seq_num; "		\
	U(32, 8) " events_discarded; " U(32, 8) " cpu_id; "

#define STREAM(id, header) STREAM_WITH(id, header, PLAIN)
#define STREAM_WITH(id, header, context)				\
	"stream { id = " #id "; event.header := " header "; " context		\
	"};"								\
	EVENTS(id)

#define EVENT(sid, eid, name, fields)					\
	"event { name = " #name "; id = " #eid "; stream_id = " #sid		\
	"; fields := struct { " fields " }; };"

#define EVENTS(sid)							\
	EVENT(sid, 0, fixed, U(32, 8) " a; " U(64, 8) " b; " TEXT8 " c[16]; ") \
	EVENT(sid, 1, text, "string s; " U(32, 8) " n; " U(8, 8) " q[n]; "	\
	      TEXT8 " t[n]; ")						\
	EVENT(sid, 2, bits, U(3, 1) " x; " S(13, 1) " y; " U(64, 64) " z; "	\
	      "floating_point { exp_dig = 11; mant_dig = 53; align = 32; } f; ") \
	EVENT(sid, 3, deep,						\
	      "enum : " S(8, 8) " { A = -1, B = 0 ... 3 } tag; "		\
	      U(16, 8) " n; variant <tag> { struct { string s[n]; } A; "	\
	      "struct { struct { " U(5, 1) " k; string s; } e[n][2]; } "	\
	      "align(32) B; } v; struct { } none[n]; ")			\
	EVENT(sid, 4, bytes,						\
	      "enum : " U(8, 8) " { A = 0, B = 1 ... 9 } tag; "		\
	      U(16, 8) " n; variant <tag> { string A; struct { " U(8, 8)	\
	      " k; " U(16, 16) " w; } B; } v; struct { " U(8, 8) " m; "	\
	      U(16, 8) " z[m]; string s; } e[n]; " U(64, 8) " l; "		\
	      U(8, 8) " y[l]; " S(64, 8) " last; ")				\
	EVENT(sid, 5, mixed,						\
	      "integer { size = 16; align = 8; byte_order = be; } n; "	\
	      "integer { size = 32; align = 8; byte_order = le; } m; "	\
	      "floating_point { exp_dig = 8; mant_dig = 24; align = 8; } f[n]; " \
	      TEXT8 " t[m]; " S(16, 8) " h; " S(32, 8) " w; " S(8, 8) " b; ") \
	EVENT(sid, 6, nothing, "")						\
	EVENT(sid, 7, counted, U(32, 8) " a; " U(32, 8) " n; " U(8, 8)	\
	      " q[n]; ")							\
	EVENT(sid, 8, signs, S(8, 8) " b; " S(16, 8) " h; " S(32, 8)		\
	      " w; " S(64, 8) " l; ")						\
	EVENT(sid, 21, late, U(8, 8) " a; string s; ")			\
	EVENT(sid, 9, empty, U(16, 8) " n; struct { } none[n]; ")		\
	EVENT(sid, 70000, beyond, "string s; " U(8, 8) " n; string t[n]; ")	\
	EVENT(sid, 70001, bent, U(3, 1) " x; " U(5, 1) " n; " U(3, 1) " q[n]; ") \
	EVENT(sid, 4000, far, U(8, 8) " a; ")

#define COMPACT(id_align, stamp_align)					\
	"struct { enum : " U(5, 1) " { a = 0 ... 30, b = 31 } id; "	\
	"variant <id> { struct { " CLOCK(27, 1) " timestamp; } a; "		\
	"struct { " U(32, id_align) " id; " CLOCK(64, stamp_align)		\
	" timestamp; } b; } v; } align(" #id_align ")"
#define LARGE								\
	"struct { enum : " U(16, 8) " { a = 0 ... 65534, b = 65535 } id; " \
	"variant <id> { struct { " CLOCK(32, 8) " timestamp; } a; "		\
	"struct { " U(32, 8) " id; " CLOCK(64, 8) " timestamp; } b; } v; } " \
	"align(8)"

#define TRACE(order)							\
	"/* CTF 1.8 */ trace { major = 1; minor = 8; byte_order = " #order "; " \
	"packet.header := struct { " U(8, 8) " stream_id; }; };"		\
	"clock { name = c; freq = 1000000000; };"

/* Fields that choose by the event's header, and a context in each event. */
#define REFERS								\
	"stream { id = 1; event.header := struct { " U(8, 8) " id; "		\
	"enum : " U(8, 8) " { A = 0 ... 99, B = 100 ... 255 } how; "		\
	CLOCK(16, 8) " timestamp; }; " CONTEXT "event.context := struct { "	\
	U(8, 8) " n; " TEXT8 " who[n]; }; };"				\
	"event { name = refers; id = 0; stream_id = 1; "			\
	"context := struct { " U(8, 8) " depth; }; fields := struct { "	\
	"variant <stream.event.header.how> { " U(16, 8) " A; string B; } v; " \
	U(8, 8) " q[stream.event.context.n]; "				\
	U(8, 8) " r[event.context.depth]; }; };"

#define NUMBER(kind, length, roles)					\
	"{\"type\":\"fixed-length-" kind "-integer\",\"length\":" #length	\
	",\"alignment\":8,\"byte-order\":\"little-endian\"" roles "}"
#define ROLE(r) ",\"roles\":[\"" r "\"]"
#define MEMBER(name, type) "{\"name\":\"" name "\",\"field-class\":" type "}"
#define STRUCT(members) "{\"type\":\"structure\",\"member-classes\":[" members "]}"
#define AT(name) "{\"origin\":\"event-record-payload\",\"path\":[\"" name "\"]}"
#define VARLEN(kind) "{\"type\":\"variable-length-" kind "-integer\"}"
#define VARLEN_ROLE(r) \
	"{\"type\":\"variable-length-unsigned-integer\",\"roles\":[\"" r "\"]}"

#define CTF2_CONTEXT							\
	"\"packet-context-field-class\":" STRUCT(				\
	MEMBER("b", NUMBER("unsigned", 64, ROLE("default-clock-timestamp"))) "," \
	MEMBER("e", NUMBER("unsigned", 64,					\
			   ROLE("packet-end-default-clock-timestamp"))) ","	\
	MEMBER("c", NUMBER("unsigned", 64, ROLE("packet-content-length"))) "," \
	MEMBER("p", NUMBER("unsigned", 64, ROLE("packet-total-length"))) ","	\
	MEMBER("s", NUMBER("unsigned", 64, ROLE("packet-sequence-number"))) "," \
	MEMBER("d", NUMBER("unsigned", 32,					\
			   ROLE("discarded-event-record-counter-snapshot"))) "," \
	MEMBER("cpu_id", NUMBER("unsigned", 32, "")))

#define CTF2_STREAM(id, header)						\
	"\x1e{\"type\":\"data-stream-class\",\"id\":" #id			\
	",\"default-clock-class-id\":\"c\"," CTF2_CONTEXT			\
	",\"event-record-header-field-class\":" STRUCT(header) "}"

#define CTF2_EVENTS(sid)							\
	"\x1e{\"type\":\"event-record-class\",\"id\":0,\"name\":\"all\","	\
	"\"data-stream-class-id\":" #sid ",\"payload-field-class\":" STRUCT( \
	MEMBER("u", VARLEN("unsigned")) "," MEMBER("i", VARLEN("signed")) "," \
	MEMBER("has", "{\"type\":\"fixed-length-boolean\",\"length\":8,"	\
	       "\"alignment\":8,\"byte-order\":\"little-endian\"}") ","	\
	MEMBER("o", "{\"type\":\"optional\",\"selector-field-location\":"	\
	       AT("has") ",\"field-class\":{\"type\":"			\
	       "\"null-terminated-string\"}}") ","				\
	MEMBER("l", "{\"type\":\"dynamic-length-string\","			\
	       "\"length-field-location\":" AT("u") "}") ","			\
	MEMBER("b", "{\"type\":\"dynamic-length-blob\","			\
	       "\"length-field-location\":" AT("u") "}") ","			\
	MEMBER("a", "{\"type\":\"dynamic-length-array\","			\
	       "\"length-field-location\":" AT("u")				\
	       ",\"element-field-class\":" VARLEN("signed") "}") ","		\
	MEMBER("v", "{\"type\":\"variant\",\"selector-field-location\":"	\
	       AT("u") ",\"options\":[{\"name\":\"x\","			\
	       "\"selector-field-ranges\":[[0,1],[4,9]],\"field-class\":"	\
	       NUMBER("signed", 16, "") "},{\"name\":\"y\","			\
	       "\"selector-field-ranges\":[[2,3],[10,400]],\"field-class\":"	\
	       "{\"type\":\"static-length-string\",\"length\":3}}]}") ","	\
	MEMBER("f", "{\"type\":\"fixed-length-floating-point-number\","	\
	       "\"length\":32,\"alignment\":8,"				\
	       "\"byte-order\":\"big-endian\"}")) "}"			\
	"\x1e{\"type\":\"event-record-class\",\"id\":1,\"name\":\"short\","	\
	"\"data-stream-class-id\":" #sid ",\"payload-field-class\":" STRUCT( \
	MEMBER("s", NUMBER("signed", 8, ""))) "}"

const char *const trace_text[N_TRACES] = {
	TRACE(le)
	STREAM(0, COMPACT(8, 8))
	STREAM(1, LARGE)
	STREAM(2, "struct { " U(16, 8) " id; " CLOCK(64, 8) " timestamp; }")
	STREAM(3, "struct { " U(3, 1) " id; " CLOCK(29, 1) " timestamp; }")
	STREAM(4, COMPACT(32, 64))
	STREAM(5, "struct { " CLOCK(32, 8) " timestamp; " U(8, 8) " id; }"),

	TRACE(be)
	STREAM(0, COMPACT(8, 8))
	STREAM(1, LARGE)
	STREAM(2, "struct { " U(16, 8) " id; " CLOCK(64, 8) " timestamp; }")
	STREAM_WITH(3, COMPACT(1, 1), BENT),

	TRACE(le)
	"stream { id = 0; }; event { name = bare; id = 0; stream_id = 0; "
	"fields := struct { " U(7, 1) " n; " U(1, 1) " b[n]; string s; }; };"
	REFERS
	"stream { id = 2; " CONTEXT "}; "
	"event { name = whole; id = 0; stream_id = 2; fields := struct { "
	U(8, 8) " n; string s[n]; }; };"
	STREAM_WITH(3, COMPACT(1, 1), BENT)
	STREAM(4, "struct { " U(16, 8) " id; }")
	"stream { id = 5; " CONTEXT "}; "
	"event { name = nothing; id = 0; stream_id = 5; fields := struct { }; };",

	"\x1e{\"type\":\"preamble\",\"version\":2}"
	"\x1e{\"type\":\"trace-class\",\"packet-header-field-class\":"
	STRUCT(MEMBER("id", NUMBER("unsigned", 8, ROLE("data-stream-class-id"))))
	"}\x1e{\"type\":\"clock-class\",\"id\":\"c\",\"frequency\":1000000000}"
	CTF2_STREAM(0, MEMBER("i", NUMBER("unsigned", 8,
					  ROLE("event-record-class-id"))) ","
		       MEMBER("t", NUMBER("unsigned", 32,
					  ROLE("default-clock-timestamp"))))
	CTF2_EVENTS(0)
	CTF2_STREAM(1, MEMBER("t", VARLEN_ROLE("default-clock-timestamp")) ","
		       MEMBER("i", VARLEN_ROLE("event-record-class-id")))
	CTF2_EVENTS(1),
};

const struct kind kinds[N_KINDS] = {
	{ 0, 0, false, false }, { 0, 1, false, false }, { 0, 2, false, false },
	{ 0, 3, false, false }, { 0, 4, false, false }, { 0, 5, false, false },
	{ 1, 0, true, false }, { 1, 1, true, false }, { 1, 2, true, false },
	{ 2, 0, false, true }, { 2, 1, false, false }, { 2, 2, false, false },
	{ 2, 3, false, false }, { 2, 4, false, false }, { 2, 5, false, false },
	{ 3, 0, false, false }, { 3, 1, false, false }, { 1, 3, true, false },
};
