// SPDX-License-Identifier: MIT
/* The two traces' metadata, and the same said once more in numbers. */
#include "shape.h"

#define U(size, align) "integer { size = " #size "; align = " #align "; }"
#define CLOCK(size, align) \
	"integer { size = " #size "; align = " #align "; map = clock.c.value; }"
#define TIMES(size) \
	CLOCK(size, 8) " timestamp_begin; " CLOCK(size, 8) " timestamp_end; "
#define SIZES(size) U(size, 8) " content_size; " U(size, 8) " packet_size; "

#define EVENTS(sid)							\
	"event { name = plain; id = 0; stream_id = " #sid			\
	"; fields := struct { " U(32, 8) " a; }; };"			\
	"event { name = text; id = 1; stream_id = " #sid			\
	"; fields := struct { string s; " U(8, 8) " n; " U(8, 8)		\
	" q[n]; }; };"							\
	"event { name = wide; id = 2; stream_id = " #sid			\
	"; fields := struct { " U(8, 8) " x; " U(64, 64) " z; }; };"	\
	"event { name = far; id = 40; stream_id = " #sid			\
	"; fields := struct { enum : " U(8, 8) " { A = 0, B = 1 } tag; "	\
	"variant <tag> { " U(16, 8) " A; string B; } v; }; };"

#define STREAM(id, context, header)					\
	"stream { id = " #id "; packet.context := struct { " context "};"	\
	"event.header := " header "; };" EVENTS(id)

#define LONG_FORM(id_align, stamp_align)				\
	"struct { " U(32, id_align) " id; " CLOCK(64, stamp_align)	\
	" timestamp; } b; } v; } align(8)"
#define COMPACT								\
	"struct { enum : " U(5, 1) " { a = 0 ... 30, b = 31 } id; "	\
	"variant <id> { struct { " CLOCK(27, 1) " timestamp; } a; " LONG_FORM(8, 8)
#define LARGE								\
	"struct { enum : " U(16, 8) " { a = 0 ... 65534, b = 65535 } id; " \
	"variant <id> { struct { " CLOCK(32, 8) " timestamp; } a; " LONG_FORM(8, 8)
#define ODD								\
	"struct { enum : " U(8, 8) " { a = 0 ... 254, b = 255 } id; "	\
	"variant <id> { struct { " CLOCK(24, 8) " timestamp; } a; " LONG_FORM(8, 32)
#define FIXED(size) "struct { " U(16, 8) " id; " CLOCK(size, 8) " timestamp; }"

#define LTTNG								\
	TIMES(64) SIZES(64) U(64, 8) " packet_seq_num; " U(64, 8)		\
	" events_discarded; " U(32, 8) " cpu_id; "

#define TRACE(order, rest)						\
	"/* CTF 1.8 */\ntrace { major = 1; minor = 8; "			\
	"uuid = \"2b5ad4b2-9d3a-4a4e-8f0c-1f2e3d4c5b6a\"; "		\
	"byte_order = " #order "; packet.header := struct { " rest " }; };" \
	"clock { name = c; freq = 1000000000; offset_s = 7; offset = 5; };"

#define UUID	"integer { size = 8; align = 8; } uuid[16]; "

const char *const trace_text[2] = {
	TRACE(le, U(32, 8) " magic; " UUID U(32, 8) " stream_id; "
	      U(64, 8) " stream_instance_id;")
	STREAM(0, LTTNG, COMPACT)
	STREAM(1, LTTNG, LARGE)
	STREAM(2, TIMES(64) SIZES(32) U(32, 8) " events_discarded; ", FIXED(32))
	STREAM(3, LTTNG, ODD)
	STREAM(4, SIZES(64), FIXED(64)),

	TRACE(be, U(32, 8) " magic; " U(8, 8) " stream_id;")
	STREAM(0, TIMES(64) SIZES(64) U(16, 8) " packet_seq_num; "
	       U(16, 8) " events_discarded; ", COMPACT)
	STREAM(1, SIZES(32) TIMES(32) U(32, 8) " cpu_id; ", FIXED(64))
	STREAM(2, LTTNG, LARGE),
};

#define LTTNG_AT(h)							\
	[F_BEGIN] = { h, 8 }, [F_END] = { h + 8, 8 },			\
	[F_CONTENT] = { h + 16, 8 }, [F_PACKET] = { h + 24, 8 },		\
	[F_SEQ] = { h + 32, 8 }, [F_DISCARDED] = { h + 40, 8 },		\
	[F_CPU] = { h + 48, 4 }
#define INSTANCE [F_INSTANCE] = { 24, 8 }

const struct shape shapes[N_SHAPES] = {
	{ 0, false, 84, H_COMPACT, 27, true, { INSTANCE, LTTNG_AT(32) } },
	{ 1, false, 84, H_LARGE, 32, true, { INSTANCE, LTTNG_AT(32) } },
	{ 2, false, 60, H_FIXED, 32, false,
	  { INSTANCE, [F_BEGIN] = { 32, 8 }, [F_END] = { 40, 8 },
	    [F_CONTENT] = { 48, 4 }, [F_PACKET] = { 52, 4 },
	    [F_DISCARDED] = { 56, 4 } } },
	{ 3, false, 84, H_ODD, 24, true, { INSTANCE, LTTNG_AT(32) } },
	{ 4, false, 48, H_FIXED, 64, true,
	  { INSTANCE, [F_CONTENT] = { 32, 8 }, [F_PACKET] = { 40, 8 } } },
	{ 0, true, 41, H_COMPACT, 27, true,
	  { [F_BEGIN] = { 5, 8 }, [F_END] = { 13, 8 }, [F_CONTENT] = { 21, 8 },
	    [F_PACKET] = { 29, 8 }, [F_SEQ] = { 37, 2 },
	    [F_DISCARDED] = { 39, 2 } } },
	{ 1, true, 25, H_FIXED, 64, false,
	  { [F_CONTENT] = { 5, 4 }, [F_PACKET] = { 9, 4 }, [F_BEGIN] = { 13, 4 },
	    [F_END] = { 17, 4 }, [F_CPU] = { 21, 4 } } },
	{ 2, true, 57, H_LARGE, 32, true, { LTTNG_AT(5) } },
};

uint64_t get_number(const uint8_t *p, unsigned int bytes, bool big)
{
	uint64_t v = 0;
	unsigned int i;

	for (i = 0; i < bytes; i++)
		v = v << 8 | p[big ? i : bytes - 1 - i];
	return v;
}

void put_number(uint8_t *p, unsigned int bytes, bool big, uint64_t v)
{
	unsigned int i;

	for (i = 0; i < bytes; i++, v >>= 8)
		p[big ? bytes - 1 - i : i] = (uint8_t)v;
}

uint64_t map_value(const struct clock_map *m, uint64_t v)
{
	unsigned __int128 x = (unsigned __int128)v * m->mul / m->div;

	x += (unsigned __int128)m->add + (v >= m->step_at ? m->step : 0);
	x = x > m->sub ? x - m->sub : 0;
	return x > UINT64_MAX ? UINT64_MAX : (uint64_t)x;
}
