// SPDX-License-Identifier: MIT
/* Hints of what was counted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hints/parts.h"

/* A CPU has virtual CPUs if they had so much of the time there, percent. */
#define USED 1

/* What is moved to a CPU may take so much of its idle time, percent. */
#define FILL 80

/* A replay is like what was if it has so much of a cost, percent. */
#define ALIKE 25

/* Gains beyond that are not believed. */
#define MOST_FACTOR 4.0

struct hint *hints_add(struct hints *h, enum hints_kind kind, uint32_t vm,
			     uint32_t by)
{
	struct hint *x = vmsync_array_add(&h->all);

	if (!x) {
		h->state->failed = true;
		return NULL;
	}
	*x = (struct hint){ .kind = kind, .vm = vm, .by = by };
	return x;
}

static double per_hour(const struct hints_state *s, int64_t ns)
{
	return (double)ns * 3600 * HINTS_PARTS / (double)(s->until_ns - s->from_ns);
}

/*
 * By how much more a gain is than the cost, if the replay is like what was: where a
 * scheduler overlooks idle CPUs it is not.
 */
static double factor(const struct hints_cost *c)
{
	double cost = 0, f;
	int i;

	for (i = 0; i < HINTS_PARTS; i++)
		cost += (double)c->ns[i];
	if (c->replay_direct * 100 < ALIKE * cost)
		return 1;
	f = c->replay_gain / c->replay_direct;
	return f < 1 / MOST_FACTOR ? 1 / MOST_FACTOR : f > MOST_FACTOR ? MOST_FACTOR : f;
}

static void cost_rates_add(const struct hints_state *s, struct hint *x,
			   const struct hints_cost *c)
{
	double f = factor(c);
	int i;

	for (i = 0; i < HINTS_PARTS; i++)
		x->rate[i] += f * per_hour(s, c->ns[i]);
}

void hints_rates_add(const struct hints_state *s, struct hint *x,
		     const int64_t ns[HINTS_PARTS])
{
	int i;

	for (i = 0; i < HINTS_PARTS; i++)
		x->rate[i] += per_hour(s, ns[i]);
}

/* What is not worth saying is no hint at all; what is not sure is told. */
bool hints_weigh(struct hints *h, struct hint *x)
{
	hints_resample_rate(x, h->options->least);
	if (x->gain < h->options->least) {
		h->all.count--;
		return false;
	}
	if (x->sure * 100 < HINTS_LEAST_SURE)
		x->silent = HINTS_UNSURE;
	return true;
}

void hints_cpu_add(struct hints *h, struct hint *x, uint32_t cpu)
{
	uint32_t *p = vmsync_array_add(&x->cpus);

	if (p)
		*p = cpu;
	else
		h->state->failed = true;
}

/* --- CPUs */

static bool is_free(const struct hints_state *s, uint32_t cpu)
{
	const struct hints_cpu *c = &s->cpus.at[cpu];

	return c->idle_ns &&
	       c->vcpu_ns * 100 < USED * (s->until_ns - s->from_ns);
}

/* CPUs without virtual CPUs, if @ns fits there, and they are @n at least. */
static void free_cpus(struct hints *h, struct hint *x, int64_t ns, uint32_t n)
{
	const struct hints_state *s = h->state;
	int64_t idle = 0;
	uint32_t i;

	for (i = 0; i < s->cpus.count; i++)
		idle += is_free(s, i) ? s->cpus.at[i].idle_ns : 0;
	if (ns > idle / 100 * FILL)
		return;
	for (i = 0; i < s->cpus.count; i++) {
		if (is_free(s, i))
			hints_cpu_add(h, x, i);
	}
	if (x->cpus.count < n)
		x->cpus.count = 0;
}

/* --- separate */

static double cost_rate(const struct hints_state *s, uint32_t vm, uint32_t by)
{
	const struct hints_cost *c = hints_costs_of(s, vm, by);
	double sum = 0;
	int i;

	for (i = 0; c && i < HINTS_PARTS; i++)
		sum += per_hour(s, c->ns[i]) / HINTS_PARTS;
	return c ? factor(c) * sum : 0;
}

/*
 * Of two VMs that cost each other something the one that ran longer is to be moved,
 * unless it is no cost that is worth saying.
 */
static bool is_other_way(const struct hints *h, const struct hints_cost *c)
{
	const struct hints_state *s = h->state;
	double back = cost_rate(s, c->by, c->vm);
	int64_t by_ns = s->parties.at[c->by].ran_ns;
	int64_t vm_ns = s->parties.at[c->vm].ran_ns;

	if (back < h->options->least)
		return false;
	return vm_ns > by_ns || (vm_ns == by_ns && c->vm > c->by);
}

/*
 * Of each VM only the one that costs it most is named: when that one has gone, nothing is
 * as it was.
 */
