// SPDX-License-Identifier: MIT
#include "stays.h"

#include <stdlib.h>

struct making {
	const struct sim_vcpu *v;
	struct sim_rng *rng;
	double mean;
	struct stay *stay;
	size_t n, cap;
	bool in;
	bool shows;
	uint64_t at; /* of the last entry or exit, or of what was known */
};

static void enter(struct making *m, uint64_t h)
{
	if (m->n == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 64;
		m->stay = reallocarray(m->stay, m->cap, sizeof(*m->stay));
		if (!m->stay)
			abort();
	}
	m->stay[m->n].entry = m->at = h;
	m->in = true;
}

static void leave(struct making *m, uint64_t h)
{
	m->stay[m->n++].exit = m->at = h;
	m->in = false;
}

/* Enters or leaves somewhere in (m->at, before), if there is room. */
static void turn(struct making *m, uint64_t before)
{
	uint64_t h;

	if (before <= m->at + 2)
		return;
	h = m->at + 1 + sim_rng_below(m->rng, before - m->at - 1);
	if (m->in)
		leave(m, h);
	else
		enter(m, h);
}

/*
 * Enters or leaves at @h at the latest, when it is known to be in, or out. Where a
 * stop ends at that very moment it enters then, and not later.
 */
static void turn_for(struct making *m, uint64_t h)
{
	bool in = m->in;

	turn(m, h);
	if (m->in == in && in)
		leave(m, h);
	else if (m->in == in)
		enter(m, h);
}

/* Reads its clock for the last time at @h, before it has to leave. */
static void show(struct making *m, uint64_t h)
{
	if (!m->in)
		turn(m, h);
	if (m->in && h > m->at)
		leave(m, h);
}

/* The stop that begins next behind @h, NULL if there is none. */
static const struct sim_hole *next_hole(const struct making *m, uint64_t h)
{
	for (size_t i = 0; i < m->v->hole_count; i++)
		if (m->v->holes[i].to > h)
			return &m->v->holes[i];
	return NULL;
}

/* Goes in and out until @until, where nothing more is known. */
static void wander(struct making *m, uint64_t until)
{
	for (;;) {
		const struct sim_hole *hole = next_hole(m, m->at);
		uint64_t h = m->at + 50 +
			     (uint64_t)sim_rng_exp(m->rng, m->mean);

		if (hole && hole->from < until && h >= hole->from) {
			if (m->shows)
				show(m, hole->from);
			else if (m->in)
				turn(m, hole->from);
			m->at = hole->to;
			continue;
		}
		if (h >= until)
			return;
		if (m->in)
			leave(m, h);
		else
			enter(m, h);
	}
}

static int by_time(const void *a, const void *b)
{
	const struct stays_known *x = a, *y = b;

	return (x->h > y->h) - (x->h < y->h);
}

size_t stays_make(const struct sim_vcpu *v, struct stays_known *known, size_t n,
		  uint64_t from, uint64_t until, double mean, bool shows,
		  struct sim_rng *rng, struct stay **out)
{
	struct making m = {
		.v = v, .rng = rng, .mean = mean, .shows = shows, .at = from
	};

	qsort(known, n, sizeof(*known), by_time);
	for (size_t i = 0; i < n; i++) {
		const struct sim_hole *hole;

		/* Leaves some room for what has to come before it. */
		wander(&m, known[i].h - (known[i].h - m.at) / 4);
		hole = next_hole(&m, m.at);
		if (hole && hole->to < known[i].h && hole->from >= m.at) {
			if (shows)
				show(&m, hole->from);
			else if (m.in)
				turn(&m, hole->from);
			m.at = hole->to;
		}
		if (m.in != known[i].in)
			turn_for(&m, known[i].h);
		m.at = known[i].h;
	}
	wander(&m, until);
	/* What was known may be so late that there is hardly room left. */
	if (m.in && until + 1000 <= m.at + 2)
		leave(&m, m.at + 1);
	else if (m.in)
		turn(&m, until + 1000);
	*out = m.stay;
	return m.n;
}
