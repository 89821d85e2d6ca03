/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM, its virtual machines and a tracer, as vmsync-host.ko sees them: the test
 * says what happens, the module's probes are called as KVM would call them, and
 * what the tracer got is in @tracer.
 */
#ifndef VMSYNC_TESTS_KVM_H
#define VMSYNC_TESTS_KVM_H

#include "kernel.h"
#include "../../../kmod/events.h"
#include "../../../include/uapi/vmsync.h"

enum kvm_event_kind { GH, HG, TSC, PAGE, VM, DROP, SLOW };

struct kvm_event {
	enum kvm_event_kind kind;
	struct vmsync_who who;
	u32 why;
	u32 cnt;
	u32 suspect;
	s32 tid;
	u64 uid;
	u64 dropped;
	s64 prev;
	struct vmsync_scale scale;
	struct vmsync_page page;
	u64 tsc;
	u64 ns;
	s32 by;
	unsigned int locks_held;	/* irqs_off by a lock of the module */
};

#define TRACER_MAX 100000
extern struct tracer {
	struct kvm_event event[TRACER_MAX];
	unsigned int n;
} tracer;

/* Events of @kind since @tracer.n was last set to 0, and the last of them. */
unsigned int tracer_count(enum kvm_event_kind kind);
const struct kvm_event *tracer_last(enum kvm_event_kind kind);

/* The module, as insmod, rmmod and a tracer would. */
int kvm_module_load(void);
void kvm_module_unload(void);
void kvm_tracer_begin(void);
void kvm_tracer_end(void);

/* A VM of process @pid with @n virtual CPUs, that were never entered. */
struct kvm *kvm_vm(s32 pid, int n);
struct kvm_vcpu *kvm_vcpu(struct kvm *kvm, int id);
/* Its end; @told: as far as a kprobe is concerned. All is freed. */
void kvm_vm_end(struct kvm *kvm);

/* Creating a virtual CPU whose number exists: it is set up, and freed. */
void kvm_vcpu_fail(struct kvm *kvm, int id, bool unstable_tsc);

/* A VM whose memory is that of one that ended. */
void kvm_reuse_memory(bool on);

/* In the thread of @vcpu, on the CPU that is set. */
void kvm_enter(struct kvm_vcpu *vcpu);
void kvm_hypercall(struct kvm_vcpu *vcpu, bool user, u32 cnt, u64 uid);
void kvm_ask(struct kvm_vcpu *vcpu, bool user);
void kvm_beacon(struct kvm_vcpu *vcpu, u32 cnt, u64 uid);
void kvm_tsc_write(struct kvm_vcpu *vcpu, s64 offset);
void kvm_page_write(struct kvm_vcpu *vcpu, u32 mul);

/* The same ioctl in another thread, @tid, of the same process. */
void kvm_tsc_write_by(struct kvm_vcpu *vcpu, s64 offset, s32 tid);

/*
 * A switch from thread @prev to that of @vcpu, which the scheduler says @info of; it is
 * in KVM, or (@loaded) in user space.
 */
void kvm_switch(s32 prev, struct kvm_vcpu *vcpu, bool loaded,
		struct sched_info info);
/* Is there a probe at switches? */
bool kvm_switch_probed(void);
/* What vmsync.ko says of the host's clock, and the TSC of a vCPU now. */
extern struct vmsync_line kvm_host_line;
u64 kvm_guest_tsc(const struct kvm_vcpu *vcpu);

/* How often kvm_entry's probe did more than compare, since last set to 0. */
extern unsigned int kvm_looks;

#endif /* VMSYNC_TESTS_KVM_H */
