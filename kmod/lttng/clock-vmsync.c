// SPDX-License-Identifier: GPL-2.0-only
/*
 * lttng-clock-vmsync.ko: LTTng's kernel tracer stamps with vmsync-clock.ko's clock
 * while this is loaded. It has to be there before lttng-tracer is, which takes the
 * clock that it finds.
 */
#include <linux/module.h>
#include <linux/time64.h>
#include <lttng/clock.h>

#include "../../guest/clock.h"
#include "../../include/uapi/vmsync_clock.h"

static u64 clock_freq(void)
{
	return NSEC_PER_SEC;
}

static const char *clock_name(void)
{
	return VMSYNC_CLOCK_NAME;
}

/*
 * Without a uuid of ours the clock has LTTng's: of this guest's boot. Readers take it
 * for the machine's identity, so the host's would make one machine of both.
 */
static struct lttng_trace_clock vmsync_trace_clock = {
	.read64 = vmsync_clock_now,
	.freq = clock_freq,
	.name = clock_name,
	.description = vmsync_clock_description,
};

static int __init clock_vmsync_init(void)
{
	int err = lttng_clock_register_plugin(&vmsync_trace_clock, THIS_MODULE);

	if (err == -EBUSY)
		pr_err("%s: LTTng's tracer is loaded, and has its clock: load this before it\n",
		       KBUILD_MODNAME);
	return err;
}

static void __exit clock_vmsync_exit(void)
{
	lttng_clock_unregister_plugin(&vmsync_trace_clock, THIS_MODULE);
}

module_init(clock_vmsync_init);
module_exit(clock_vmsync_exit);

MODULE_DESCRIPTION("LTTng's clock is the host's, in a guest, by vmsync-clock");
MODULE_AUTHOR("vmsync authors");
MODULE_VERSION(VMSYNC_VERSION);
MODULE_LICENSE("GPL");
