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
static bool complained;	/* once for each time that it does not go on */

static void round_begin(void)
{
	WRITE_ONCE(host_round, host_round + 1);
	host_look_again_all();
}

static void complain(const char *what, int err)
{
	if (!complained)
		pr_err("%s: %d; nothing is recorded until that is over\n", what,
		       err);
	complained = true;
}

/* Where a VM may have died unseen, none is known any more. */
static bool deaths_seen(void)
{
	if (host_death_works())
		return true;
	host_vms_forget();
	host_death_forgotten();
	return host_death_works();
}

static void attach(void)
{
	int err;

	if (!deaths_seen()) {
		complain("cannot see VMs die, kprobes are switched off (sysctl kernel.ftrace_enabled, debugfs kprobes/enabled)",
			 -EOPNOTSUPP);
		return;
	}
	WRITE_ONCE(host_session, host_session + 1);
	round_begin();
	err = host_hooks_attach();
	if (err) {
		complain("cannot attach to KVM's tracepoints", err);
		return;
	}
	WRITE_ONCE(attached, true);
	complained = false;
}

static void detach(void)
{
	if (attached)
		host_hooks_detach();
	WRITE_ONCE(attached, false);
}

static void drop_tell(struct host_vm *vm, void *unused)
{
	host_tell_drop(vm);
}

bool host_session_attached(void)
{
	return READ_ONCE(attached);
}

/* What failed is tried again, as long as a tracer listens. */
static void announce(struct work_struct *work)
{
	unsigned int ms = max(READ_ONCE(announce_ms), 100U);

	if (attached && !host_death_works())
		detach();
	if (attached) {
		host_vm_each(drop_tell, NULL);
		round_begin();
	} else {
		attach();
	}
	schedule_delayed_work(to_delayed_work(work), msecs_to_jiffies(ms));
}

static DECLARE_DELAYED_WORK(announce_work, announce);

void host_session_begin(void)
{
	complained = false;
	attach();
	schedule_delayed_work(&announce_work, msecs_to_jiffies(FIRST_MS));
}

void host_session_end(void)
{
	cancel_delayed_work_sync(&announce_work);
	detach();
}
