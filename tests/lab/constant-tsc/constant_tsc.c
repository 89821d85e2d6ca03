// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells L1's kernel that its TSC has a constant rate, for L1 only.
 *
 * On PREEMPT_RT, KVM does not load without X86_FEATURE_CONSTANT_TSC. QEMU's
 * emulation never shows that bit, though its TSC has it: all of its CPUs take
 * theirs from one clock of the machine below. tsc=reliable says so too, but
 * only to the clocksource.
 */
#include <linux/module.h>
#include <asm/cpufeature.h>

static int __init constant_tsc_init(void)
{
	set_cpu_cap(&boot_cpu_data, X86_FEATURE_CONSTANT_TSC);
	return 0;
}

static void __exit constant_tsc_exit(void)
{
}

module_init(constant_tsc_init);
module_exit(constant_tsc_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Lab only: the emulated TSC has a constant rate");
