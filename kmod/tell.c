// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is said about a virtual CPU: its place, its TSC, its kvm-clock line.
 * All but host_tell_drop() runs in the thread that has it loaded.
 */

#include "host.h"
#include <asm/pvclock.h>
#include "trace.h"

struct vmsync_who host_who(const struct host_vcpu *v)
{
	return (struct vmsync_who) {
		.vm_pid = v->vm->pid,
		.vm_serial = v->vm->serial,
		.vcpu_id = v->id,
	};
}

struct vmsync_scale host_scale(s64 offset, u64 ratio)
{
	return (struct vmsync_scale) {
		.offset = offset,
		.ratio = ratio,
		.frac_bits = vmsync_frac_bits(ratio),
	};
}

static void tell_vm(const struct host_vcpu *v, u32 why)
{
	struct vmsync_vm ev = {
		.who = host_who(v),
		.tid = v->told.tid,
		.vm_uid = READ_ONCE(v->vm->uid),
		.why = why,
	};

	trace_vmsync_vm(&ev);
}

void host_tell_tsc(const struct host_vcpu *v, s64 prev, u32 why)
{
	struct vmsync_tsc ev = {
		.who = host_who(v),
		.scale = host_scale(v->told.offset, v->told.ratio),
		.prev_offset = prev,
		.why = why,
	};

	trace_vmsync_tsc(&ev);
}

/* No page, nothing to tell: the guest has not asked for one. */
void host_tell_page(const struct host_vcpu *v, u32 why)
{
	struct vmsync_pvclock ev = {
		.who = host_who(v),
		.page = v->told.page,
		.why = why,
	};

	if (v->told.page.version)
		trace_vmsync_pvclock(&ev);
}

static void tell_all(const struct host_vcpu *v)
{
	tell_vm(v, VMSYNC_WHY_FIRST);
	host_tell_tsc(v, v->told.offset, VMSYNC_WHY_FIRST);
	host_tell_page(v, VMSYNC_WHY_FIRST);
}

void host_tell_drop(struct host_vm *vm)
{
	struct vmsync_drop ev = {
		.vm_pid = vm->pid,
		.vm_serial = vm->serial,
	};

	if (!atomic64_read(&vm->dropped))
		return;
	ev.dropped = atomic64_xchg(&vm->dropped, 0);
	if (ev.dropped)
		trace_vmsync_drop(&ev);
}

void host_page_read(struct vmsync_page *page,
		    const struct pvclock_vcpu_time_info *pv)
{
	page->version = pv->version;
	page->tsc_timestamp = pv->tsc_timestamp;
	page->system_time = pv->system_time;
	page->mul = pv->tsc_to_system_mul;
	page->shift = pv->tsc_shift;
	page->flags = pv->flags;
}

bool host_page_same(const struct vmsync_page *a, const struct vmsync_page *b)
{
	u64 delta = b->tsc_timestamp - a->tsc_timestamp;

	if (a->mul != b->mul || a->shift != b->shift || a->flags != b->flags)
		return false;
	if ((s64)delta < 0) {
		swap(a, b);
		delta = -delta;
	}
	return a->system_time + pvclock_scale_delta(delta, a->mul, a->shift) ==
	       b->system_time;
}

static void facts_read(struct host_facts *now, const struct kvm_vcpu *vcpu)
{
	now->tid = current->pid;
	now->offset = vcpu->arch.l1_tsc_offset;
	now->ratio = vcpu->arch.l1_tsc_scaling_ratio;
	host_page_read(&now->page, &vcpu->arch.hv_clock);
}

static bool tsc_same(const struct host_facts *a, const struct host_facts *b)
{
	return a->offset == b->offset && a->ratio == b->ratio;
}

static void changes_tell(struct host_vcpu *v, const struct host_facts *now)
{
	struct host_facts old = v->told;

	v->told = *now;
	if (now->tid != old.tid)
		tell_vm(v, VMSYNC_WHY_RESTORE);
	if (!tsc_same(now, &old))
		host_tell_tsc(v, old.offset, VMSYNC_WHY_RESTORE);
	if (!host_page_same(&old.page, &now->page))
		host_tell_page(v, VMSYNC_WHY_RESTORE);
}

void host_verify(struct host_vcpu *v)
{
	u32 round = READ_ONCE(host_round);
	struct host_facts now;
	bool same;

	facts_read(&now, v->vcpu);
	if (v->session != host_session)
		v->told = now;
	same = now.tid == v->told.tid && tsc_same(&now, &v->told) &&
	       host_page_same(&v->told.page, &now.page);
	/* Once in a round a change needs nobody's leave. */
	v->untold = !same && v->round == round &&
		    !host_limit_write(&v->vm->writes);
	if (!v->untold)
		changes_tell(v, &now);
	if (v->session != host_session || v->round != round)
		tell_all(v);
	v->session = host_session;
	v->round = round;
}
