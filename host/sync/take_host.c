// SPDX-License-Identifier: MIT
/*
 * The host's records, filed where they belong.
 */
#include <errno.h>
#include <stdlib.h>

#include "sync/session.h"

static struct vmsync_vm *find_vm(const struct vmsync_sync *sync,
				 struct vmsync_vm_id id)
{
	for (size_t i = 0; i < sync->vms.count; i++) {
		struct vmsync_vm *vm = sync->vms.at[i];

		if (vm->id.pid == id.pid && vm->id.serial == id.serial)
			return vm;
	}
	return NULL;
}

static struct vmsync_vm *vm_add(struct vmsync_sync *sync, struct vmsync_vm_id id)
{
	struct vmsync_vm *vm = calloc(1, sizeof(*vm)), **slot;

	slot = vm ? vmsync_array_add(&sync->vms) : NULL;
	if (!slot) {
		free(vm);
		return NULL;
	}
	vm->id = id;
	vm->lost_until_ns = sync->side.lost_until_ns;
	*slot = vm;
	return vm;
}

static struct vmsync_vm *vm_of(struct vmsync_sync *sync, struct vmsync_vm_id id)
{
	struct vmsync_vm *vm = find_vm(sync, id);

	return vm ? vm : vm_add(sync, id);
}

/* VMs of which nothing is known but a name; a guest may claim any. */
#define MAX_UNKNOWN 16

/*
 * The old addons' answers do not say whose they are, and the thread may not be known:
 * they are of the one VM that gives others under that name, or else of one by itself.
 */
static struct vmsync_vm *vm_of_answer(struct vmsync_sync *sync,
				      const struct vmsync_evidence *ev)
{
	struct vmsync_vm *known = NULL, *unknown = NULL, *last = NULL;
	size_t n_known = 0, n_unknown = 0;

	if (!vmsync_vm_is_unknown(ev->vm))
		return vm_of(sync, ev->vm);
	for (size_t i = 0; i < sync->vms.count; i++) {
		struct vmsync_vm *vm = sync->vms.at[i];
		bool named = vmsync_match_has_stream(vm, ev->vm_uid);

		if (vmsync_vm_is_unknown(vm->id)) {
			n_unknown++;
			last = vm;
			unknown = named ? vm : unknown;
		} else if (named) {
			n_known++;
			known = vm;
		}
	}
	if (n_known == 1)
		return known;
	if (unknown)
		return unknown;
	return n_unknown < MAX_UNKNOWN ? vm_add(sync, ev->vm) : last;
}

static void take_ref(struct vmsync_sync *sync, uint64_t tsc)
{
	if (sync->has_ref)
		return;
	sync->has_ref = true;
	sync->tsc_ref = tsc;
}

/* A new identity of @vm may need the place of one that a guest is bound to. */
static int make_room(struct vmsync_sync *sync, const struct vmsync_vm *vm,
		     uint64_t vm_uid)
{
	const struct vmsync_stream *out = vmsync_match_makes_room(vm, vm_uid);
	int err = 0;

	for (size_t i = 0; out && !err && i < sync->guests.count; i++) {
		struct vmsync_guest *guest = sync->guests.at[i];

		if (guest->match.stream != out)
			continue;
		err = vmsync_guest_drain(guest, true);
		vmsync_match_let_go(&guest->match);
	}
	return err;
}

static int host_leg(struct vmsync_sync *sync, struct vmsync_vm *vm,
		    const struct vmsync_evidence *ev)
{
	struct vmsync_stream *stream;
	uint32_t base;
	int err = make_room(sync, vm, ev->vm_uid);

	if (err)
		return err;
	stream = vmsync_match_push_host(vm, ev, &base);
	if (!stream)
		return -ENOMEM;
	for (size_t i = 0; !err && i < sync->guests.count; i++)
		if (sync->guests.at[i]->match.any &&
		    sync->guests.at[i]->match.vm_uid == ev->vm_uid)
			err = vmsync_guest_match(sync->guests.at[i], vm, stream,
						 base);
	return err;
}

static int host_scaling(struct vmsync_vm *vm, struct vmsync_vcpu *vcpu,
			const struct vmsync_evidence *ev)
{
	const struct vmsync_scaling_span *last =
		vmsync_array_last(&vcpu->scalings);

	if (last && vmsync_scaling_same(&last->scaling, &ev->scaling))
		vmsync_vm_scaling_kept(vm, last, ev->stamp_ns);
	return vmsync_vcpu_scaling_seen(vcpu, &ev->scaling, ev->stamp_ns);
}

