// SPDX-License-Identifier: MIT
/*
 * A guest's records, filed where they belong.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sync/session.h"

int vmsync_guest_want_cpus(struct vmsync_guest *guest, uint32_t n)
{
	struct vmsync_guest_cpu *cpus;

	if (n <= guest->n_cpus)
		return 0;
	cpus = realloc(guest->cpus, n * sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	memset(&cpus[guest->n_cpus], 0, (n - guest->n_cpus) * sizeof(*cpus));
	guest->cpus = cpus;
	guest->n_cpus = n;
	return 0;
}

static int want_cpu(struct vmsync_guest *guest, uint32_t cpu)
{
	int err = vmsync_guest_want_cpus(guest, cpu + 1);

	if (!err)
		guest->cpus[cpu].seen = true;
	return err;
}

void vmsync_sync_guest_cpu(struct vmsync_guest *guest, uint32_t cpu)
{
	if (cpu < VMSYNC_MAX_CPUS && cpu >= guest->n_there)
		guest->n_there = cpu + 1;
}

int vmsync_sync_guest_tsync(struct vmsync_guest *guest, uint32_t cpu,
			    const struct vmsync_tsync_sample *s)
{
	return cpu < VMSYNC_MAX_CPUS ? vmsync_tsync_add(&guest->tsync, cpu, s) :
				       -EINVAL;
}

void vmsync_sync_guest_apart(struct vmsync_guest *guest)
{
	guest->apart = true;
}

void vmsync_sync_guest_tsync_unusable(struct vmsync_guest *guest, const char *why)
{
	guest->tsync.unusable = why;
}

static int guest_pvclock(struct vmsync_guest *guest,
			 const struct vmsync_evidence *ev, uint64_t tsc)
{
	struct vmsync_guest_cpu *cpu = &guest->cpus[ev->vcpu];
	struct vmsync_pv_run *run = vmsync_array_last(&cpu->pvs);
	struct vmsync_reading now = { tsc, ev->stamp_ns };

	if (!ev->pvclock.version)
		return 0;
	if (!run || !vmsync_pvclock_same(&run->pv, &ev->pvclock)) {
		run = vmsync_array_add(&cpu->pvs);
		if (!run)
			return -ENOMEM;
		*run = (struct vmsync_pv_run){ .pv = ev->pvclock,
					       .first = now };
	}
	run->last = now;
	return 0;
}

static int guest_leg(struct vmsync_guest *guest,
		     const struct vmsync_evidence *ev)
{
	const struct vmsync_match *m = &guest->match;
	uint32_t base = vmsync_match_push_guest(&guest->match, ev);
	struct vmsync_sync *sync = guest->sync;
	int err = 0;

	if (m->stream && vmsync_match_is_bound(m, m->stream))
		err = vmsync_guest_match(guest, m->vm, m->stream, base);
	for (size_t i = 0; !err && i < sync->vms.count; i++) {
		struct vmsync_vm *vm = sync->vms.at[i];

		for (size_t k = 0; !err && k < vm->streams.count; k++)
			if (vm->streams.at[k]->vm_uid == ev->vm_uid &&
			    vm->streams.at[k] != m->stream)
				err = vmsync_guest_match(
					guest, vm, vm->streams.at[k], base);
	}
	return err;
}

static int guest_beacon(struct vmsync_guest *guest,
			const struct vmsync_evidence *ev)
{
	int err = 0;

	if (ev->kind == VMSYNC_EV_GH_GUEST && ev->pair.valid) {
		err = vmsync_lines_beacon(&guest->lines, ev, ev->vcpu);
		if (ev->line.seq)
			vmsync_pushed_line(&guest->side, ev->stamp_ns);
		if (!err)
			err = guest_pvclock(guest, ev, ev->pair.tsc);
	}
	return err ? err : guest_leg(guest, ev);
}

static int guest_event(struct vmsync_guest *guest,
		       const struct vmsync_evidence *ev)
{
	int err = 0;

	for (int m = 0; !err && m < VMSYNC_METHOD_COUNT; m++)
		if (vmsync_estimators[m] && vmsync_estimators[m]->guest_event)
			err = vmsync_estimators[m]->guest_event(
				guest->states[m], ev);
	return err;
}

int vmsync_sync_push_guest(struct vmsync_guest *guest,
			   const struct vmsync_evidence *ev)
{
	int err;

	if (ev->kind != VMSYNC_EV_GH_GUEST && ev->kind != VMSYNC_EV_HG_GUEST &&
	    ev->kind != VMSYNC_EV_KNOT && ev->kind != VMSYNC_EV_LOST &&
	    ev->kind != VMSYNC_EV_GUEST_EVENT)
		return -EINVAL;
	if (ev->stamp_ns < 0)
		return 0;
	vmsync_pushed_seen(&guest->side, ev->stamp_ns);
	if (ev->kind == VMSYNC_EV_LOST) {
		guest->side.lost += ev->count;
		vmsync_pushed_lost(&guest->side, ev->stamp_ns, ev->until_ns);
		vmsync_pushed_seen(&guest->side, ev->until_ns);
		return 0;
	}
	/* Buffers that all CPUs share: the kernel's clock is one all the same. */
	if (ev->vcpu == VMSYNC_CPU_UNKNOWN && ev->kind == VMSYNC_EV_KNOT)
		return vmsync_lines_knot(&guest->lines, ev, ev->vcpu);
	if (ev->vcpu >= VMSYNC_MAX_CPUS)
		return 0;
	err = want_cpu(guest, ev->vcpu);
	if (err)
		return err;
	if (ev->kind == VMSYNC_EV_GUEST_EVENT)
		return guest_event(guest, ev);
	if (ev->kind != VMSYNC_EV_KNOT)
		return guest_beacon(guest, ev);
	vmsync_pushed_line(&guest->side, ev->stamp_ns);
	err = vmsync_lines_knot(&guest->lines, ev, ev->vcpu);
	return err ? err : guest_pvclock(guest, ev, ev->confirm_tsc);
}
