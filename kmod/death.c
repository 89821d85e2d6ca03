// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a VM. No tracepoint tells of it, so there is a kprobe, and a kprobe
 * is silently off while sysctl kernel.ftrace_enabled is 0 or while
 * debugfs/kprobes/enabled is: registering it succeeds all the same. So it is
 * tried out, on a function of our own, which the same switches govern.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/module.h>

#include "host.h"

/* kvm_arch_destroy_vm(struct kvm *kvm), before anything of it is freed. */
static int vm_dies(struct kprobe *kp, struct pt_regs *regs)
{
	host_vm_forget((const struct kvm *)regs->di);
	return 0;
}

static struct kprobe death_probe = {
	.symbol_name = "kvm_arch_destroy_vm",
	.pre_handler = vm_dies,
};

/* Has to be a function of its own, or there is nothing to probe. */
static noinline void trial(void)
{
	barrier();
}

static unsigned int trials_seen;	/* changes while trial() is called */

static int trial_seen(struct kprobe *kp, struct pt_regs *regs)
{
	WRITE_ONCE(trials_seen, trials_seen + 1);
	return 0;
}

static struct kprobe trial_probe = {
	.addr = (kprobe_opcode_t *)trial,
	.pre_handler = trial_seen,
};

static unsigned long missed_before;
static bool missed;	/* a virtual CPU was found in the place of another one */

void host_death_missed(void)
{
	WRITE_ONCE(missed, true);
}

bool host_death_works(void)
{
	unsigned int before = READ_ONCE(trials_seen);

	trial();
	return READ_ONCE(trials_seen) != before && !READ_ONCE(missed) &&
	       READ_ONCE(death_probe.nmissed) == READ_ONCE(missed_before);
}

void host_death_forgotten(void)
{
	WRITE_ONCE(missed_before, READ_ONCE(death_probe.nmissed));
	WRITE_ONCE(missed, false);
}

#define OFF_TRIES 100
#define OFF_PAUSE_MS 100

/*
 * Where the kernel has no memory to take a probe off, unregister_kprobe() says
 * nothing: it clears the address, and the probe is still on. It must not stay
 * behind when this module goes, so it is tried again.
 */
static void probe_off(struct kprobe *kp)
{
	kprobe_opcode_t *addr = kp->addr;
	int tries = OFF_TRIES;

	unregister_kprobe(kp);
	while (!kp->addr && tries--) {
		msleep(OFF_PAUSE_MS);
		kp->addr = addr;
		unregister_kprobe(kp);
	}
	if (!kp->addr)
		pr_crit("a kprobe cannot be taken off: reboot\n");
}

int host_death_init(void)
{
	int err;

	err = register_kprobe(&trial_probe);
	if (err) {
		pr_err("cannot set a kprobe: %d\n", err);
		return err;
	}
	err = register_kprobe(&death_probe);
	if (err) {
		pr_err("cannot see VMs die (kprobe on %s): %d\n",
		       death_probe.symbol_name, err);
		goto err_death;
	}
	if (!host_death_works()) {
		pr_err("cannot see VMs die: kprobes are switched off (sysctl kernel.ftrace_enabled, debugfs kprobes/enabled)\n");
		err = -EOPNOTSUPP;
		goto err_off;
	}
	return 0;

err_off:
	probe_off(&death_probe);
err_death:
	probe_off(&trial_probe);
	return err;
}

void host_death_exit(void)
{
	probe_off(&death_probe);
	probe_off(&trial_probe);
}
