// SPDX-License-Identifier: MIT
#include "sync/facts/whose.h"

#include "uapi/vmsync.h"

/* No virtual CPU has it. */
#define NOBODY UINT32_MAX

static bool is_taken(const struct vmsync_facts *f, uint32_t vcpu_id)
{
	for (uint32_t i = 0; i < f->n_cpus; i++)
		if (f->cpus[i].known && f->cpus[i].vcpu_id == vcpu_id)
			return true;
	return false;
}

/* The least number of a virtual CPU that is left, from @from on. */
static uint32_t next_left(const struct vmsync_facts *f, uint32_t from)
{
	uint32_t least = NOBODY;

	for (size_t i = 0; f->vm && i < f->vm->vcpus.count; i++) {
		uint32_t id = f->vm->vcpus.at[i]->id;

		if (id >= from && id < least && !is_taken(f, id))
			least = id;
	}
	return least;
}

static bool any_unstable(const struct vmsync_facts *f)
{
	for (size_t i = 0; i < f->vm->vcpus.count; i++) {
		const struct vmsync_vcpu *v = f->vm->vcpus.at[i];

		for (size_t k = 0; k < v->pvclocks.count; k++)
			if (!(v->pvclocks.at[k].pv.flags & VMSYNC_PV_STABLE))
				return true;
	}
	return false;
}

/* Whether it makes a difference which one a CPU is. */
static bool matters(const struct vmsync_facts *f)
{
	return f->vm && (!vmsync_facts_tscs_alike(f) || any_unstable(f));
}

void vmsync_whose_find(const struct vmsync_facts *f,
		       struct vmsync_guest_cpu *cpus)
{
	uint32_t id = next_left(f, 0), unknown = 0, left = 0;
	bool same = !matters(f);

	for (uint32_t i = 0; i < f->n_cpus; i++) {
		struct vmsync_guest_cpu *cpu = &cpus[i];

		cpu->sure = cpu->known || same;
		if (cpu->known)
			continue;
		unknown++;
		cpu->vcpu_id = f->vm ? id : i;
		left += id != NOBODY;
		if (id != NOBODY)
			id = next_left(f, id + 1);
	}
	if (unknown != 1 || left != 1 || id != NOBODY)
		return;
	for (uint32_t i = 0; i < f->n_cpus; i++)
		cpus[i].sure = true;
}

static bool is_named(const struct vmsync_facts *f, uint32_t vcpu_id)
{
	for (uint32_t i = 0; i < f->n_cpus; i++)
		if (f->cpus[i].vcpu_id == vcpu_id)
			return true;
	return false;
}

uint32_t vmsync_whose_unnamed(const struct vmsync_facts *f,
			      struct vmsync_guest_cpu *cpus)
{
	uint32_t n = f->n_cpus;

	for (size_t i = 0; f->vm && i < f->vm->vcpus.count; i++) {
		uint32_t id = f->vm->vcpus.at[i]->id;

		if (!is_named(f, id))
			cpus[n++] = (struct vmsync_guest_cpu){
				.known = true,
				.sure = true,
				.vcpu_id = id,
			};
	}
	return n;
}
