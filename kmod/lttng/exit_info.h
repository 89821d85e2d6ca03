/* SPDX-License-Identifier: GPL-2.0-only */
/* What only KVM's vendor module knows about an exit. */
#ifndef _VMSYNC_EXIT_INFO_H
#define _VMSYNC_EXIT_INFO_H

#include <linux/types.h>

struct kvm_vcpu;

/**
 * struct vmsync_exit_info - why a virtual CPU left its guest
 * @reason: as the CPU reports it; 0xffffffff: not known
 * @info1: depends on @reason
 * @info2: depends on @reason
 */
struct vmsync_exit_info {
	u32 reason;
	u64 info1;
	u64 info2;
};

/*
 * Both in the thread of @vcpu, between kvm_entry and kvm_exit inclusive,
 * preemption off.
 */
void vmsync_exit_info(struct kvm_vcpu *vcpu, struct vmsync_exit_info *info);
u64 vmsync_guest_rip(struct kvm_vcpu *vcpu);

int vmsync_exit_info_init(void);
/* No probe may run any more. */
void vmsync_exit_info_exit(void);

#endif /* _VMSYNC_EXIT_INFO_H */
