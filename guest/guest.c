// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmsync-guest.ko: sends beacons, as include/uapi/vmsync.h specifies them,
 * while a tracer listens.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/jiffies.h>
#include <linux/kvm_para.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "../kmod/compat.h"
#include "../kmod/listen.h"
#include "../kmod/trace.h"
#include "../kmod/vmsync.h"

#define RATE_MIN_HZ 1
#define RATE_MAX_HZ 100		/* a beacon is a timer, a wake-up and an exit */

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
__MODULE_PARM_TYPE(rate_hz, "uint");
MODULE_PARM_DESC(rate_hz, "beacons per second of this guest, over its CPUs in turn, 1..100 (default 10)");

static struct cpumask cpus;	/* asked for; none: see cpu_wanted() */

static int cpus_set(const char *text, const struct kernel_param *kp)
{
	return cpulist_parse(text, &cpus);
}

static int cpus_get(char *buf, const struct kernel_param *kp)
{
	return cpumap_print_to_pagebuf(true, buf, &cpus);
}

static const struct kernel_param_ops cpus_ops = {
	.set = cpus_set,
	.get = cpus_get,
};

module_param_cb(cpus, &cpus_ops, NULL, 0444);
__MODULE_PARM_TYPE(cpus, "cpulist");
MODULE_PARM_DESC(cpus, "CPUs that send beacons, a list such as 0-3,8 (default: all that are not isolated)");

static u64 vm_uid;

/* These belong to the work, which never runs twice at once. */
static u32 next_cnt;
static unsigned int last_cpu;
static u64 next_ns;		/* CLOCK_MONOTONIC at which the next one is due */

/* On the CPU that sends it, interrupts off from the pair to the last event. */
static void beacon_send(u32 cnt)
{
	struct vmsync_gh_guest gh = {
		.vm_uid = vm_uid,
		.cnt = cnt,
		.vcpu = smp_processor_id(),
	};
	struct vmsync_hg_guest hg = {
		.vm_uid = vm_uid,
		.cnt = cnt + 1,
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

/* One that was isolated is not to be disturbed, unless it is asked for. */
static bool cpu_wanted(unsigned int cpu)
{
	if (!cpumask_empty(&cpus))
		return cpumask_test_cpu(cpu, &cpus);
	return !vmsync_cpu_isolated((int)cpu);
}

/* The wanted online CPU after the last one; where there is none, any. */
static unsigned int cpu_in_turn(void)
{
	unsigned int cpu, first = nr_cpu_ids, next = nr_cpu_ids;

	for_each_online_cpu(cpu) {
		if (!cpu_wanted(cpu))
			continue;
		if (first >= nr_cpu_ids)
			first = cpu;
		if (cpu > last_cpu && next >= nr_cpu_ids)
			next = cpu;
	}
	if (next >= nr_cpu_ids)
		next = first;
	if (next >= nr_cpu_ids)
		return WORK_CPU_UNBOUND;
	last_cpu = next;
	return next;
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

static void beacon_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(work, beacon_work);

/*
 * The work itself goes from CPU to CPU, so that none waits for another one,
 * which in a guest may not run for long.
 */
static void beacon_plan(void)
{
	/* A timer on a CPU that is not online would never end. */
	cpus_read_lock();
	queue_delayed_work_on(cpu_in_turn(), system_freezable_wq, &work,
			      delay_to_next());
	cpus_read_unlock();
}

static void beacon_work(struct work_struct *unused)
{
	unsigned long flags;

	/* It is elsewhere if its CPU went offline meanwhile. */
	local_irq_save(flags);
	if (cpu_wanted(smp_processor_id())) {
		beacon_send(next_cnt);
		WRITE_ONCE(next_cnt, next_cnt + VMSYNC_CNT_STEP);
	}
	local_irq_restore(flags);
	beacon_plan();
}

static void listening_changed(bool on)
{
	if (on)
		beacon_plan();
	else
		cancel_delayed_work_sync(&work);
}

static struct vmsync_listener listener = {
	.events = BIT(VMSYNC_ON_gh_guest) | BIT(VMSYNC_ON_hg_guest),
	.change = listening_changed,
};

static int guest_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "vm_uid=%llu sent=%u\n", vm_uid,
		   READ_ONCE(next_cnt) / VMSYNC_CNT_STEP);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(guest);

static struct dentry *state;

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
	state = debugfs_create_file("guest", 0444, vmsync_debugfs, NULL,
				    &guest_fops);
	vmsync_listener_register(&listener);
	return 0;
}

static void __exit vmsync_guest_exit(void)
{
	vmsync_listener_unregister(&listener);
	debugfs_remove(state);
}

module_init(vmsync_guest_init);
module_exit(vmsync_guest_exit);

MODULE_DESCRIPTION("vmsync: beacons from a KVM guest to its host");
MODULE_AUTHOR("vmsync authors");
MODULE_VERSION(VMSYNC_VERSION);
MODULE_LICENSE("GPL");
