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
 *
 * The flag of kvm_entry came with 6.9, and with some 6.1.y and 6.6.y. Nothing
 * here reads it, and no probe declares it: a function that takes fewer
 * arguments than it is given is sound in the x86-64 calling convention. It is
 * not under kCFI, which compares types at each indirect call.
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
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0) || \
	LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#error "KVM's tracepoints were not compared with this kernel's: see compat-kvm.h"
#endif

#ifdef CONFIG_CFI_CLANG
#error "the probes leave out arguments, which kCFI does not allow"
#endif

#define VMSYNC_KVM_HYPERCALL_ARGS \
	unsigned long nr, unsigned long a0, unsigned long a1, \
	unsigned long a2, unsigned long a3
#define VMSYNC_KVM_ENTRY_ARGS		struct kvm_vcpu *vcpu
#define VMSYNC_KVM_EXIT_ARGS		struct kvm_vcpu *vcpu, u32 isa
#define VMSYNC_KVM_WRITE_TSC_OFFSET_ARGS \
	unsigned int vcpu_id, __u64 prev, __u64 next
#define VMSYNC_KVM_PVCLOCK_UPDATE_ARGS \
	unsigned int vcpu_id, struct pvclock_vcpu_time_info *pv

/*
 * kvm_x86_ops.get_exit_info: {svm,vmx}_get_exit_info. Its type is taken from
 * the header, so the call in exit_info.c is checked by the compiler.
 */
typedef typeof(((struct kvm_x86_ops *)NULL)->get_exit_info)
	vmsync_get_exit_info_t;
/* kvm_x86_ops.cache_reg: vmx_cache_reg. */
typedef typeof(((struct kvm_x86_ops *)NULL)->cache_reg) vmsync_cache_reg_t;

/*
 * The first members of KVM's own struct kvm_caps, which is exported, but whose
 * header (arch/x86/kvm/x86.h) no headers package has. Same from 6.0 to 6.12.
 * All zeros until kvm_amd.ko or kvm_intel.ko is loaded.
 */
struct kvm_caps {
	bool has_tsc_control;
	u32 max_guest_tsc_khz;
	u8 tsc_scaling_ratio_frac_bits;
	u64 max_tsc_scaling_ratio;
	u64 default_tsc_scaling_ratio;
};

extern struct kvm_caps kvm_caps;

/* Does the above look like what KVM has there? */
static inline bool vmsync_kvm_caps_plausible(void)
{
	u8 bits = kvm_caps.tsc_scaling_ratio_frac_bits;

	return !kvm_caps.default_tsc_scaling_ratio ||
	       (bits < 64 && kvm_caps.default_tsc_scaling_ratio == 1ULL << bits);
}

#endif /* _VMSYNC_COMPAT_KVM_H */
