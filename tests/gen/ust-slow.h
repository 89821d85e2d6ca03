/* SPDX-License-Identifier: MIT */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER app

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "ust-slow.h"

#if !defined(UST_SLOW_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define UST_SLOW_H

#include <stdint.h>

#include <lttng/tracepoint.h>

LTTNG_UST_TRACEPOINT_EVENT(app, request,
	LTTNG_UST_TP_ARGS(uint64_t, ns, uint64_t, mono),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, ns, ns)
		lttng_ust_field_integer(uint64_t, mono, mono)
	)
)

#endif

#include <lttng/tracepoint-event.h>
