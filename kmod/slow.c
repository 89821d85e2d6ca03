// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmsync_slow: a virtual CPU had to wait for a physical one, for longer than a
 * limit. It is told at the switch that ends the wait, so that a tracer's own
 * trigger can act on it at once.
 *
 * The probe runs in the middle of a switch: interrupts are off, the runqueue is
 * locked, the thread that goes is still the current one, and the one that comes
 * runs nowhere. So nobody else reads or writes what is remembered of its wait,
 * and nothing is done here but to look at that thread. Nothing at all is done, and
 * no probe is there, while there is no limit or nobody listens.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kconfig.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/time64.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>

#include "host.h"
#include "trace.h"

static unsigned int slow_us;

static struct tracepoint *sched_switch;
static DEFINE_MUTEX(slow_lock);	/* the following, and the probe's coming and going */
static bool listening;
static bool attached;

static void tell(struct host_vcpu *v, const struct task_struct *prev,
		 const struct task_struct *next, u64 ns)
{
	struct vmsync_slow ev = {
		.who = host_who(v),
		.tid = next->pid,
		.by = prev->pid,
		.ns = ns,
	};

	if (!host_limit_slow(&v->vm->slow)) {
		atomic64_inc(&v->vm->counts.slow_dropped);
		return;
	}
	atomic64_inc(&v->vm->counts.slow);
	trace_vmsync_slow(&ev);
}

#ifdef CONFIG_SCHED_INFO
static struct host_queued queued(const struct task_struct *task)
{
	return (struct host_queued) {
		.delay_ns = task->sched_info.run_delay,
		.since_ns = task->sched_info.last_queued,
		.now_ns = local_clock(),
		.runs = task->sched_info.pcount,
		.tid = task->pid,
	};
}
#else
static struct host_queued queued(const struct task_struct *task)
{
	return (struct host_queued) { };
}
#endif

/* Out of line, for the sake of all threads that are no virtual CPU's. */
static noinline void vcpu_runs(struct host_vcpu *v,
			       const struct task_struct *prev,
			       const struct task_struct *next)
{
	struct host_queued now = queued(next);
	u64 ns = host_wait_end(&v->wait, &now);
	u64 limit_ns = (u64)READ_ONCE(slow_us) * NSEC_PER_USEC;

	if (limit_ns && ns > limit_ns)
		tell(v, prev, next, ns);
}

static void probe_sched_switch(void *data, VMSYNC_SCHED_SWITCH_ARGS)
{
	const struct kvm_vcpu *vcpu = host_vcpu_loaded(next);
	struct host_vcpu *v;

	if (likely(!vcpu))
		return;
	/* Interrupts are off, so this is a reader of RCU's as it is. */
	v = host_vcpu_find(vcpu);
	if (v)
		vcpu_runs(v, prev, next);
}

/* With slow_lock held. */
static void update(void)
{
	bool wanted = listening && slow_us && sched_switch;
	int err;

	if (wanted == attached)
		return;
	if (wanted) {
		err = tracepoint_probe_register(sched_switch,
						probe_sched_switch, NULL);
		if (err)
			pr_err("cannot attach to sched_switch: %d\n", err);
		attached = !err;
		return;
	}
	tracepoint_probe_unregister(sched_switch, probe_sched_switch, NULL);
	tracepoint_synchronize_unregister();
	attached = false;
}

static int slow_us_set(const char *text, const struct kernel_param *kp)
{
	int err;

	if (!IS_ENABLED(CONFIG_SCHED_INFO))
		return -EOPNOTSUPP;
	mutex_lock(&slow_lock);
	err = param_set_uint(text, kp);
	if (!err)
		update();
	mutex_unlock(&slow_lock);
	return err;
}

static const struct kernel_param_ops slow_us_ops = {
	.set = slow_us_set,
	.get = param_get_uint,
};

module_param_cb(slow_us, &slow_us_ops, &slow_us, 0644);
__MODULE_PARM_TYPE(slow_us, "uint");
MODULE_PARM_DESC(slow_us, "us that a virtual CPU may wait for a physical one before vmsync_slow tells of it (default 0: it never does)");

void host_slow_listen(bool on)
{
	mutex_lock(&slow_lock);
	listening = on;
	update();
	mutex_unlock(&slow_lock);
}

static void hook_match(struct tracepoint *tp, void *unused)
{
	if (!strcmp(tp->name, "sched_switch"))
		sched_switch = tp;
}

void host_slow_init(void)
{
	/* It is attached to by name, but this is its prototype. */
	check_trace_callback_type_sched_switch(probe_sched_switch);
	for_each_kernel_tracepoint(hook_match, NULL);
}
