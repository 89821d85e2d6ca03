// SPDX-License-Identifier: GPL-2.0-only
/*
 * What goes on while a tracer listens.
 *
 * A tracepoint says only that its first tracer comes, and that some time
 * before that one really listens; a second one comes unseen, and one that
 * records into a ring loses what is old. So each virtual CPU tells all about
 * itself, vmsync_vm, vmsync_tsc and vmsync_pvclock, in each of a sequence of
 * rounds: at its first entry in that round, because only its own thread may look
 * at it, and because one that is not entered has nothing to tell. A few events
 * per virtual CPU cost nothing beside what KVM itself traces.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/workqueue.h>

#include "host.h"

static unsigned int announce_ms = 2000;
module_param(announce_ms, uint, 0644);
MODULE_PARM_DESC(announce_ms, "ms between two descriptions of all virtual CPUs while a tracer listens (default 2000, at least 100)");

#define FIRST_MS 100	/* time for a tracer's start to complete */

u32 host_session;
u32 host_round;

static bool attached;

static void round_begin(void)
{
	WRITE_ONCE(host_round, host_round + 1);
	host_look_again_all();
}

static void announce(struct work_struct *work)
{
	host_vm_each(host_tell_drop);
	round_begin();
	schedule_delayed_work(to_delayed_work(work),
			      msecs_to_jiffies(max(announce_ms, 100U)));
}

static DECLARE_DELAYED_WORK(announce_work, announce);

void host_session_begin(void)
{
	int err;

	host_session++;
	round_begin();
	err = host_hooks_attach();
	if (err) {
		pr_err("cannot attach to KVM's tracepoints: %d\n", err);
		return;
	}
	attached = true;
	schedule_delayed_work(&announce_work, msecs_to_jiffies(FIRST_MS));
}

void host_session_end(void)
{
	if (!attached)
		return;
	attached = false;
	cancel_delayed_work_sync(&announce_work);
	host_hooks_detach();
}
