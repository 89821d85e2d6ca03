// SPDX-License-Identifier: MIT
#include "fuse/owners.h"

#include <errno.h>
#include <stdlib.h>

#define MAX_VCPUS 65536 /* KVM's number of one; a trace may claim any */
#define SEVERAL	  -1

/* Without a word of which vCPU is which, QEMU's number is the guest's. */
static uint32_t vcpu_id_of(const struct vmsync_guest_report *r, uint32_t cpu)
{
	return cpu < r->n_cpus && r->cpus[cpu].known ? r->cpus[cpu].vcpu_id :
						       cpu;
}

/* Whether CPU @cpu of the guest is anybody, as far as the evidence goes. */
static bool is_there(const struct vmsync_guest_report *r, uint32_t cpu)
{
	return !r->found || r->cpus[cpu].known;
}

static bool any_tid(const struct vmsync_session *s)
{
	size_t i;
	uint32_t c;

	for (i = 0; i < s->n_guests; i++) {
		const struct vmsync_guest_report *r =
			vmsync_guest_report_of(s->guests[i].guest);

		for (c = 0; c < r->n_cpus; c++) {
			if (is_there(r, c) && r->cpus[c].tid > 0)
				return true;
		}
	}
	return false;
}

static int give_part(vmsync_parts *parts, uint32_t part)
{
	uint32_t *p = vmsync_array_add(parts);

	if (!p)
		return -ENOMEM;
	*p = part;
	return 0;
}

static bool is_of(const struct vmsync_guest *guest, uint32_t cpu,
		  const struct vmsync_runs_part *t, bool by_tid)
{
	const struct vmsync_guest_report *r = vmsync_guest_report_of(guest);

	if (!is_there(r, cpu))
		return false;
	if (by_tid)
		return r->cpus[cpu].tid == t->tid ||
		       vmsync_guest_has_thread(guest, cpu, t->tid);
	return (int64_t)vcpu_id_of(r, cpu) == t->vcpu_id;
}

bool vmsync_owners_one_vm(const struct vmsync_session_guest *a,
			  const struct vmsync_session_guest *b)
{
	const struct vmsync_guest_report *first =
		vmsync_guest_report_of(a->guest);
	const struct vmsync_guest_report *r = vmsync_guest_report_of(b->guest);

	return first->found && r->found && first->vm.pid > 0 &&
	       r->vm.pid == first->vm.pid && r->vm.serial == first->vm.serial;
}

/* All guests are boots of one VM, of a process that is known if they are more. */
static bool one_vm(const struct vmsync_session *s)
{
	size_t i;

	for (i = 1; i < s->n_guests; i++) {
		if (!vmsync_owners_one_vm(&s->guests[0], &s->guests[i]))
			return false;
	}
	return true;
}

/* Several VMs have a virtual CPU of the same number, each a thread of its own. */
static int32_t *holders_find(const struct vmsync_runs *runs)
{
	int32_t *holders = calloc(MAX_VCPUS, sizeof(*holders));
	uint32_t i;

	if (!holders)
		return NULL;
	for (i = 0; i < vmsync_runs_parts(runs); i++) {
		struct vmsync_runs_part t = vmsync_runs_part(runs, i);
		int32_t *holder;

		if (!t.ran || t.tid <= 0 || t.vcpu_id < 0 ||
		    t.vcpu_id >= MAX_VCPUS)
			continue;
		holder = &holders[t.vcpu_id];
		if (*holder != t.tid)
			*holder = *holder ? SEVERAL : t.tid;
	}
	return holders;
}

/* @holders: by vCPU number: the thread, 0: none, or SEVERAL */
static bool held_by_one(const int32_t *holders, int32_t vcpu_id)
{
	return vcpu_id >= 0 && vcpu_id < MAX_VCPUS &&
	       holders[vcpu_id] != SEVERAL;
}

static int give_stray(struct vmsync_owners *o, const struct vmsync_runs_part *t,
		      uint32_t number)
{
	struct vmsync_stray *s;
	size_t i;

	if (!t->ran)
		return 0;
	for (i = 0; i < o->strays.count; i++) {
		s = &o->strays.at[i];
		if (s->tid == t->tid &&
		    (t->tid > 0 || s->vcpu_id == t->vcpu_id))
			return give_part(&s->parts, number);
	}
	s = vmsync_array_add(&o->strays);
	if (!s)
		return -ENOMEM;
	*s = (struct vmsync_stray){ .tid = t->tid, .vcpu_id = t->vcpu_id };
	return give_part(&s->parts, number);
}

/*
 * Finds the virtual CPUs that runs are of: one of each boot of their VM. The
 * boots do not overlap, so that each meets only the runs of its own time. Where it
 * is not known which thread was on a CPU, they may be anyone's.
 */
static int part_place(struct vmsync_owners *o, const struct vmsync_session *s,
		      const int32_t *holders, uint32_t number, bool tids)
{
	struct vmsync_runs_part t = vmsync_runs_part(s->runs, number);
	bool by_tid = t.tid > 0 && tids;
	bool owned = false;
	size_t i;
	uint32_t c;
	int ret = 0;

	if (!by_tid && (!one_vm(s) || !held_by_one(holders, t.vcpu_id)))
		return t.tid > 0 ? give_stray(o, &t, number) :
				   give_part(&o->anyones, number);
	for (i = 0; !ret && i < s->n_guests; i++) {
		const struct vmsync_guest *g = s->guests[i].guest;
		uint32_t n = o->guests[i].n;

		for (c = 0; c < n && !is_of(g, c, &t, by_tid); c++)
			;
		if (c == n)
			continue;
		ret = give_part(&o->guests[i].cpus[c], number);
		owned = true;
	}
	return ret || owned ? ret : give_stray(o, &t, number);
}

static int guests_make(struct vmsync_owners *o, const struct vmsync_session *s)
{
	size_t i;

	o->guests = calloc(s->n_guests + 1, sizeof(*o->guests));
	if (!o->guests)
		return -ENOMEM;
	o->n = s->n_guests;
	for (i = 0; i < o->n; i++) {
		struct vmsync_owner *g = &o->guests[i];

		g->n = vmsync_guest_report_of(s->guests[i].guest)->n_cpus;
		g->cpus = calloc(g->n + 1, sizeof(*g->cpus));
		if (!g->cpus)
			return -ENOMEM;
	}
	return 0;
}

int vmsync_owners_find(struct vmsync_owners *o, const struct vmsync_session *s)
{
	int32_t *holders = holders_find(s->runs);
	int ret = holders ? guests_make(o, s) : -ENOMEM;
	bool tids = any_tid(s);
	uint32_t t;

	for (t = 0; !ret && t < vmsync_runs_parts(s->runs); t++)
		ret = part_place(o, s, holders, t, tids);
	free(holders);
	return ret;
}

const vmsync_parts *vmsync_owners_parts(const struct vmsync_owners *o,
					size_t guest, uint32_t cpu)
{
	const struct vmsync_owner *g = &o->guests[guest];

	return cpu < g->n ? &g->cpus[cpu] : NULL;
}

void vmsync_owners_free(struct vmsync_owners *o)
{
	size_t i;
	uint32_t c;

	for (i = 0; i < o->n; i++) {
		for (c = 0; o->guests[i].cpus && c < o->guests[i].n; c++)
			vmsync_array_free(&o->guests[i].cpus[c]);
		free(o->guests[i].cpus);
	}
	free(o->guests);
	vmsync_array_free(&o->anyones);
	for (i = 0; i < o->strays.count; i++)
		vmsync_array_free(&o->strays.at[i].parts);
	vmsync_array_free(&o->strays);
}
