// SPDX-License-Identifier: MIT
#include "sync/estimate/per_vcpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct vmsync_per_vcpu *
vmsync_per_vcpu_new(const struct vmsync_follow *how,
		    const struct vmsync_sync_options *opt)
{
	struct vmsync_per_vcpu *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->how = how;
	a->opt = *opt;
	a->common = calloc(1, how->size);
	if (!a->common) {
		free(a);
		return NULL;
	}
	how->init(a->common, opt);
	return a;
}

static void free_state(void *state)
{
	if (state)
		vmsync_segmentation_free(state);
	free(state);
}

void vmsync_per_vcpu_free(void *apart)
{
	struct vmsync_per_vcpu *a = apart;

	if (!a)
		return;
	free_state(a->common);
	for (size_t i = 0; i < a->cpus.count; i++)
		free_state(a->cpus.at[i].state);
	vmsync_array_free(&a->cpus);
	free(a);
}

static void *fresh(const struct vmsync_per_vcpu *a)
{
	void *state = calloc(1, a->how->size);

	if (state)
		a->how->init(state, &a->opt);
	return state;
}

static void *copy(const struct vmsync_per_vcpu *a, const void *from)
{
	void *state = malloc(a->how->size);

	if (!state)
		return NULL;
	memcpy(state, from, a->how->size);
	if (!vmsync_segmentation_own(state))
		return state;
	free(state);
	return NULL;
}

static struct vmsync_per_vcpu_cpu *find(const struct vmsync_per_vcpu *a,
					uint32_t vcpu)
{
	for (size_t i = 0; i < a->cpus.count; i++)
		if (a->cpus.at[i].vcpu == vcpu)
			return &a->cpus.at[i];
	return NULL;
}

static struct vmsync_per_vcpu_cpu *add(struct vmsync_per_vcpu *a,
				       const struct vmsync_beacon *b)
{
	struct vmsync_per_vcpu_cpu *cpu = vmsync_array_add(&a->cpus);

	if (!cpu)
		return NULL;
	*cpu = (struct vmsync_per_vcpu_cpu){
		.vcpu = b->vcpu,
		.scaling = b->scaling,
		.since_ns = b->gh ? b->gh_guest_ns : b->hg_guest_ns,
	};
	if (a->common)
		return cpu;
	cpu->state = fresh(a);
	if (cpu->state)
		return cpu;
	a->cpus.count--;
	return NULL;
}

/*
 * Each CPU goes on from where the common clock was; one that is new has no part
 * in that.
 */
static int part(struct vmsync_per_vcpu *a)
{
	for (size_t i = 0; i < a->cpus.count; i++) {
		struct vmsync_per_vcpu_cpu *cpu = &a->cpus.at[i];

		if (!cpu->state)
			cpu->state = copy(a, a->common);
		if (!cpu->state)
			return -ENOMEM;
		cpu->odd = vmsync_segmentation_odd(a->common);
		cpu->since_ns = 0;
	}
	a->common_odd = vmsync_segmentation_odd(a->common);
	free_state(a->common);
	a->common = NULL;
	return 0;
}

/* Every clock that is made of a TSC is as much off as the TSC is. */
static bool differs(const struct vmsync_per_vcpu *a,
		    const struct vmsync_beacon *b)
{
	for (size_t i = 0; i < a->cpus.count; i++)
		if (a->cpus.at[i].scaling.ratio &&
		    !vmsync_scaling_same(&a->cpus.at[i].scaling, &b->scaling))
			return true;
	return false;
}

/* Whose clock is it, if the host names TSCs and this one it did not? */
static bool unknown(const struct vmsync_per_vcpu *a,
		    const struct vmsync_beacon *b)
{
	const struct vmsync_per_vcpu_cpu *own = find(a, b->vcpu);

	return !b->scaling.ratio && !(own && own->scaling.ratio) && a->named;
}

/*
 * The CPU's own clock went by a step, at some time since its last beacon. What
 * others have told of that time is not true for it. Beacons that wait to be used
 * are of before the step.
 */
static int written(const struct vmsync_per_vcpu *a,
		   struct vmsync_per_vcpu_cpu *cpu)
{
	int err = a->how->end ? a->how->end(cpu->state) : 0;

	return err ? err : vmsync_segmentation_jump(cpu->state, cpu->last_ns);
}

/*
 * The host names TSCs, as the first beacons did not show, whose host's half was not
 * recorded: whose clock they told of is not known any more than later.
 */
static int begin_anew(struct vmsync_per_vcpu *a)
{
	void *state = fresh(a);

	if (!state)
		return -ENOMEM;
	free_state(a->common);
	a->common = state;
	a->cpus.count = 0;
	return 0;
}

static int learn(struct vmsync_per_vcpu *a, const struct vmsync_beacon *b,
		 struct vmsync_per_vcpu_cpu **cpu)
{
	bool names = b->scaling.ratio && !a->named;
	int err = 0;

