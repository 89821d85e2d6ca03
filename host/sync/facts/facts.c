// SPDX-License-Identifier: MIT
#include "sync/facts/facts.h"

/* The CPU that boots a guest, and updates its timekeeper unless told otherwise. */
#define BOOT_CPU 0

static uint32_t vcpu_id(const struct vmsync_facts *f, uint32_t cpu)
{
	return cpu < f->n_cpus ? f->cpus[cpu].vcpu_id : cpu;
}

const struct vmsync_vcpu *vmsync_facts_vcpu(const struct vmsync_facts *f,
					    uint32_t cpu)
{
	return f->vm ? vmsync_vm_find_vcpu(f->vm, vcpu_id(f, cpu)) : NULL;
}

struct vmsync_stay vmsync_facts_stay(const struct vmsync_facts *f, size_t home,
				     uint32_t cpu)
{
	const struct vmsync_home *h = &f->homes[home];

	return (struct vmsync_stay){
		.vcpu = vmsync_vm_find_vcpu(h->vm, vcpu_id(f, cpu)),
		.from_ns = home ? h[-1].last_ns : INT64_MIN,
		.sure_ns = h->from_ns,
		.until_ns = home + 1 < f->n_homes ? h[1].from_ns : INT64_MAX,
	};
}

/* KVM gives all virtual CPUs one page only as long as their TSCs are one. */
static bool any_stable(const struct vmsync_vm *vm)
{
	for (size_t i = 0; i < vm->vcpus.count; i++) {
		const struct vmsync_vcpu *v = vm->vcpus.at[i];

		for (size_t k = 0; k < v->pvclocks.count; k++)
			if (v->pvclocks.at[k].pv.flags & VMSYNC_PV_STABLE)
				return true;
	}
	return false;
}

bool vmsync_facts_tscs_alike(const struct vmsync_facts *f)
{
	const struct vmsync_vcpu *first = NULL;
	size_t known = 0;

	for (size_t i = 0; f->vm && i < f->vm->vcpus.count; i++) {
		const struct vmsync_vcpu *v = f->vm->vcpus.at[i];

		if (!v->scalings.count)
			continue;
		known++;
		first = first ? first : v;
		if (v->scalings.count != first->scalings.count)
			return false;
		for (size_t k = 0; k < v->scalings.count; k++)
			if (!vmsync_scaling_same(&v->scalings.at[k].scaling,
						 &first->scalings.at[k].scaling))
				return false;
	}
	/* One alone does not tell of others that the guest has. */
	return known != 1 || (f->n_cpus < 2 && f->n_there < 2) ||
	       any_stable(f->vm);
}

bool vmsync_facts_updates(const struct vmsync_facts *f, uint32_t cpu)
{
	for (size_t i = 0; i < f->guest_lines->spans.count; i++) {
		const struct vmsync_line_span *s = &f->guest_lines->spans.at[i];

		if (s->confirmed &&
		    (s->cpu == cpu || s->cpu == VMSYNC_CPU_UNKNOWN))
			return true;
	}
	return cpu == BOOT_CPU || (cpu < f->n_cpus && f->cpus[cpu].updated);
}
