// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is said about a virtual CPU: its place, its TSC, its kvm-clock line.
 * Everything here runs under the VM's lock.
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

struct vmsync_scale host_scale(const struct host_vcpu *v)
{
	return (struct vmsync_scale) {
		.offset = v->offset,
		.ratio = v->ratio,
		.frac_bits = kvm_caps.tsc_scaling_ratio_frac_bits,
	};
}

void host_tell_vm(const struct host_vcpu *v, u32 why)
{
	struct vmsync_vm ev = {
		.who = host_who(v),
		.tid = v->tid,
		.vm_uid = v->vm->uid,
		.why = why,
	};

	trace_vmsync_vm(&ev);
}

void host_tell_tsc(const struct host_vcpu *v, s64 prev, u32 why)
{
	struct vmsync_tsc ev = {
		.who = host_who(v),
		.scale = host_scale(v),
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
		.page = v->page,
		.why = why,
	};

	if (v->page.version)
		trace_vmsync_pvclock(&ev);
}

void host_tell_all(const struct host_vcpu *v)
{
	host_tell_vm(v, VMSYNC_WHY_FIRST);
	host_tell_tsc(v, v->offset, VMSYNC_WHY_FIRST);
	host_tell_page(v, VMSYNC_WHY_FIRST);
}

void host_tell_drop(struct host_vm *vm)
{
	struct vmsync_drop ev = {
		.vm_pid = vm->pid,
		.vm_serial = vm->serial,
		.dropped = vm->dropped,
	};

	if (!vm->dropped)
		return;
	vm->dropped = 0;
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

static void verify_first(struct host_vcpu *v)
{
	v->seen = host_session;
	host_pending_done(v, PENDING_ANNOUNCE);
	host_tell_all(v);
}

void host_verify(struct host_vcpu *v, s64 offset)
{
	const struct kvm_vcpu_arch *arch = &v->vcpu->arch;
	struct host_vcpu old = *v;

	v->tid = current->pid;
	v->offset = offset;
	v->ratio = arch->l1_tsc_scaling_ratio;
	host_page_read(&v->page, &arch->hv_clock);
	if (v->seen != host_session) {
		verify_first(v);
		return;
	}
	if (v->tid != old.tid)
		host_tell_vm(v, VMSYNC_WHY_RESTORE);
	if (v->offset != old.offset || v->ratio != old.ratio)
		host_tell_tsc(v, old.offset, VMSYNC_WHY_RESTORE);
	if (!host_page_same(&old.page, &v->page))
		host_tell_page(v, VMSYNC_WHY_RESTORE);
}