static const struct hints_cost *worst_vm(const struct hints *h, uint32_t vm)
{
	const struct hints_state *s = h->state;
	const struct hints_cost *worst = NULL;
	double most = 0, rate;
	size_t i;

	for (i = 0; i < s->costs.count; i++) {
		const struct hints_cost *c = &s->costs.at[i];

		if (c->vm != vm || s->parties.at[c->by].kind != HINTS_VM ||
		    is_other_way(h, c))
			continue;
		rate = cost_rate(s, vm, c->by);
		if (rate > most) {
			most = rate;
			worst = c;
		}
	}
	return worst;
}

static void separate(struct hints *h, uint32_t vm)
{
	const struct hints_cost *c = worst_vm(h, vm);
	const struct hints_party *by;
	struct hint *x;

	x = c ? hints_add(h, HINTS_SEPARATE, vm, c->by) : NULL;
	if (!x)
		return;
	cost_rates_add(h->state, x, c);
	if (!hints_weigh(h, x))
		return;
	by = &h->state->parties.at[c->by];
	x->back = cost_rate(h->state, c->by, vm);
	free_cpus(h, x, by->ran_ns, by->threads);
}

/* --- threads of QEMU, and processes of the host */

/* The VM that they cost most. */
static uint32_t worst_of(const struct hints_state *s, uint32_t by)
{
	uint32_t i, worst = ANALYSIS_NONE;
	double most = 0, rate;

	for (i = 0; i < s->parties.count; i++) {
		rate = s->parties.at[i].kind == HINTS_VM ? cost_rate(s, i, by) : 0;
		if (rate > most) {
			most = rate;
			worst = i;
		}
	}
	return worst;
}

/* "kworker/3:1", "ksoftirqd/3": each serves the CPU that it is on. */
static bool is_bound(const struct hints_state *s, const struct hints_party *p)
{
	const struct analysis_model *m = s->h->analysis.model;
	uint32_t n = analysis_model_thread_of(m, ANALYSIS_HOST, p->tid);

	return n != ANALYSIS_NONE && p->kind == HINTS_PROCESS &&
	       strchr(analysis_model_thread(m, n)->name, '/');
}

static void evict(struct hints *h, uint32_t by)
{
	struct hints_state *s = h->state;
	const struct hints_party *p = &s->parties.at[by];
	struct hint *x = hints_add(h, p->kind == HINTS_QEMU ? HINTS_EMULATOR : HINTS_TASK,
				  ANALYSIS_NONE, by);
	size_t i;

	if (!x)
		return;
	for (i = 0; i < s->costs.count; i++) {
		if (s->costs.at[i].by == by)
			cost_rates_add(s, x, &s->costs.at[i]);
	}
	if (!hints_weigh(h, x))
		return;
	x->vm = worst_of(s, by);
	free_cpus(h, x, p->ran_ns, 1);
	if (is_bound(s, p))
		x->silent = HINTS_BOUND;
	else if (!x->cpus.count && !x->silent)
		x->silent = HINTS_NO_CPU;
}

/* --- room */

static void room(struct hints *h)
{
	bool first = h->all.count > 0;
	struct hint *x = hints_add(h, HINTS_ROOM, ANALYSIS_NONE, ANALYSIS_NONE);

	if (!x)
		return;
	hints_room_hint(h, x);
	if (x->gain < 3600)
		h->all.count--;
	else if (first)
		x->silent = HINTS_FIRST;
	else if (h->room.windows < HINTS_LEAST_WINDOWS)
		x->silent = HINTS_FEW;
	else if (x->sure * 100 < HINTS_LEAST_SURE)
		x->silent = HINTS_UNSURE;
}

static int by_gain(const void *a, const void *b)
{
	const struct hint *x = a, *y = b;

	if (!x->silent != !y->silent)
		return x->silent ? 1 : -1;
	return x->gain < y->gain ? 1 : x->gain > y->gain ? -1 : 0;
}

static void count_threads(struct hints_state *s)
{
	size_t i;

	for (i = 0; i < s->threads.count; i++) {
		if (s->threads.at[i].party != ANALYSIS_NONE)
			s->parties.at[s->threads.at[i].party].threads++;
	}
}

int hints_find(struct hints *h)
{
	struct hints_state *s = h->state;
	size_t i;

	count_threads(s);
	for (i = 0; i < s->parties.count; i++) {
		if (s->parties.at[i].kind == HINTS_VM)
			separate(h, (uint32_t)i);
		else
			evict(h, (uint32_t)i);
	}
	hints_pins(h);
	room(h);
	if (h->all.count)
		qsort(h->all.at, h->all.count, sizeof(*h->all.at), by_gain);
	while (h->n_given < h->all.count && !h->all.at[h->n_given].silent)
		h->n_given++;
	return s->failed ? -ENOMEM : 0;
}
