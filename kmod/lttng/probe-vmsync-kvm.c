// SPDX-License-Identifier: GPL-2.0-only
/*
 * lttng-probe-vmsync-kvm.ko: kvm_x86_entry and kvm_x86_exit for LTTng, with
 * the right vcpu_id. Only these two of KVM's tracepoints are touched.
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

static int __init vmsync_kvm_init(void)
{
	int err;

	err = vmsync_exit_info_init();
	if (err)
		return err;
	err = __lttng_events_init__kvm_x86();
	if (err)
		goto err_events;
	return 0;

err_events:
	vmsync_exit_info_exit();
	return err;
}

static void __exit vmsync_kvm_exit(void)
{
	__lttng_events_exit__kvm_x86();
	tracepoint_synchronize_unregister();
	vmsync_exit_info_exit();
}

module_init(vmsync_kvm_init);
module_exit(vmsync_kvm_exit);

MODULE_DESCRIPTION("LTTng probes for entries and exits of KVM's virtual CPUs");
MODULE_AUTHOR("vmsync authors");
MODULE_VERSION(VMSYNC_VERSION);
MODULE_LICENSE("GPL");
