// SPDX-License-Identifier: MIT
#include "migration/migration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A destination is told to expect its source before or after the source is told to go:
 * both within this time, on clocks that are one, or are set alike.
 */
#define SLACK_NS 1000000000

static const struct migration_process *
process_of(const struct migrations *m, const struct migration_side *s)
{
	return &m->processes.at[s->process];
}

/* What only loaded or saved a state, with no migration, is none. */
static bool is_one(const struct migration_side *s)
{
	return s->stages.count || s->rounds.list.count ||
	       s->run_ns != MIGRATION_NEVER;
}

static enum migration_clocks clocks_of(const struct migrations *m,
				       const struct migration_process *a,
				       const struct migration_process *b)
{
	if (!a->on_trace_clock && !b->on_trace_clock)
		return MIGRATION_TIME_OF_DAY;
	if (a->machine == b->machine || m->machines.fused)
		return MIGRATION_SAME_CLOCK;
	/* The offset of one, and the time of day of the other. */
	if (!a->on_trace_clock || !b->on_trace_clock)
		return MIGRATION_TIME_OF_DAY;
	/* Both have an offset to the time of day. */
	return m->agree_ns ? MIGRATION_TIME_OF_DAY : MIGRATION_APART;
}

static bool may_be_of(const struct migrations *m, const struct migration_side *s,
		      const struct migration_side *d)
{
	const struct migration_process *a = process_of(m, s);
	const struct migration_process *b = process_of(m, d);

	if (d->role != MIGRATION_DESTINATION || s->process == d->process ||
	    !is_one(d))
		return false;
	if (a->uuid && b->uuid ? strcmp(a->uuid, b->uuid) != 0 :
				 a->vm && b->vm && strcmp(a->vm, b->vm))
		return false;
	return d->begin_ns >= s->begin_ns - SLACK_NS &&
	       d->begin_ns <= s->end_ns + SLACK_NS;
}

static int64_t apart_ns(const struct migration_side *s,
			const struct migration_side *d)
{
	int64_t ns = d->begin_ns - s->begin_ns;

	return ns < 0 ? -ns : ns;
}

/* One of both completes, and the other one does not: they may still be one's. */
static int64_t unlike_ns(const struct migration_side *s,
			 const struct migration_side *d)
{
	bool alike = (s->result == MIGRATION_COMPLETED) ==
		     (d->result == MIGRATION_COMPLETED);

	return apart_ns(s, d) + (alike ? 0 : SLACK_NS);
}

/*
 * How many could be its, the best of which is *@best: that began when it did, where no
 * other one began nearly then.
 */
static size_t candidates(const struct migrations *m,
			 const struct migration_side *s, const bool *taken,
			 size_t *best)
{
	int64_t least_ns = INT64_MAX;
	size_t i, n = 0;

	*best = MIGRATION_NONE;
	for (i = 0; i < m->sides.count; i++) {
		const struct migration_side *d = &m->sides.at[i];

		if (taken[i] || !may_be_of(m, s, d) ||
		    unlike_ns(s, d) >= least_ns)
			continue;
		least_ns = unlike_ns(s, d);
		*best = i;
	}
	for (i = 0; *best != MIGRATION_NONE && i < m->sides.count; i++) {
		const struct migration_side *d = &m->sides.at[i];

		n += !taken[i] && may_be_of(m, s, d) &&
		     unlike_ns(s, d) <= 2 * least_ns;
	}
	return n;
}

static void down_find(const struct migrations *m, struct migration *g)
{
	const struct migration_side *s = &m->sides.at[g->source];
	const struct migration_side *d = &m->sides.at[g->destination];
	const struct migration_process *a = process_of(m, s);
	const struct migration_process *b = process_of(m, d);

	g->clocks = clocks_of(m, a, b);
	g->stopping_ns = s->stopped_ns == MIGRATION_NEVER ?
				 -1 : s->stopped_ns - s->stop_ns;
	/* It did not stop, or went on where it was, or never ran there. */
	if (s->stop_ns == MIGRATION_NEVER || s->run_ns != MIGRATION_NEVER ||
	    d->run_ns == MIGRATION_NEVER || g->clocks == MIGRATION_APART)
		return;
	g->has_down = true;
	g->down_ns = d->run_ns - s->stop_ns;
	g->bound_ns = a->bound_ns > b->bound_ns ? a->bound_ns : b->bound_ns;
	if (g->clocks == MIGRATION_TIME_OF_DAY)
		g->bound_ns += m->agree_ns;
	/* What maps one machine's clock to the other one's has a bound of its own. */
	if (a->machine != b->machine && s->known_ns != INT64_MAX &&
	    d->known_ns != INT64_MAX)
		g->bound_ns += (uint64_t)s->known_ns + (uint64_t)d->known_ns;
	if (a->went_back_ns || b->went_back_ns ||
	    migration_rounds_stepped(&s->rounds) ||
	    (a->machine != b->machine &&
	     (s->known_ns == INT64_MAX || d->known_ns == INT64_MAX)))
		g->bound_ns = UINT64_MAX;
}

static int add(struct migrations *m, size_t source, size_t destination,
	       size_t n)
{
	struct migration *g = vmsync_array_add(&m->list);

	if (!g)
		return -ENOMEM;
	*g = (struct migration){ .source = source, .destination = destination,
				 .candidates = n, .stopping_ns = -1,
				 .bound_ns = UINT64_MAX,
				 .guest_down_ns = -1 };
	if (source != MIGRATION_NONE && destination != MIGRATION_NONE)
		down_find(m, g);
	return 0;
}

static int by_begin(const void *a, const void *b)
{
	const struct migration_side *x = a, *y = b;

	return x->begin_ns < y->begin_ns ? -1 : x->begin_ns > y->begin_ns;
}

static int pair_sources(struct migrations *m, bool *taken)
{
	size_t i, n, best;
	int ret = 0;

	for (i = 0; !ret && i < m->sides.count; i++) {
		const struct migration_side *s = &m->sides.at[i];

		if (s->role == MIGRATION_DESTINATION || !is_one(s))
			continue;
		n = candidates(m, s, taken, &best);
		if (n != 1)
			best = MIGRATION_NONE;
		else
			taken[best] = true;
		ret = add(m, i, best, n);
	}
	return ret;
}

int migrations_pair(struct migrations *m)
{
	bool *taken = calloc(m->sides.count + 1, sizeof(*taken));
	size_t i;
	int ret = taken ? 0 : -ENOMEM;

	if (m->sides.count)
		qsort(m->sides.at, m->sides.count, sizeof(m->sides.at[0]),
		      by_begin);
	if (!ret)
		ret = pair_sources(m, taken);
	for (i = 0; !ret && i < m->sides.count; i++) {
		const struct migration_side *s = &m->sides.at[i];

		if (s->role == MIGRATION_DESTINATION && !taken[i] && is_one(s))
			ret = add(m, MIGRATION_NONE, i, 0);
	}
	free(taken);
	return ret;
}
