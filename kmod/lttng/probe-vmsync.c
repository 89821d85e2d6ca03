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
 * LTTng attaches by name, and follows vmsync.ko's coming and going: so nothing
 * here refers to it, and it can be replaced under a recording. The records'
 * layout (events.h) ties the two together all the same: install them together.
 */
MODULE_SOFTDEP("pre: vmsync");

MODULE_DESCRIPTION("LTTng probes for vmsync");
MODULE_AUTHOR("vmsync authors");
MODULE_VERSION(VMSYNC_VERSION);
MODULE_LICENSE("GPL");