static int host_beacon(struct vmsync_sync *sync, struct vmsync_vm *vm,
		       const struct vmsync_evidence *ev)
{
	struct vmsync_vcpu *vcpu = vmsync_vm_vcpu(vm, ev->vcpu);
	int err = 0;

	if (!vcpu && ev->vcpu <= VMSYNC_MAX_CPUS)
		return -ENOMEM;
	/* Whose thread is not known: it limits the guest's clock all the same. */
	if (vcpu && ev->pair.valid) {
		take_ref(sync, ev->pair.tsc);
		/* The host's TSCs are one: no matter which CPU read it. */
		err = vmsync_lines_beacon(&sync->lines, ev, 0);
		if (ev->line.seq)
			vmsync_pushed_line(&sync->side, ev->stamp_ns);
		if (!err && ev->scaling.ratio)
			err = host_scaling(vm, vcpu, ev);
	}
	return err ? err : host_leg(sync, vm, ev);
}

static int host_knot(struct vmsync_sync *sync, const struct vmsync_evidence *ev)
{
	take_ref(sync, ev->confirm_tsc);
	vmsync_pushed_line(&sync->side, ev->stamp_ns);
	return vmsync_lines_knot(&sync->lines, ev, 0);
}

static int host_vcpu(struct vmsync_vm *vm, const struct vmsync_evidence *ev)
{
	struct vmsync_vcpu *vcpu = vmsync_vm_vcpu(vm, ev->vcpu);

	if (!vcpu)
		return ev->vcpu > VMSYNC_MAX_CPUS ? 0 : -ENOMEM;
	switch (ev->kind) {
	case VMSYNC_EV_TSC:
		return vmsync_vcpu_scaling_write(vcpu, ev);
	case VMSYNC_EV_PVCLOCK:
		return vmsync_vcpu_pvclock(vcpu, ev);
	case VMSYNC_EV_VM:
		if (ev->tid)
			vcpu->tid = ev->tid;
		return 0;
	case VMSYNC_EV_ENTRY:
		if (ev->tid)
			vcpu->tid = ev->tid;
		return vmsync_vcpu_entry(vcpu, ev->stamp_ns);
	default:
		return vmsync_vcpu_exit(vcpu, ev->stamp_ns);
	}
}

static int push_host_vm(struct vmsync_sync *sync,
			const struct vmsync_evidence *ev)
{
	bool answer = ev->kind == VMSYNC_EV_GH_HOST ||
		      ev->kind == VMSYNC_EV_HG_HOST;
	struct vmsync_vm *vm = answer ? vm_of_answer(sync, ev) :
					vm_of(sync, ev->vm);

	if (!vm)
		return -ENOMEM;
	switch (ev->kind) {
	case VMSYNC_EV_GH_HOST:
		return host_beacon(sync, vm, ev);
	case VMSYNC_EV_HG_HOST:
		return host_leg(sync, vm, ev);
	case VMSYNC_EV_DROP:
		vm->dropped += ev->count;
		return 0;
	default:
		return host_vcpu(vm, ev);
	}
}

static int host_lost(struct vmsync_sync *sync, const struct vmsync_evidence *ev)
{
	struct vmsync_lost *lost = vmsync_array_add(&sync->lost);

	if (!lost)
		return -ENOMEM;
	*lost = (struct vmsync_lost){ ev->stamp_ns, ev->until_ns };
	sync->side.lost += ev->count;
	vmsync_pushed_lost(&sync->side, ev->stamp_ns, ev->until_ns);
	vmsync_pushed_seen(&sync->side, ev->until_ns);
	for (size_t i = 0; i < sync->vms.count; i++)
		vmsync_vm_lost(sync->vms.at[i], ev->stamp_ns, ev->until_ns);
	return 0;
}

int vmsync_sync_push_host(struct vmsync_sync *sync,
			  const struct vmsync_evidence *ev)
{
	switch (ev->kind) {
	case VMSYNC_EV_GH_GUEST:
	case VMSYNC_EV_HG_GUEST:
	case VMSYNC_EV_GUEST_EVENT:
		return -EINVAL;
	default:
		break;
	}
	if (ev->stamp_ns < 0)
		return 0;
	vmsync_pushed_seen(&sync->side, ev->stamp_ns);
	if (ev->kind == VMSYNC_EV_KNOT)
		return host_knot(sync, ev);
	if (ev->kind == VMSYNC_EV_LOST)
		return host_lost(sync, ev);
	return push_host_vm(sync, ev);
}