	if (names && a->common && a->cpus.count && !b->kvmclock)
		err = begin_anew(a);
	if (err)
		return err;
	a->named |= names;
	a->kvmclock |= b->kvmclock;
	*cpu = find(a, b->vcpu);
	if (a->common && b->scaling.ratio && !b->kvmclock && differs(a, b))
		err = part(a);
	if (err)
		return err;
	if (!*cpu)
		*cpu = add(a, b);
	if (!*cpu)
		return -ENOMEM;
	if (b->scaling.ratio &&
	    !vmsync_scaling_same(&(*cpu)->scaling, &b->scaling)) {
		if ((*cpu)->state && (*cpu)->scaling.ratio)
			err = written(a, *cpu);
		(*cpu)->scaling = b->scaling;
	}
	return err;
}

int vmsync_per_vcpu_beacon(void *apart, const struct vmsync_beacon *b)
{
	struct vmsync_per_vcpu *a = apart;
	struct vmsync_per_vcpu_cpu *cpu;
	struct vmsync_beacon own;
	int err;

	if (unknown(a, b))
		return 0;
	err = learn(a, b, &cpu);
	if (err)
		return err;
	/* Its TSC is known then; behind it, it may be written. */
	if (b->gh && b->gh_guest_ns > cpu->last_ns)
		cpu->last_ns = b->gh_guest_ns;
	if (a->common)
		return a->how->beacon(a->common, b);
	for (size_t i = 0; i < a->cpus.count; i++) {
		a->cpus.at[i].set_ns += b->set_ns;
		if (&a->cpus.at[i] != cpu)
			vmsync_segmentation_bent(a->cpus.at[i].state, b->bends,
						 b->tilt);
	}
	own = *b;
	own.set_ns = cpu->set_ns;
	cpu->set_ns = 0;
	return a->how->beacon(cpu->state, &own);
}

/*
 * Whether the clock of those that sent beacons is that of @cpu, too. It may have sent
 * none that was answered, and the host may know all the same that its TSC is another.
 */
static bool shares(const struct vmsync_per_vcpu *a,
		   const struct vmsync_facts *f, uint32_t cpu)
{
	const struct vmsync_vcpu *v = vmsync_facts_vcpu(f, cpu);
	bool other = false;

	if (!a->named || a->kvmclock || !v || find(a, v->id))
		return true;
	for (size_t i = 0; i < v->scalings.count; i++) {
		for (size_t k = 0; k < a->cpus.count; k++) {
			const struct vmsync_scaling *s = &a->cpus.at[k].scaling;

			if (!s->ratio)
				continue;
			if (vmsync_scaling_same(s, &v->scalings.at[i].scaling))
				return true;
			other = true;
		}
	}
	return !other;
}

/* The state that follows the clock of the guest's CPU @cpu, or NULL. */
static void *state_of(const struct vmsync_per_vcpu *a,
		      const struct vmsync_facts *f, uint32_t cpu)
{
	const struct vmsync_per_vcpu_cpu *own;

	if (a->common)
		return shares(a, f, cpu) ? a->common : NULL;
	if (cpu >= f->n_cpus || !f->cpus[cpu].known)
		return NULL;
	own = find(a, f->cpus[cpu].vcpu_id);
	return own ? own->state : NULL;
}

int vmsync_per_vcpu_map(void *apart, const struct vmsync_facts *f, uint32_t cpu,
			bool final, struct vmsync_map *map)
{
	struct vmsync_per_vcpu *a = apart;
	void *state = state_of(a, f, cpu);
	int err = 0;

	if (!state)
		return 0;
	if (final && a->how->end)
		err = a->how->end(state);
	return err ? err :
		     vmsync_segmentation_map(state, f->guest_from_ns, map);
}

/* As far as the CPU is that is behind; one that is new has no older map. */
int64_t vmsync_per_vcpu_final_until(const void *apart)
{
	const struct vmsync_per_vcpu *a = apart;
	int64_t least = INT64_MAX;

	if (a->common)
		return vmsync_segmentation_final_until(a->common);
	for (size_t i = 0; i < a->cpus.count; i++) {
		const struct vmsync_per_vcpu_cpu *cpu = &a->cpus.at[i];
		int64_t t = vmsync_segmentation_final_until(cpu->state);

		if (t < cpu->since_ns)
			t = cpu->since_ns;
		least = t < least ? t : least;
	}
	return least;
}

void vmsync_per_vcpu_forget(void *apart, int64_t from_ns)
{
	struct vmsync_per_vcpu *a = apart;

	if (a->common)
		vmsync_segmentation_forget(a->common, from_ns);
	for (size_t i = 0; !a->common && i < a->cpus.count; i++)
		vmsync_segmentation_forget(a->cpus.at[i].state, from_ns);
}

uint64_t vmsync_per_vcpu_odd(const void *apart)
{
	const struct vmsync_per_vcpu *a = apart;
	uint64_t n = a->common_odd;

	if (a->common)
		return vmsync_segmentation_odd(a->common);
	for (size_t i = 0; i < a->cpus.count; i++)
		n += vmsync_segmentation_odd(a->cpus.at[i].state) -
		     a->cpus.at[i].odd;
	return n;
}
