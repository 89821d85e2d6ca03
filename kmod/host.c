// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmsync-host.ko: marks the beacons of guests in the host's trace, and tells
 * how each virtual CPU's TSC follows from the host's.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "host.h"
#include "listen.h"

/* Who answers guests does so whether or not a tracer listens. */
static void listening_changed(bool on)
{
	if (!on || host_answers_clock)
		host_session_end();
	if (on || host_answers_clock)
		host_session_begin();
}

static struct vmsync_listener listener = {
	.events = BIT(VMSYNC_ON_gh_host) | BIT(VMSYNC_ON_hg_host) |
		  BIT(VMSYNC_ON_tsc) | BIT(VMSYNC_ON_pvclock) |
		  BIT(VMSYNC_ON_vm) | BIT(VMSYNC_ON_drop) |
		  BIT(VMSYNC_ON_slow),
	.change = listening_changed,
};

/* Of the virtual CPUs that the session above knows. */
static struct vmsync_listener slow_listener = {
	.events = BIT(VMSYNC_ON_slow),
	.change = host_slow_listen,
};

static int __init vmsync_host_init(void)
{
	int err;

	err = host_table_init();
	if (err)
		return err;
	err = host_hooks_find();
	if (err)
		goto err_hooks;
	err = host_death_init();
	if (err)
		goto err_hooks;
	host_state_init();
	host_slow_init();
	if (host_answers_clock)
		host_session_begin();
	vmsync_listener_register(&listener);
	vmsync_listener_register(&slow_listener);
	return 0;

err_hooks:
	host_table_exit();
	return err;
}

static void __exit vmsync_host_exit(void)
{
	vmsync_listener_unregister(&slow_listener);
	vmsync_listener_unregister(&listener);
	host_session_end();
	host_state_exit();
	host_death_exit();
	host_table_exit();
}

module_init(vmsync_host_init);
module_exit(vmsync_host_exit);

MODULE_DESCRIPTION("vmsync: beacons of KVM guests and their TSC parameters as trace events");
MODULE_AUTHOR("vmsync authors");
MODULE_VERSION(VMSYNC_VERSION);
MODULE_LICENSE("GPL");
