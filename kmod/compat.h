/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernel versions for the core and the guest module. What
 * the host module needs of KVM is in compat-kvm.h.
 */
#ifndef _VMSYNC_COMPAT_H
#define _VMSYNC_COMPAT_H

#include <linux/mm.h>
#include <linux/sched/isolation.h>
#include <linux/seqlock.h>
#include <linux/syscore_ops.h>
#include <linux/version.h>

/*
 * read_seqcount_latch_retry() went with 6.5 and came back with 6.13 and in some
 * 6.12.y; the type has been the same since 5.10.
 */
static inline bool vmsync_latch_retry(const seqcount_latch_t *latch,
				      unsigned int start)
{
	smp_rmb();
	return unlikely(READ_ONCE(latch->seqcount.sequence) != start);
}

/* Was @cpu isolated, or freed from the tick, to be left alone? */
static inline bool vmsync_cpu_isolated(int cpu)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	return cpu_is_isolated(cpu);
#else
	return !housekeeping_test_cpu(cpu, HK_TYPE_DOMAIN) ||
	       !housekeeping_test_cpu(cpu, HK_TYPE_TICK);
#endif
}

/* What is mapped only to be read is not made writable later. */
static inline void vmsync_vm_never_written(struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_clear(vma, VM_MAYWRITE);
#else
	vma->vm_flags &= ~VM_MAYWRITE;
#endif
}

/*
 * What is called last before the machine is suspended, and first when it wakes:
 * VMSYNC_SYSCORE(NAME, .suspend = ..., .resume = ...). Callbacks have data in
 * newer kernels, and in 6.12.117 at the latest, and are registered with it.
 */
#ifdef VMSYNC_SYSCORE_HAS_DATA
#define VMSYNC_SYSCORE_ARG void *unused
#define VMSYNC_SYSCORE(name, ...)                                     \
	static const struct syscore_ops name##_ops = { __VA_ARGS__ }; \
	static struct syscore name = { .ops = &name##_ops }
#define vmsync_syscore_register(s)   register_syscore(s)
#define vmsync_syscore_unregister(s) unregister_syscore(s)
#else
#define VMSYNC_SYSCORE_ARG	     void
#define VMSYNC_SYSCORE(name, ...)    static struct syscore_ops name = {__VA_ARGS__}
#define vmsync_syscore_register(s)   register_syscore_ops(s)
#define vmsync_syscore_unregister(s) unregister_syscore_ops(s)
#endif

#endif /* _VMSYNC_COMPAT_H */
