/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything about KVM that differs between kernel versions, and everything that
 * was checked for a version without the compiler's help. Only what looks at KVM
 * from the host needs it; the rest is in compat.h.
 *
 * Kbuild and dkms.conf name the same versions.
 *
 * KVM's tracepoints are attached to by name, so no compiler compares the
 * probes' prototypes with KVM's. These are the ones of 6.1 to 6.12, as kvm.ko's
 * BTF shows them (bpftool btf dump -B vmlinux file kvm.ko):
 *
 *	kvm_hypercall		unsigned long nr, a0, a1, a2, a3
 *	kvm_entry		struct kvm_vcpu *, bool force_immediate_exit
 *	kvm_exit		struct kvm_vcpu *, u32 isa
 *	kvm_write_tsc_offset	unsigned int vcpu_id, __u64 prev, __u64 next
 *	kvm_pvclock_update	unsigned int vcpu_id,
 *				struct pvclock_vcpu_time_info *
 *	kvm_vcpu_wakeup		__u64 ns, bool waited, bool valid
 *	kvm_halt_poll_ns	bool grow, unsigned int vcpu_id, new, old
 *	kvm_apic_accept_irq	__u32 apicid, __u16 dm, __u16 tm, __u8 vec
 *	kvm_apicv_accept_irq	the same
 *	kvm_inj_virq		unsigned int vector, bool soft, bool reinjected
 *	kvm_msr			unsigned int write, u32 ecx, u64 data, bool exception
 *	kvm_pio			unsigned int rw, port, size, count, const void *
 *
 * The flag of kvm_entry came with 6.9, and with some 6.1.y and 6.6.y. Nothing
 * here reads it or the data of kvm_pio, and no probe declares them: a function
 * that takes fewer arguments than it is given is sound in the x86-64 calling
 * convention. It is not under kCFI, which compares types at each indirect call.
 *
 * KVM governs the TSC of every guest that these kernels run. Later ones have
 * guests whose TSC is protected (TDX, Secure TSC of SEV-SNP), where KVM's offset
 * says nothing: arch.guest_tsc_protected marks them. Whoever lets such a kernel
 * in must leave out vmsync_tsc for them, and look at what a TDX guest's RAX holds
 * after a hypercall. tests/check/modules.sh looks for that member.
 */
#ifndef _VMSYNC_COMPAT_KVM_H
#define _VMSYNC_COMPAT_KVM_H

#include <linux/kvm_host.h>
#include <linux/math64.h>
#include <linux/version.h>
#include <asm/cpufeature.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0) || \
	LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#error "KVM's tracepoints were not compared with this kernel's: see compat-kvm.h"
#endif

#ifdef CONFIG_CFI_CLANG
#error "the probes leave out arguments, which kCFI does not allow"
#endif

/*
 * The scheduler's, whose order of arguments was another one before 5.18; slow.c has
 * the compiler compare it.
 */
#define VMSYNC_SCHED_SWITCH_ARGS \
	bool preempt, struct task_struct *prev, struct task_struct *next, \
	unsigned int prev_state

#define VMSYNC_KVM_HYPERCALL_ARGS \
	unsigned long nr, unsigned long a0, unsigned long a1, \
	unsigned long a2, unsigned long a3
#define VMSYNC_KVM_ENTRY_ARGS		struct kvm_vcpu *vcpu
#define VMSYNC_KVM_EXIT_ARGS		struct kvm_vcpu *vcpu, u32 isa
#define VMSYNC_KVM_WRITE_TSC_OFFSET_ARGS \
	unsigned int vcpu_id, __u64 prev, __u64 next
#define VMSYNC_KVM_PVCLOCK_UPDATE_ARGS \
	unsigned int vcpu_id, struct pvclock_vcpu_time_info *pv
#define VMSYNC_KVM_VCPU_WAKEUP_ARGS	__u64 ns, bool waited, bool valid
#define VMSYNC_KVM_HALT_POLL_NS_ARGS \
	bool grow, unsigned int vcpu_id, unsigned int new, unsigned int old
#define VMSYNC_KVM_APIC_ACCEPT_IRQ_ARGS \
	__u32 apicid, __u16 dm, __u16 tm, __u8 vec
#define VMSYNC_KVM_INJ_VIRQ_ARGS \
	unsigned int vector, bool soft, bool reinjected
#define VMSYNC_KVM_MSR_ARGS \
	unsigned int write, u32 ecx, u64 data, bool exception
#define VMSYNC_KVM_PIO_ARGS \
	unsigned int rw, unsigned int port, unsigned int size, \
	unsigned int count

/*
 * kvm_x86_ops.get_exit_info: {svm,vmx}_get_exit_info. Its type is taken from
 * the header, so the call in exit_info.c is checked by the compiler.
 */
typedef typeof(((struct kvm_x86_ops *)NULL)->get_exit_info)
	vmsync_get_exit_info_t;
/* kvm_x86_ops.cache_reg: vmx_cache_reg. */
typedef typeof(((struct kvm_x86_ops *)NULL)->cache_reg) vmsync_cache_reg_t;

/*
 * The point in a TSC ratio. It is fixed by the architecture: VMX has a multiplier
 * with 48 binary places, SVM a register with 32. KVM's kvm_caps has it too, but
 * later kernels do not export that. A ratio of 1 is no ratio with places: it is
 * KVM's default where nothing set their number.
 */
static inline u8 vmsync_frac_bits(u64 ratio)
{
	if (ratio == 1)
		return 0;
	return boot_cpu_has(X86_FEATURE_VMX) ? 48 : 32;
}

/* What kvm_read_l1_tsc() says, which later kernels do not export. */
static inline u64 vmsync_guest_tsc(const struct kvm_vcpu *vcpu, u64 host_tsc)
{
	u64 ratio = vcpu->arch.l1_tsc_scaling_ratio;

	return mul_u64_u64_shr(host_tsc, ratio, vmsync_frac_bits(ratio)) +
	       vcpu->arch.l1_tsc_offset;
}

#endif /* _VMSYNC_COMPAT_KVM_H */
