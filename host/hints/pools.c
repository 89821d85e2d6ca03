// SPDX-License-Identifier: MIT
/*
 * CPUs among which virtual CPUs wander. On which ones a thread may run no event tells:
 * two CPUs are in one pool if in this part of the recording, or in the one before, the
 * thread of some virtual CPU ran on both.
 */
#include <string.h>

#include "hints/parts.h"

static bool pool_add(struct hints_state *s, uint32_t pool, uint32_t cpu)
{
	uint32_t *p = vmsync_array_add(&s->pools.at[pool].cpus);

	if (!p) {
		s->failed = true;
		return false;
	}
	*p = cpu;
	s->cpus.at[cpu].pool = pool;
	return true;
}

struct hints_cpu *hints_cpu_of(struct hints_state *s, uint32_t cpu)
{
	/* As the model: a trace may claim any number. */
	if (cpu >= 8192)
		return NULL;
	while (s->cpus.count <= cpu) {
		uint32_t n = (uint32_t)s->cpus.count;
		struct hints_cpu *c = vmsync_array_add(&s->cpus);
		struct hints_pool *p = vmsync_array_add(&s->pools);

		if (!c || !p) {
			s->failed = true;
			return NULL;
		}
		*c = (struct hints_cpu){ .thread = ANALYSIS_NONE,
					 .since_ns = s->from_ns,
					 .next_pool = n };
		*p = (struct hints_pool){ .settled_ns = s->from_ns };
		if (!pool_add(s, n, n))
			return NULL;
	}
	return &s->cpus.at[cpu];
}

static uint32_t root(struct hints_state *s, uint32_t cpu)
{
	while (s->cpus.at[cpu].next_pool != cpu)
		cpu = s->cpus.at[cpu].next_pool;
	return cpu;
}

/* Both are settled up to the same time. */
static void merge(struct hints_state *s, uint32_t into, uint32_t pool)
{
	struct hints_pool *from = &s->pools.at[pool];
	size_t i;

	for (i = 0; i < from->cpus.count; i++)
		pool_add(s, into, from->cpus.at[i]);
	s->pools.at[into].vcpus += from->vcpus;
	from->vcpus = 0;
	from->cpus.count = 0;
}

void hints_pools_seen(struct hints_state *s, struct hints_thread *t, uint32_t cpu,
		      int64_t ns)
{
	uint32_t was = t->part_cpu, a, b;

	t->part_cpu = cpu;
	if (was == ANALYSIS_NONE || was == cpu)
		return;
	a = root(s, was);
	b = root(s, cpu);
	if (a != b)
		s->cpus.at[a < b ? b : a].next_pool = a < b ? a : b;
	a = s->cpus.at[was].pool;
	b = s->cpus.at[cpu].pool;
	if (a == b)
		return;
	hints_costs_settle(s, was, ns);
	hints_costs_settle(s, cpu, ns);
	merge(s, a, b);
}

void hints_pools_renew(struct hints_state *s)
{
	uint32_t i;
	size_t k;

	for (i = 0; i < s->cpus.count; i++) {
		s->pools.at[i].cpus.count = 0;
		s->pools.at[i].vcpus = 0;
		s->pools.at[i].settled_ns = s->part_until_ns;
	}
	for (i = 0; i < s->cpus.count; i++)
		pool_add(s, root(s, i), i);
	for (i = 0; i < s->cpus.count; i++)
		s->cpus.at[i].next_pool = i;
	for (k = 0; k < s->threads.count; k++) {
		struct hints_thread *t = &s->threads.at[k];

		t->part_cpu = ANALYSIS_NONE;
		t->settled = false;
		if (t->state == HINTS_WAITS && t->vcpu != ANALYSIS_NONE)
			s->pools.at[s->cpus.at[t->cpu].pool].vcpus++;
	}
}
