/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the files of vmsync-host.ko: what is remembered of each VM and each
 * virtual CPU.
 *
 * All state comes from pools that are allocated when the module is loaded,
 * because it is needed in KVM's tracepoints, where nothing can be allocated.
 * Look-ups are lockless, under RCU.
 *
 * The state of a virtual CPU belongs to the thread that has it loaded, of which
 * there is one at a time: KVM holds the vCPU's mutex. Only that thread reads
 * KVM's structures, changes the state and emits events about it, so a trace
 * shows them in the order in which they are true, and no lock is needed. Others
 * ask it to look, by host_look_again().
 */
#ifndef _VMSYNC_HOST_H
#define _VMSYNC_HOST_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>

#include "compat-kvm.h"
#include "events.h"
#include "limit.h"
#include "vmsync.h"
#include "wait.h"

/* What came of a VM since it was first seen: beacons, but for the last two. */
struct host_counts {
	atomic64_t taken;
	atomic64_t dropped;	/* over the limit */
	atomic64_t suspect;	/* of those that were taken */
	atomic64_t user;	/* from a process of the guest: not taken */
	atomic64_t slow;	/* waits longer than the limit, told */
	atomic64_t slow_dropped;	/* and those that were too many */
};

struct host_vm {
	struct hlist_node hash;
	struct kvm *kvm;
	struct hlist_head vcpus;	/* host_vcpu.of_vm; the table's lock */
	unsigned int n_vcpus;
	s32 pid;
	s32 creator;			/* kvm->userspace_pid */
	u32 serial;
	u64 uid;			/* as last claimed, 0: never */
	atomic64_t dropped;		/* beacons, not yet told */
	struct host_counts counts;
	struct host_limit beacons;
	struct host_limit writes;	/* of the TSC and of kvm-clock */
	struct host_limit slow;		/* waits for a physical CPU */
	struct rcu_head rcu;
} ____cacheline_aligned_in_smp;

/* What is told of a virtual CPU. */
struct host_facts {
	s32 tid;
	s64 offset;
	u64 ratio;
	struct vmsync_page page;
};

/* What a beacon's registers say. */
struct host_claims {
	u32 cnt;
	u64 uid;
	u64 tsc;
	u64 mono;
};

/* A beacon between the hypercall and the next entry. */
struct host_pending {
	u32 session;		/* in which it was seen; 0: none is pending */
	u32 suspect;
	struct host_claims claims;
	struct vmsync_pair pair;
	struct vmsync_scale scale;
	struct vmsync_line line;
};

/* The clock for one who asked, between the hypercall and the next entry. */
struct host_asked {
	u32 session;		/* as above */
	u32 frac;		/* what @ns lacks, ns << 32 */
	u64 ns;			/* this host's clock */
	u64 tsc;		/* the virtual CPU's TSC at that time */
};

struct host_vcpu {
	struct hlist_node hash;
	struct hlist_node of_vm;
	struct kvm_vcpu *vcpu;	/* to be compared; read by its own thread only */
	struct host_vm *vm;
	u32 id;
	int quiet_cpu;		/* where host_quiet may be this one, or -1 */
	u32 session;		/* in which @told was told */
	u32 round;		/* in which all was last told */
	bool untold;		/* something differs from @told */
	struct host_facts told;
	struct host_pending pending;
	struct host_wait wait;	/* the scheduler's, while no thread runs it */
	struct host_asked asked;
};

/*
 * Number of the present spell of listening, from 1. What was told in an earlier
 * one may be out of date.
 */
extern u32 host_session;

/* Each virtual CPU tells all about itself once in each round. */
extern u32 host_round;

/*
 * The virtual CPU that was last entered here, if the next entry of it has
 * nothing to do: kvm_entry's only test. Any other one is looked at: one that
 * is not known yet, that has something pending, or that comes from another CPU.
 *
 * It is set by the vCPU's own thread alone, which first takes it from the CPU
 * where it was set before: so there is at most one for each vCPU.
 */
DECLARE_PER_CPU(const struct kvm_vcpu *, host_quiet);

/* table.c */
int host_table_init(void);
void host_table_exit(void);

