// SPDX-License-Identifier: MIT
/*
 * What else would change if a party were not there: all others would be done sooner,
 * and would meet each other less. The bursts of work of one part of the recording are
 * done once more, from when each began, by CPUs that are shared out evenly among all that
 * want one; then once more without the party. By how much more a VM waits less than what
 * the party costs it, by the same measure, is a factor for what it was seen to cost.
 */
#include <stdlib.h>
#include <string.h>

#include "hints/parts.h"

/* Of a part; what is beyond that does not count for the factor. */
#define MOST_BURSTS 4000000

/* A party is tried that costs so much in a part, of what is worth saying. */
#define TRIED 0.5

void hints_replay_begin(struct hints_thread *t, int64_t ns)
{
	t->burst_from_ns = ns;
	t->burst_ns = 0;
}

void hints_replay_end(struct hints_state *s, uint32_t thread)
{
	struct hints_thread *t = &s->threads.at[thread];
	struct hints_burst *b;

	if (t->burst_ns <= 0 || t->cpu == ANALYSIS_NONE ||
	    s->bursts.count >= MOST_BURSTS)
		return;
	b = vmsync_array_add(&s->bursts);
	if (!b) {
		s->failed = true;
		return;
	}
	*b = (struct hints_burst){ .from_ns = t->burst_from_ns,
				   .work_ns = t->burst_ns,
				   .thread = thread,
				   .pool = s->cpus.at[t->cpu].pool };
	t->burst_ns = 0;
}

/* A thread that has work to do, until the others have each had @until of the CPUs. */
struct active {
	uint32_t thread;
	uint32_t party;
	double until;
};

/**
 * struct replay - one pass over the bursts of a pool
 * @m:		its CPUs
 * @without:	party, or ANALYSIS_NONE
 * @wait:	[party] what its virtual CPUs waited
 * @measured:	party, or ANALYSIS_NONE
 * @direct:	[party] of VMs, what that costs them
 * @active:	[@n]
 * @had:	what each of these has had of the CPUs, since the begin, ns
 */
struct replay {
	struct hints_state *s;
	uint32_t m;
	uint32_t without;
	uint32_t measured;
	struct active *active;
	uint32_t n;
	double had;
	double now;
	double *wait;
	double *direct;
};

static double rate(const struct replay *r)
{
	return r->n > r->m ? (double)r->m / r->n : 1;
}

static void pass(struct replay *r, double ns)
{
	double waits = (1 - rate(r)) * (ns - r->now), share;
	uint32_t i, a = 0;

	for (i = 0; waits > 0 && i < r->n; i++)
		a += r->active[i].party == r->measured;
	share = r->n > r->m && a < r->n - r->m ? (double)a / (r->n - r->m) : 1;
	for (i = 0; waits > 0 && i < r->n; i++) {
		const struct active *x = &r->active[i];

		if (x->party == ANALYSIS_NONE ||
		    r->s->threads.at[x->thread].vcpu == ANALYSIS_NONE)
			continue;
		r->wait[x->party] += waits;
		if (a && x->party != r->measured)
			r->direct[x->party] += waits * share;
	}
	r->had += rate(r) * (ns - r->now);
	r->now = ns;
}

static uint32_t soonest(const struct replay *r)
{
	uint32_t i, best = 0;

	for (i = 1; i < r->n; i++) {
		if (r->active[i].until < r->active[best].until)
			best = i;
	}
	return best;
}

/* Work is done until @ns. */
static void work(struct replay *r, double ns)
{
	while (r->n) {
		uint32_t i = soonest(r);
		double done = r->now + (r->active[i].until - r->had) / rate(r);

		if (done > ns)
			break;
		pass(r, done > r->now ? done : r->now);
		r->active[i] = r->active[--r->n];
	}
	if (ns > r->now)
		pass(r, ns);
}

static void arrive(struct replay *r, const struct hints_burst *b)
{
	uint32_t party = r->s->threads.at[b->thread].party, i;

	if (party == r->without && party != ANALYSIS_NONE)
		return;
	work(r, (double)b->from_ns);
	for (i = 0; i < r->n; i++) {
		if (r->active[i].thread == b->thread) {
			r->active[i].until += (double)b->work_ns;
			return;
		}
	}
	r->active[r->n++] = (struct active){b->thread, party,
					    r->had + (double)b->work_ns};
}

