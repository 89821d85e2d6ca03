// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmsync-guest.ko: sends beacons, as include/uapi/vmsync.h specifies them,
 * while a tracer listens.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kvm_para.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "../kmod/listen.h"
#include "../kmod/trace.h"
#include "../kmod/vmsync.h"

#define RATE_MIN_HZ 1
#define RATE_MAX_HZ 100		/* a beacon is a timer, an IPI and an exit */

static unsigned int rate_hz = 10;

static int rate_set(const char *text, const struct kernel_param *kp)
{
	return param_set_uint_minmax(text, kp, RATE_MIN_HZ, RATE_MAX_HZ);
}

static const struct kernel_param_ops rate_ops = {
	.set = rate_set,
	.get = param_get_uint,
};

module_param_cb(rate_hz, &rate_ops, &rate_hz, 0644);
MODULE_PARM_DESC(rate_hz, "beacons per second of this guest, over all its CPUs in turn, 1..100 (default 10)");

static u64 vm_uid;

/* These belong to the work, which never runs twice at once. */
static u32 next_cnt;
static unsigned int next_cpu;
static u64 next_ns;		/* CLOCK_MONOTONIC at which the next one is due */

/* On the CPU that sends it, interrupts off from the pair to the last event. */
static void beacon_send(void *info)
{
	const u32 *cnt = info;
	struct vmsync_gh_guest gh = {
		.vm_uid = vm_uid,
		.cnt = *cnt,
		.vcpu = smp_processor_id(),
	};
	struct vmsync_hg_guest hg = {
		.vm_uid = vm_uid,
		.cnt = *cnt + 1,
		.vcpu = gh.vcpu,
	};

	vmsync_line_get(&gh.line);
	vmsync_page_get(&gh.line, &gh.page);
	vmsync_pair_get(&gh.pair);
	trace_vmsync_gh_guest(&gh);

	/* The answer is always -KVM_ENOSYS; that the host saw it is enough. */
	kvm_hypercall4(VMSYNC_HC_BEACON, gh.cnt, vm_uid, gh.pair.tsc,
		       gh.pair.mono);

	hg.tsc = rdtsc_ordered();
	hg.mono = ktime_get_mono_fast_ns();
	trace_vmsync_hg_guest(&hg);
}

/* The online CPU after the last one. It may go offline: see the caller. */
static unsigned int cpu_in_turn(void)
{
	unsigned int cpu = cpumask_next(next_cpu, cpu_online_mask);

	if (cpu >= nr_cpu_ids)
		cpu = cpumask_first(cpu_online_mask);
	next_cpu = cpu;
	return cpu;
}

/* Jiffies to the next beacon. Late ones are not made up for. */
static unsigned long delay_to_next(void)
{
	u64 period = NSEC_PER_SEC / READ_ONCE(rate_hz);
	u64 now = ktime_get_mono_fast_ns();

	next_ns += period;
	if (next_ns <= now || next_ns > now + period)
		next_ns = now + period;
	return nsecs_to_jiffies(next_ns - now);
}

static void beacon_work(struct work_struct *work)
{
	/* Fails if the CPU went offline just now; then it is the next one's turn. */
	if (!smp_call_function_single(cpu_in_turn(), beacon_send, &next_cnt, 1))
		next_cnt += VMSYNC_CNT_STEP;
	queue_delayed_work(system_freezable_wq, to_delayed_work(work),
			   delay_to_next());
}

static DECLARE_DELAYED_WORK(work, beacon_work);

static void listening_changed(bool on)
{
	if (on)
		queue_delayed_work(system_freezable_wq, &work, delay_to_next());
	else
		cancel_delayed_work_sync(&work);
}

static struct vmsync_listener listener = {
	.events = BIT(VMSYNC_ON_gh_guest) | BIT(VMSYNC_ON_hg_guest),
	.change = listening_changed,
};

static void vm_uid_draw(void)
{
	do {
		vm_uid = get_random_u64() >> 1;
	} while (!vm_uid);
}

static int __init vmsync_guest_init(void)
{
	if (!kvm_para_available()) {
		pr_err("no KVM under this kernel: this module is for guests of KVM\n");
		return -ENODEV;
	}
	vm_uid_draw();
	vmsync_listener_register(&listener);
	return 0;
}

static void __exit vmsync_guest_exit(void)
{
	vmsync_listener_unregister(&listener);
}

module_init(vmsync_guest_init);
module_exit(vmsync_guest_exit);

MODULE_DESCRIPTION("vmsync: beacons from a KVM guest to its host");
MODULE_AUTHOR("vmsync authors");
MODULE_LICENSE("GPL");
