// SPDX-License-Identifier: GPL-2.0-only
/*
 * lttng-probe-vmsync-ovs.ko: upcalls and actions of Open vSwitch's kernel datapath, for
 * LTTng.
 */
#include <linux/module.h>
#include <lttng/tracer.h>
#include <wrapper/tracepoint.h>

#include "../compat-ovs.h"

/*
 * LTTng attaches by name, whenever openvswitch.ko comes, and lets go when it goes: so
 * nothing here refers to it, and a machine without a switch does not load one for this.
 */
#define LTTNG_PACKAGE_BUILD
#define CREATE_TRACE_POINTS
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH events
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE vmsync_ovs

/* LTTng's macro of a string also has what one of user space would need: not for sparse. */
#ifndef __CHECKER__
#include "events/vmsync_ovs.h"
#endif

MODULE_DESCRIPTION("LTTng probes for Open vSwitch's kernel datapath: upcalls and actions");
MODULE_AUTHOR("vmsync authors");
MODULE_VERSION(VMSYNC_VERSION);
MODULE_LICENSE("GPL");
