// SPDX-License-Identifier: GPL-2.0-only
/* The tracepoints themselves, for the other modules to use. */
#include <linux/module.h>

#define CREATE_TRACE_POINTS
#include "trace.h"

EXPORT_TRACEPOINT_SYMBOL_GPL(vmsync_gh_guest);
EXPORT_TRACEPOINT_SYMBOL_GPL(vmsync_gh_host);
EXPORT_TRACEPOINT_SYMBOL_GPL(vmsync_hg_host);
EXPORT_TRACEPOINT_SYMBOL_GPL(vmsync_hg_guest);
EXPORT_TRACEPOINT_SYMBOL_GPL(vmsync_knot);
EXPORT_TRACEPOINT_SYMBOL_GPL(vmsync_clock_line);
EXPORT_TRACEPOINT_SYMBOL_GPL(vmsync_tsc);
EXPORT_TRACEPOINT_SYMBOL_GPL(vmsync_pvclock);
EXPORT_TRACEPOINT_SYMBOL_GPL(vmsync_vm);
EXPORT_TRACEPOINT_SYMBOL_GPL(vmsync_drop);
EXPORT_TRACEPOINT_SYMBOL_GPL(vmsync_slow);
