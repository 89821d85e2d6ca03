// SPDX-License-Identifier: GPL-2.0-only
/* lttng-probe-vmsync.ko: vmsync's events for LTTng. */
#include <linux/module.h>
#include <lttng/tracer.h>

/* The kernel's side, to compare prototypes with. */
#include "../trace.h"

#include <wrapper/tracepoint.h>

#define LTTNG_PACKAGE_BUILD
#define CREATE_TRACE_POINTS
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH events
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE vmsync

#include "events/vmsync.h"

/*
 * LTTng attaches by name, which leaves nothing that ties the layout of the
 * records in vmsync.ko to this file's. A reference does: it brings the symbol
 * version check, and loads vmsync.ko before this.
 */
static const struct tracepoint *const vmsync_core __used =
	&__tracepoint_vmsync_knot;

MODULE_DESCRIPTION("LTTng probes for vmsync");
MODULE_AUTHOR("vmsync authors");
MODULE_LICENSE("GPL");
