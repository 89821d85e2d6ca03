// SPDX-License-Identifier: MIT
/*
 * Who costs whom how much: what a VM would wait less, for the same work, if another
 * party were not there.
 *
 * Where a virtual CPU waits for one CPU only, or where another one that it could have is
 * idle, that is the time that the other party has its CPU. Where all CPUs of a pool are
 * busy it does not matter who happens to be on which: with k threads waiting, a of the
 * other party's that want a CPU less would leave max(0, k - a) waiting; so much of the
 * wait, min(1, a / k), is that party's.
 */
#include <stdlib.h>
#include <string.h>

#include "hints/parts.h"

static void cost_add(struct hints_state *s, uint32_t vm, uint32_t by, int64_t ns)
{
	uint32_t n = analysis_index_put(&s->cost_index, (uint64_t)vm << 32 | by);
	struct hints_cost *c;

	if (n == ANALYSIS_NONE) {
		s->failed = true;
		return;
	}
	c = hints_slot(s, &s->costs, n);
	if (!c)
		return;
	c->vm = vm;
	c->by = by;
	c->ns[s->part] += ns;
}

const struct hints_cost *hints_costs_of(const struct hints_state *s, uint32_t vm,
					uint32_t by)
{
	uint32_t n = analysis_index_find(&s->cost_index, (uint64_t)vm << 32 | by);

	return n == ANALYSIS_NONE ? NULL : &s->costs.at[n];
}

static bool waits_as_vcpu(const struct hints_thread *t)
{
	return t->vcpu != ANALYSIS_NONE && t->party != ANALYSIS_NONE;
}

/* Who has the CPU is to blame. */
static void settle_alone(struct hints_state *s, const struct hints_pool *p,
			 int64_t ns)
{
	size_t i, k;

	for (i = 0; i < p->cpus.count; i++) {
		const struct hints_cpu *c = &s->cpus.at[p->cpus.at[i]];
		uint32_t by = c->thread == ANALYSIS_NONE ?
				      ANALYSIS_NONE :
				      s->threads.at[c->thread].party;

		for (k = 0; by != ANALYSIS_NONE && k < c->waiting.count; k++) {
			const struct hints_thread *t =
				&s->threads.at[c->waiting.at[k]];

			if (waits_as_vcpu(t) && t->party != by)
				cost_add(s, t->party, by, ns);
		}
	}
}

static bool counts_grow(struct hints_state *s)
{
	struct hints_counts *c = &s->counts;
	size_t size = s->parties.count, i;
	uint32_t *want, *wait, *touched;

	if (size <= c->size)
		return true;
	want = realloc(c->want, size * sizeof(*want));
	c->want = want ? want : c->want;
	wait = realloc(c->wait, size * sizeof(*wait));
	c->wait = wait ? wait : c->wait;
	touched = realloc(c->touched, size * sizeof(*touched));
	c->touched = touched ? touched : c->touched;
	if (!want || !wait || !touched) {
		s->failed = true;
		return false;
	}
	for (i = c->size; i < size; i++)
		want[i] = wait[i] = 0;
	c->size = size;
	return true;
}

static void count(struct hints_state *s, uint32_t thread, bool waits)
{
	const struct hints_thread *t = &s->threads.at[thread];
	struct hints_counts *c = &s->counts;

	if (t->party == ANALYSIS_NONE)
		return;
	if (!c->want[t->party]++)
		c->touched[c->n_touched++] = t->party;
	c->wait[t->party] += waits && t->vcpu != ANALYSIS_NONE;
}

/* Everybody who wants a CPU of the pool, and how many wait in vain. */
static uint32_t count_all(struct hints_state *s, const struct hints_pool *p)
{
	uint32_t waiting = 0;
	size_t i, k;

	s->counts.n_touched = 0;
	for (i = 0; i < p->cpus.count; i++) {
		const struct hints_cpu *c = &s->cpus.at[p->cpus.at[i]];

		if (c->thread != ANALYSIS_NONE)
			count(s, c->thread, false);
		for (k = 0; k < c->waiting.count; k++)
			count(s, c->waiting.at[k], true);
		waiting += (uint32_t)c->waiting.count;
	}
	return waiting;
}

static void settle_shared(struct hints_state *s, const struct hints_pool *p,
			  int64_t ns)
{
	struct hints_counts *c = &s->counts;
	uint32_t waiting, i, k;

	if (!counts_grow(s))
		return;
	waiting = count_all(s, p);
	for (i = 0; i < c->n_touched; i++) {
		uint32_t vm = c->touched[i];

		for (k = 0; c->wait[vm] && k < c->n_touched; k++) {
			uint32_t by = c->touched[k], a = c->want[by];

			if (by == vm)
				continue;
			a = a < waiting ? a : waiting;
			cost_add(s, vm, by, ns * c->wait[vm] * a / waiting);
		}
	}
	for (i = 0; i < c->n_touched; i++)
		c->want[c->touched[i]] = c->wait[c->touched[i]] = 0;
}

/* Is there a CPU that has nothing to do, or of which nothing is known? */
static bool has_idle(const struct hints_state *s, const struct hints_pool *p)
{
	size_t i;

	for (i = 0; i < p->cpus.count; i++) {
		if (s->cpus.at[p->cpus.at[i]].thread == ANALYSIS_NONE)
			return true;
	}
	return false;
}

void hints_costs_settle(struct hints_state *s, uint32_t cpu, int64_t ns)
{
	struct hints_pool *p = &s->pools.at[s->cpus.at[cpu].pool];
	int64_t length = ns - p->settled_ns;

	if (length <= 0)
		return;
	p->settled_ns = ns;
	if (!p->vcpus)
		return;
	if (p->cpus.count == 1 || has_idle(s, p))
		settle_alone(s, p, length);
	else
		settle_shared(s, p, length);
}