/**
 * host_vcpu_get() - the state of @vcpu, made if there is none yet
 * @vcpu: runs in the current thread, and is about to be entered or was just left
 *
 * Not for a virtual CPU in another state: KVM's tracepoints show some that are
 * not yet part of their VM, and freed at once when they do not become one.
 * Under RCU. Returns NULL where there is no room for it (counted).
 */
struct host_vcpu *host_vcpu_get(struct kvm_vcpu *vcpu);

/* The same, but NULL where there is none. Under RCU, @vcpu loaded here. */
struct host_vcpu *host_vcpu_find(const struct kvm_vcpu *vcpu);

/**
 * host_vm_forget() - @kvm is about to be destroyed
 * @kvm: looked up, not read
 *
 * Any context but NMI.
 */
void host_vm_forget(const struct kvm *kvm);

/* All of them. No probe may be attached. */
void host_vms_forget(void);

/* Call @fn for each VM, under RCU. Nothing of KVM's may be read there. */
void host_vm_each(void (*fn)(struct host_vm *vm, void *arg), void *arg);

/* What is in use now, and how often a virtual CPU found no room. */
struct host_usage {
	unsigned int vms;
	unsigned int vcpus;
	u64 untracked;
};

void host_table_usage(struct host_usage *usage);

/* The next entry of @v has something to do. By its own thread, or at its end. */
void host_look_again(struct host_vcpu *v);

/* The same for all that there are, by anybody. */
void host_look_again_all(void);

/* Nothing to do at the next entry of @v here. By its own thread. */
void host_quiet_here(struct host_vcpu *v);

/* tell.c: by the thread that has the virtual CPU loaded. */

/* Is @b the same line and the same flags as @a, whatever its anchor? */
bool host_page_same(const struct vmsync_page *a, const struct vmsync_page *b);
void host_page_read(struct vmsync_page *page,
		    const struct pvclock_vcpu_time_info *pv);
struct vmsync_scale host_scale(s64 offset, u64 ratio);
struct vmsync_who host_who(const struct host_vcpu *v);

void host_tell_tsc(const struct host_vcpu *v, s64 prev, u32 why);
void host_tell_page(const struct host_vcpu *v, u32 why);
void host_tell_drop(struct host_vm *vm);

/**
 * host_verify() - compare what was told with what KVM says, tell changes
 * @v: the virtual CPU that the current thread runs
 *
 * Tells all where this is the first time in a round. What the limit does not
 * let through is told later: @v->untold.
 */
void host_verify(struct host_vcpu *v);

/* beacon.c: by the thread that has the virtual CPU loaded. */
void host_beacon_seen(struct host_vcpu *v, const struct host_claims *claims);
void host_beacon_return(struct host_vcpu *v);

/* Is KVM's answer, in RAX, that to a guest's kernel: that there is no such call? */
bool host_kvm_refused_kernel(const struct kvm_vcpu *vcpu);

/* answer.c: the same thread. Guests are answered, beacons or not, at all times. */
extern bool host_answers_clock;
void host_clock_asked(struct host_vcpu *v);
void host_clock_answer(struct host_vcpu *v);

/* death.c */
int host_death_init(void);
void host_death_exit(void);

/**
 * host_death_works() - was, and will be, every VM's end seen?
 *
 * False where kprobes are switched off, and where one was missed. May sleep.
 */
bool host_death_works(void);

/* An end was missed: what is known of VMs may be of others. Any context. */
void host_death_missed(void);

/* What was missed does not matter any more: all VMs were forgotten. */
void host_death_forgotten(void);

/* hooks.c */
/*
 * The vCPU that @task has loaded, or NULL; @task is the current one, or one that the
 * current CPU is about to switch to.
 */
struct kvm_vcpu *host_vcpu_loaded(const struct task_struct *task);

int host_hooks_find(void);
int host_hooks_attach(void);
void host_hooks_detach(void);

/* slow.c: virtual CPUs that had to wait */
void host_slow_init(void);

/* A tracer begins or ends to listen to that. May sleep; never called at once. */
void host_slow_listen(bool on);

/* session.c: while a tracer listens. Both may sleep; never called at once. */
void host_session_begin(void);
void host_session_end(void);
bool host_session_attached(void);

/* state.c: /sys/kernel/debug/vmsync/host */
void host_state_init(void);
void host_state_exit(void);

#endif /* _VMSYNC_HOST_H */
