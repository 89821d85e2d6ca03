/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the files of vmsync-host.ko: what is remembered of each VM and each
 * virtual CPU.
 *
 * All state comes from pools that are allocated when the module is loaded,
 * because it is needed in KVM's tracepoints, where nothing can be allocated.
 * Look-ups are lockless, under RCU. The fields are guarded by the VM's lock,
 * a raw spinlock taken with interrupts off; events are emitted while it is
 * held, so that a trace shows them in the order in which they are true.
 */
#ifndef _VMSYNC_HOST_H
#define _VMSYNC_HOST_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

#include "compat.h"
#include "events.h"
#include "vmsync.h"

/* host_vcpu.pending */
#define PENDING_BEACON		BIT(0)	/* tell vmsync_hg_host at the entry */
#define PENDING_ANNOUNCE	BIT(1)	/* look at it, from its own thread */

/* Tokens, in the form of the time at which the next one would be due. */
struct host_bucket {
	u64 due_ns;
};

struct host_vm {
	struct hlist_node hash;
	struct kvm *kvm;
	struct hlist_head vcpus;	/* host_vcpu.of_vm; the table's lock */
	raw_spinlock_t lock;
	bool dead;
	s32 pid;
	u32 serial;
	u64 uid;			/* as last claimed, 0: never */
	u64 dropped;			/* beacons, not yet told */
	struct host_bucket beacons;
	struct host_bucket writes;	/* of the TSC and of kvm-clock */
	struct rcu_head rcu;
};

struct host_vcpu {
	struct hlist_node hash;
	struct hlist_node of_vm;
	struct kvm_vcpu *vcpu;
	struct host_vm *vm;
	u32 id;
	s32 tid;
	u32 seen;		/* session in which its own thread was seen */
	u32 asked;		/* session in which PENDING_ANNOUNCE was set */
	u32 pending;
	u32 pending_cnt;
	u64 pending_uid;
	s64 offset;		/* as last told */
	u64 ratio;
	struct vmsync_page page;
	struct vmsync_page sample;	/* announce.c */
};

/*
 * Number of the present spell of listening, from 1. State that was last looked
 * at in an earlier one may be out of date.
 */
extern u32 host_session;

/* Virtual CPUs with something pending: kvm_entry's only test if 0. */
extern atomic_t host_pending;

/* table.c */
int host_table_init(void);
void host_table_exit(void);

/**
 * host_vcpu_get() - the state of @vcpu, made if there is none yet
 * @vcpu: must not go away meanwhile
 * @vm_pid: the process that owns the VM, in case it is new
 *
 * Under RCU. Returns NULL where the pool is empty (counted) or the VM dies.
 */
struct host_vcpu *host_vcpu_get(struct kvm_vcpu *vcpu, s32 vm_pid);

/* The same, but NULL where there is none. Under RCU. */
struct host_vcpu *host_vcpu_find(const struct kvm_vcpu *vcpu);

/**
 * host_vm_forget() - @kvm is about to be destroyed
 * @kvm: looked up, not read
 *
 * Any context but NMI.
 */
void host_vm_forget(const struct kvm *kvm);

/* Call @fn for each VM or virtual CPU, under the VM's lock, interrupts off. */
void host_vm_each(void (*fn)(struct host_vm *vm));
void host_vcpu_each(void (*fn)(struct host_vcpu *v));

/* Nothing is pending any more. For when no probe is attached. */
void host_pending_clear(void);

static inline void host_pending_set(struct host_vcpu *v, u32 what)
{
	if (!v->pending)
		atomic_inc(&host_pending);
	v->pending |= what;
}

static inline void host_pending_done(struct host_vcpu *v, u32 what)
{
	if (!v->pending)
		return;
	v->pending &= ~what;
	if (!v->pending)
		atomic_dec(&host_pending);
}

/* tell.c: all of these with the VM's lock held. */

/* Is @b the same line and the same flags as @a, whatever its anchor? */
bool host_page_same(const struct vmsync_page *a, const struct vmsync_page *b);
void host_page_read(struct vmsync_page *page,
		    const struct pvclock_vcpu_time_info *pv);
struct vmsync_scale host_scale(const struct host_vcpu *v);
struct vmsync_who host_who(const struct host_vcpu *v);

void host_tell_vm(const struct host_vcpu *v, u32 why);
void host_tell_tsc(const struct host_vcpu *v, s64 prev, u32 why);
void host_tell_page(const struct host_vcpu *v, u32 why);
void host_tell_drop(struct host_vm *vm);
/* All three as VMSYNC_WHY_FIRST, from what is remembered. */
void host_tell_all(const struct host_vcpu *v);

/**
 * host_verify() - compare what is remembered with what KVM says, tell changes
 * @v: the virtual CPU that the current thread runs
 * @offset: its TSC offset
 *
 * With the VM's lock held. At first sight, and once in each session, tells
 * all.
 */
void host_verify(struct host_vcpu *v, s64 offset);

/* hooks.c */
int host_hooks_find(void);
int host_hooks_attach(void);
void host_hooks_detach(void);

/* announce.c */
void host_announce_start(void);
void host_announce_stop(void);

#endif /* _VMSYNC_HOST_H */
