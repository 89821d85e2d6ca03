// SPDX-License-Identifier: GPL-2.0-only
/*
 * lttng-probe-vmsync-kvm.ko: what KVM tells of virtual CPUs, for LTTng: entries
 * and exits with the right vcpu_id, halts, interrupts, and what exits were about.
 * A tracepoint is touched only if its event is recorded.
 */
#include <linux/module.h>
#include <lttng/tracer.h>
#include <wrapper/tracepoint.h>

#include "../compat-kvm.h"
#include "exit_info.h"

#define LTTNG_PACKAGE_BUILD
#define CREATE_TRACE_POINTS
#define TP_MODULE_NOAUTOLOAD
#define TRACE_INCLUDE_PATH events

#define TRACE_INCLUDE_FILE vmsync_kvm
#include "events/vmsync_kvm.h"

/* LTTng's names begin with their provider's: each has a file of its own. */
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE vmsync_kvm_vcpu
#include "events/vmsync_kvm_vcpu.h"

#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE vmsync_kvm_halt
#include "events/vmsync_kvm_halt.h"

static int __init vmsync_kvm_init(void)
{
	int err;

	err = vmsync_exit_info_init();
	if (err)
		return err;
	err = __lttng_events_init__kvm_x86();
	if (err)
		goto err_x86;
	err = __lttng_events_init__kvm_vcpu();
	if (err)
		goto err_vcpu;
	err = __lttng_events_init__kvm_halt();
	if (err)
		goto err_halt;
	return 0;

err_halt:
	__lttng_events_exit__kvm_vcpu();
err_vcpu:
	__lttng_events_exit__kvm_x86();
	tracepoint_synchronize_unregister();
err_x86:
	vmsync_exit_info_exit();
	return err;
}

static void __exit vmsync_kvm_exit(void)
{
	__lttng_events_exit__kvm_halt();
	__lttng_events_exit__kvm_vcpu();
	__lttng_events_exit__kvm_x86();
	tracepoint_synchronize_unregister();
	vmsync_exit_info_exit();
}

module_init(vmsync_kvm_init);
module_exit(vmsync_kvm_exit);

MODULE_DESCRIPTION("LTTng probes for KVM's virtual CPUs: entries, exits, halts, interrupts");
MODULE_AUTHOR("vmsync authors");
MODULE_VERSION(VMSYNC_VERSION);
MODULE_LICENSE("GPL");
