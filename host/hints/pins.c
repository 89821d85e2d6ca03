// SPDX-License-Identifier: MIT
/*
 * Virtual CPUs that wander among as many CPUs as they are, or more, and wait for each
 * other nevertheless: a CPU for each would do.
 */
#include <stdlib.h>

#include "hints/parts.h"

/* A CPU is used by a virtual CPU that had so much of its own time there, percent. */
#define USED 1

/* Where virtual CPUs are to stay the host may need so much of a CPU, percent. */
#define HOST_MOST 5

static void vcpu_add(struct hints *h, struct hint *x, uint32_t vcpu)
{
	uint32_t *p = vmsync_array_add(&x->vcpus);

	if (p)
		*p = vcpu;
	else
		h->state->failed = true;
}

static int64_t ran_on(const struct hints_vcpu *v, uint32_t cpu)
{
	return cpu < v->cpus.count ? v->cpus.at[cpu] : 0;
}

static int64_t ran(const struct hints_vcpu *v)
{
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < v->cpus.count; i++)
		sum += v->cpus.at[i];
	return sum;
}

static bool uses(const struct hints_vcpu *v, uint32_t cpu)
{
	int64_t ns = ran_on(v, cpu);

	return ns && ns * 100 >= USED * ran(v);
}

/* CPUs that a virtual CPU used, directly or through others: labels by the least one. */
static uint32_t *groups_of(const struct hints_state *s)
{
	uint32_t *label = calloc(s->cpus.count + 1, sizeof(*label)), i, least;
	bool changed = true;
	size_t v;

	for (i = 0; label && i < s->cpus.count; i++)
		label[i] = i;
	while (label && changed) {
		changed = false;
		for (v = 0; v < s->vcpus.count; v++) {
			least = ANALYSIS_NONE;
			for (i = 0; i < s->cpus.count; i++) {
				if (uses(&s->vcpus.at[v], i) && label[i] < least)
					least = label[i];
			}
			for (i = 0; i < s->cpus.count; i++) {
				if (!uses(&s->vcpus.at[v], i) || label[i] == least)
					continue;
				label[i] = least;
				changed = true;
			}
		}
	}
	return label;
}

static uint32_t group_of_vcpu(const struct hints_state *s, const uint32_t *label,
			      size_t v)
{
	uint32_t i;

	for (i = 0; i < s->cpus.count; i++) {
		if (uses(&s->vcpus.at[v], i))
			return label[i];
	}
	return ANALYSIS_NONE;
}

/* Of those that are left, the CPU and the virtual CPU that were together longest. */
static bool pair_next(const struct hints_state *s, const uint32_t *label,
		      uint32_t group, struct hint *x)
{
	uint32_t cpu = ANALYSIS_NONE, vcpu = 0, i, v;
	int64_t most = -1;
	size_t k;

	for (v = 0; v < s->vcpus.count; v++) {
		if (group_of_vcpu(s, label, v) != group)
			continue;
		for (k = 0; k < x->vcpus.count && x->vcpus.at[k] != v; k++)
			;
		if (k < x->vcpus.count)
			continue;
		for (i = 0; i < s->cpus.count; i++) {
			if (label[i] != group || ran_on(&s->vcpus.at[v], i) <= most)
				continue;
			for (k = 0; k < x->cpus.count && x->cpus.at[k] != i; k++)
				;
			if (k < x->cpus.count)
				continue;
			most = ran_on(&s->vcpus.at[v], i);
			cpu = i;
			vcpu = v;
		}
	}
	if (cpu == ANALYSIS_NONE)
		return false;
	hints_cpu_add(s->h, x, cpu);
	vcpu_add(s->h, x, vcpu);
	return !s->h->state->failed;
}

static void pin(struct hints *h, const uint32_t *label, uint32_t group)
{
	struct hints_state *s = h->state;
	uint32_t n_cpus = 0, n_vcpus = 0, i, v;
	int64_t host_ns = 0;
	struct hint *x;

	for (i = 0; i < s->cpus.count; i++) {
		n_cpus += label[i] == group;
		host_ns += label[i] == group ? s->cpus.at[i].task_ns : 0;
	}
	for (v = 0; v < s->vcpus.count; v++)
		n_vcpus += group_of_vcpu(s, label, v) == group;
	if (n_cpus < 2 || !n_vcpus || n_vcpus > n_cpus ||
	    host_ns * 100 > HOST_MOST * n_cpus * (s->until_ns - s->from_ns))
		return;
	x = hints_add(h, HINTS_PIN, ANALYSIS_NONE, ANALYSIS_NONE);
	if (!x)
		return;
	for (v = 0; v < s->vcpus.count; v++) {
		if (group_of_vcpu(s, label, v) != group)
			continue;
		hints_rates_add(s, x, s->vcpus.at[v].for_vcpus_ns);
		x->moves += s->vcpus.at[v].moves;
	}
	if (!hints_weigh(h, x))
		return;
	while (pair_next(s, label, group, x))
		;
}

/* Are all virtual CPUs of a VM among those that are to be pinned? */
static bool is_pinned(const struct hints *h, const struct hint *pin, uint32_t vm)
{
	const struct hints_party *p = &h->state->parties.at[vm];
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < pin->vcpus.count; i++)
		n += analysis_model_vcpu_id(h->analysis.model, pin->vcpus.at[i]).pid ==
		     p->pid;
	return n >= p->threads;
}

/* Virtual CPUs that get a CPU each do not meet any more. */
static void pins_first(struct hints *h)
{
	size_t i, k;

	for (k = 0; k < h->all.count; k++) {
		const struct hint *pin = &h->all.at[k];

		for (i = 0; pin->kind == HINTS_PIN && !pin->silent && i < h->all.count;
		     i++) {
			struct hint *x = &h->all.at[i];

			if (x->kind == HINTS_SEPARATE && is_pinned(h, pin, x->vm) &&
			    is_pinned(h, pin, x->by))
				x->silent = HINTS_FIRST;
		}
	}
}

void hints_pins(struct hints *h)
{
	uint32_t *label = groups_of(h->state), i;

	for (i = 0; label && i < h->state->cpus.count; i++) {
		if (label[i] == i)
			pin(h, label, i);
	}
	h->state->failed |= !label;
	free(label);
	pins_first(h);
}
