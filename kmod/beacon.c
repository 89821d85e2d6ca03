// SPDX-License-Identifier: GPL-2.0-only
/*
 * Beacons: from the hypercall to the next entry of the virtual CPU.
 *
 * KVM's tracepoint comes before KVM looks at the privilege level, so any process
 * in a guest makes as many as it likes. What tells is KVM's answer, which is in
 * the vCPU's RAX at the next entry: a kernel is told that there is no such call,
 * a process that it may not call. So at the hypercall what is to be recorded is
 * only put down; both events are emitted at the entry, or none.
 */
#include <linux/kvm_para.h>

#include "host.h"
#include "trace.h"

#define RECENT_MS 1000	/* how old a beacon's TSC may be, unsuspected */

static u32 suspect_tsc(struct kvm_vcpu *vcpu, u64 claimed, u64 host_tsc)
{
	u64 recent = (u64)vcpu->arch.virtual_tsc_khz * RECENT_MS;

	return vmsync_guest_tsc(vcpu, host_tsc) - claimed > recent ?
		       VMSYNC_SUSPECT_TSC : 0;
}

static u32 suspect_uid(const struct host_vm *vm, u64 claimed)
{
	u64 known = READ_ONCE(vm->uid);

	return !claimed || claimed >> 63 || (known && known != claimed) ?
		       VMSYNC_SUSPECT_UID : 0;
}

void host_beacon_seen(struct host_vcpu *v, const struct host_claims *claims)
{
	struct host_pending *p = &v->pending;
	unsigned long flags;

	p->session = host_session;
	p->claims = *claims;
	p->scale = host_scale(v->vcpu->arch.l1_tsc_offset,
			      v->vcpu->arch.l1_tsc_scaling_ratio);
	local_irq_save(flags);
	vmsync_line_get(&p->line);
	vmsync_pair_get(&p->pair);
	local_irq_restore(flags);
	p->suspect = suspect_tsc(v->vcpu, claims->tsc, p->pair.tsc);
	host_look_again(v);
}

static void tell_gh(const struct host_vcpu *v, const struct host_pending *p)
{
	struct vmsync_gh_host ev = {
		.vm_uid = p->claims.uid,
		.cnt = p->claims.cnt,
		.guest_tsc = p->claims.tsc,
		.guest_mono = p->claims.mono,
		.suspect = p->suspect,
		.who = host_who(v),
		.scale = p->scale,
		.line = p->line,
		.pair = p->pair,
	};

	trace_vmsync_gh_host(&ev);
}

static void tell_hg(const struct host_vcpu *v, const struct host_pending *p)
{
	struct vmsync_hg_host ev = {
		.vm_uid = p->claims.uid,
		.cnt = p->claims.cnt + 1,
		.who = host_who(v),
	};

	ev.tsc = rdtsc_ordered();
	ev.mono = ktime_get_mono_fast_ns();
	trace_vmsync_hg_host(&ev);
}

/* KVM writes 32 bits of it to a guest that is not in long mode. */
bool host_kvm_refused_kernel(const struct kvm_vcpu *vcpu)
{
	return (u32)vcpu->arch.regs[VCPU_REGS_RAX] == (u32)-KVM_ENOSYS;
}

void host_beacon_return(struct host_vcpu *v)
{
	struct host_pending *p = &v->pending;
	struct host_vm *vm = v->vm;
	u32 session = p->session;

	p->session = 0;
	if (session != host_session)
		return;
	if (!host_kvm_refused_kernel(v->vcpu)) {
		atomic64_inc(&vm->counts.user);
		return;
	}
	if (!host_limit_beacon(&vm->beacons)) {
		atomic64_inc(&vm->counts.dropped);
		atomic64_inc(&vm->dropped);
		return;
	}
	atomic64_inc(&vm->counts.taken);
	p->suspect |= suspect_uid(vm, p->claims.uid);
	if (p->suspect)
		atomic64_inc(&vm->counts.suspect);
	host_tell_drop(vm);
	tell_gh(v, p);
	if (p->claims.uid && !(p->claims.uid >> 63))
		WRITE_ONCE(vm->uid, p->claims.uid);
	tell_hg(v, p);
}
