// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hostile kernel in a guest can do to its host, at full speed on all its
 * CPUs, as long as the module is loaded:
 *
 *	what=spin	compute; nothing hostile, what a busy guest takes anyhow
 *	what=calls	hypercalls that nobody has ever heard of
 *	what=beacons	beacons with forged counts, clocks and names, every other
 *			one with the name uid=, another guest's
 *	what=tsc	write the TSC, through both of its registers
 *	what=page	register kvm-clock's page again, by turns through both of
 *			its registers and not at all
 *
 * Its guest's clocks are of no use meanwhile. Says how often at its end.
 */
#include <linux/cpu.h>
#include <linux/kthread.h>
#include <linux/kvm_para.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <asm/msr.h>

#include "uapi/vmsync.h"

#define AT_ONCE 100		/* then others may run */
#define STEP 1000000		/* of the TSC, cycles: never back */
#define UNKNOWN_CALL 0x7fff

static char *what = "spin";
module_param(what, charp, 0444);
MODULE_PARM_DESC(what, "spin, calls, beacons, tsc or page");

static ulong uid = 1;
module_param(uid, ulong, 0444);
MODULE_PARM_DESC(uid, "another guest's name, to be used");

static DEFINE_PER_CPU(struct task_struct *, thread);
static DEFINE_PER_CPU(u64, done);

static void spin(u64 i)
{
	cpu_relax();
}

static void calls(u64 i)
{
	kvm_hypercall4(UNKNOWN_CALL, i, i, i, i);
}

static void beacons(u64 i)
{
	static const u64 clocks[] = { 0, ~0ull, 1ull << 63, 12345 };
	u64 tsc = i & 4 ? rdtsc() : clocks[i / 8 % 4];

	kvm_hypercall4(VMSYNC_HC_BEACON, i * 2654435761u, i & 1 ? uid : i, tsc,
		       clocks[i / 32 % 4] + i);
}

/* There and back, so that the guest lives on. */
static void tsc_write(u64 i)
{
	unsigned long flags;
	u64 adjust;

	local_irq_save(flags);
	rdmsrl(MSR_IA32_TSC_ADJUST, adjust);
	wrmsrl(MSR_IA32_TSC, rdtsc() + STEP);
	wrmsrl(MSR_IA32_TSC_ADJUST, adjust);
	local_irq_restore(flags);
}

static void page_register(u64 i)
{
	static DEFINE_PER_CPU(u64, page);
	u64 *mine = this_cpu_ptr(&page);

	if (!*mine)
		rdmsrl(MSR_KVM_SYSTEM_TIME_NEW, *mine);
	switch (i % 4) {
	case 0:
		wrmsrl(MSR_KVM_SYSTEM_TIME, *mine);
		break;
	case 2:
		wrmsrl(MSR_KVM_SYSTEM_TIME_NEW, 0);
		break;
	default:
		wrmsrl(MSR_KVM_SYSTEM_TIME_NEW, *mine);
	}
}

static const struct {
	const char *name;
	void (*once)(u64 i);
} attacks[] = {
	{ "spin", spin },
	{ "calls", calls },
	{ "beacons", beacons },
	{ "tsc", tsc_write },
	{ "page", page_register },
};

static int attack(void *once)
{
	void (*fn)(u64 i) = once;
	u64 i = 0;

	while (!kthread_should_stop()) {
		do {
			fn(i++);
		} while (i % AT_ONCE);
		this_cpu_write(done, i);
		cond_resched();
	}
	/* A page that the guest's kernel knows is left behind. */
	while (fn == page_register && i % 4 != 2)
		fn(i++);
	return 0;
}

static int attack_begin(void (*once)(u64 i))
{
	unsigned int cpu;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		struct task_struct *t = kthread_create_on_cpu(attack, once, cpu,
							      "adversary/%u");

		if (IS_ERR(t))
			continue;
		per_cpu(thread, cpu) = t;
		wake_up_process(t);
	}
	cpus_read_unlock();
	return 0;
}

static int __init adversary_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(attacks); i++)
		if (!strcmp(what, attacks[i].name))
			return attack_begin(attacks[i].once);
	return -EINVAL;
}

static void __exit adversary_exit(void)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		if (per_cpu(thread, cpu))
			kthread_stop(per_cpu(thread, cpu));
		sum += per_cpu(done, cpu);
	}
	pr_warn("adversary: what=%s times=%llu\n", what, sum);
}

module_init(adversary_init);
module_exit(adversary_exit);

MODULE_DESCRIPTION("a hostile guest kernel, for the lab");
MODULE_LICENSE("GPL");
