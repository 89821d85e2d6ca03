/* SPDX-License-Identifier: MIT */
/* LTTng-UST events of who sends numbered messages to another machine. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER peer

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./ust-peer.h"

#if !defined(TESTS_GEN_UST_PEER_H) || \
	defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define TESTS_GEN_UST_PEER_H

#include <lttng/tracepoint.h>

LTTNG_UST_TRACEPOINT_EVENT_CLASS(peer, message,
	LTTNG_UST_TP_ARGS(int, from, unsigned long, count),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(int, from, from)
		lttng_ust_field_integer(unsigned long, count, count)
	)
)

LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(peer, message, peer, sent,
	LTTNG_UST_TP_ARGS(int, from, unsigned long, count))
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(peer, message, peer, got,
	LTTNG_UST_TP_ARGS(int, from, unsigned long, count))
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(peer, message, peer, mark,
	LTTNG_UST_TP_ARGS(int, from, unsigned long, count))

#endif

#include <lttng/tracepoint-event.h>