/* [@n] bursts of one pool, in the order of time */
static void run(struct replay *r, const struct hints_burst *b, size_t n,
		uint32_t without, uint32_t measured)
{
	size_t size = r->s->parties.count, i;

	r->without = without;
	r->measured = measured;
	r->n = 0;
	r->had = r->now = 0;
	memset(r->wait, 0, size * sizeof(*r->wait));
	memset(r->direct, 0, size * sizeof(*r->direct));
	for (i = 0; i < n; i++)
		arrive(r, &b[i]);
	while (r->n)
		work(r, r->now + 1e18);
}

static void compare(struct replay *r, const struct hints_burst *b, size_t n,
		    uint32_t by)
{
	struct hints_state *s = r->s;
	size_t i;

	run(r, b, n, ANALYSIS_NONE, by);
	for (i = 0; i < s->costs.count; i++) {
		struct hints_cost *c = &s->costs.at[i];

		if (c->by != by)
			continue;
		c->replay_direct += r->direct[c->vm];
		c->replay_gain += r->wait[c->vm];
	}
	run(r, b, n, by, ANALYSIS_NONE);
	for (i = 0; i < s->costs.count; i++) {
		if (s->costs.at[i].by == by)
			s->costs.at[i].replay_gain -= r->wait[s->costs.at[i].vm];
	}
}

/* Parties that cost something in this part: [party] ns */
static void costs_of_part(const struct hints_state *s, double *ns)
{
	size_t i;

	memset(ns, 0, s->parties.count * sizeof(*ns));
	for (i = 0; i < s->costs.count; i++)
		ns[s->costs.at[i].by] += (double)s->costs.at[i].ns[s->part];
}

/* Of those that cost much, each that has work in this pool. */
static void compare_all(struct replay *r, const struct hints_burst *b, size_t n,
			const double *cost, double least)
{
	struct hints_state *s = r->s;
	uint32_t by;
	size_t i;

	for (by = 0; by < s->parties.count; by++) {
		if (cost[by] < least)
			continue;
		for (i = 0; i < n && s->threads.at[b[i].thread].party != by; i++)
			;
		if (i < n)
			compare(r, b, n, by);
	}
}

static int by_pool(const void *a, const void *b)
{
	const struct hints_burst *x = a, *y = b;

	if (x->pool != y->pool)
		return x->pool < y->pool ? -1 : 1;
	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

static void replay_pools(struct hints_state *s, struct replay *r, double *cost)
{
	double part_ns = (double)(s->until_ns - s->from_ns) / HINTS_PARTS;
	const struct hints_burst *b = s->bursts.at;
	size_t n = s->bursts.count, i, k;

	costs_of_part(s, cost);
	for (i = 0; i < n; i = k) {
		for (k = i; k < n && b[k].pool == b[i].pool; k++)
			;
		r->m = (uint32_t)s->pools.at[b[i].pool].cpus.count;
		if (r->m)
			compare_all(r, b + i, k - i, cost,
				    TRIED * s->h->options->least / 3600 * part_ns);
	}
}

/* What a thread has done of its burst counts here, what is left in the next part. */
static void cut(struct hints_state *s, int64_t ns)
{
	uint32_t i;

	for (i = 0; i < s->threads.count; i++) {
		struct hints_thread *t = &s->threads.at[i];

		if (t->state == HINTS_ASLEEP)
			continue;
		hints_replay_end(s, i);
		hints_replay_begin(t, ns);
	}
}

void hints_replay_part(struct hints_state *s, int64_t ns)
{
	size_t parties = s->parties.count + 1;
	struct replay r = { .s = s,
			    .active = calloc(s->threads.count + 1,
					     sizeof(*r.active)),
			    .wait = calloc(parties, sizeof(*r.wait)),
			    .direct = calloc(parties, sizeof(*r.direct)) };
	double *cost = calloc(parties, sizeof(*cost));

	cut(s, ns);
	if (s->bursts.count)
		qsort(s->bursts.at, s->bursts.count, sizeof(*s->bursts.at), by_pool);
	if (r.active && r.wait && r.direct && cost)
		replay_pools(s, &r, cost);
	else
		s->failed = true;
	s->bursts.count = 0;
	free(r.active);
	free(r.wait);
	free(r.direct);
	free(cost);
}
