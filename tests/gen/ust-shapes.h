/* SPDX-License-Identifier: MIT */
/* LTTng-UST events with every kind of field that it can record. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER shapes

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./ust-shapes.h"

#if !defined(TESTS_GEN_UST_SHAPES_H) || \
	defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define TESTS_GEN_UST_SHAPES_H

#include <lttng/tracepoint.h>

LTTNG_UST_TRACEPOINT_ENUM(shapes, kind,
	LTTNG_UST_TP_ENUM_VALUES(
		lttng_ust_field_enum_value("none", 0)
		lttng_ust_field_enum_range("some", 1, 4)
		lttng_ust_field_enum_value("with space", 5)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(shapes, all,
	LTTNG_UST_TP_ARGS(int, i, const char *, s, const unsigned char *, b,
			  unsigned int, n),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(int, i, i)
		lttng_ust_field_integer_hex(unsigned long, x,
					    (unsigned long)i * 77777)
		lttng_ust_field_integer_network(short, net, (short)i)
		lttng_ust_field_float(double, d, i * 1.25)
		lttng_ust_field_float(float, f, (float)i / 8)
		lttng_ust_field_string(s, s)
		lttng_ust_field_array(int, arr, ((int[3]){ i, -i, 3 }), 3)
		lttng_ust_field_array_text(char, text, "abc\0defg", 8)
		lttng_ust_field_sequence(unsigned char, seq, b, unsigned int, n)
		lttng_ust_field_sequence_text(char, seq_text, (const char *)b,
					      unsigned int, n)
		lttng_ust_field_sequence_hex(long, longs,
					     ((long[4]){ 1, 2, i, -i }),
					     unsigned char, (n & 3))
		lttng_ust_field_enum(shapes, kind, int, e, i % 6)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(shapes, small,
	LTTNG_UST_TP_ARGS(int, i),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(unsigned char, c, (unsigned char)i)
	)
)

#endif

#include <lttng/tracepoint-event.h>
