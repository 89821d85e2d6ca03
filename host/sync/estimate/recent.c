// SPDX-License-Identifier: MIT
#include "sync/estimate/recent.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "sync/base/wide.h"

/* If somebody steers otherwise, a little more than what is seen. */
#define STEEP_MORE 0.0001

/* What a liar says may be any number. */
static void add(struct vmsync_recent_side *side, int64_t guest_ns, int64_t a,
		int64_t b)
{
	const struct vmsync_recent_limit *last =
		&side->at[(side->count - 1) % VMSYNC_RECENT];
	struct vmsync_recent_limit l = { .guest_ns = guest_ns };

	if ((side->count && guest_ns <= last->guest_ns) ||
	    __builtin_sub_overflow(a, b, &l.offset))
		return;
	side->at[side->count++ % VMSYNC_RECENT] = l;
}

void vmsync_recent_upper(struct vmsync_recent *s, int64_t guest_ns,
			 int64_t host_ns)
{
	add(&s->upper, guest_ns, host_ns, guest_ns);
}

void vmsync_recent_lower(struct vmsync_recent *s, int64_t guest_ns,
			 int64_t host_ns)
{
	add(&s->lower, guest_ns, guest_ns, host_ns);
}

/* Points that the clock cannot be farther off the path than @off, on one side. */
struct points {
	unsigned int count;
	int64_t g[VMSYNC_RECENT + 2];
	double off[VMSYNC_RECENT + 2];
};

static double slope_of(const struct vmsync_path *p, int piece)
{
	double length = (double)(p->g[piece + 1] - p->g[piece]);

	return length > 0 ? (p->y[piece + 1] - p->y[piece]) / length : 0;
}

static double path_at(const struct vmsync_path *p, int64_t g)
{
	int piece = g >= p->g[1];

	return p->y[piece] +
	       slope_of(p, piece) * (double)(g - p->g[piece]);
}

static void put(struct points *to, int64_t g, double off)
{
	to->g[to->count] = g;
	to->off[to->count++] = off;
}

/* @sign: 1: above the path, -1: below it */
static void collect(struct points *to, const struct vmsync_recent_side *side,
		    const struct vmsync_path *p, int sign, double known)
{
	unsigned int first =
		side->count > VMSYNC_RECENT ? side->count - VMSYNC_RECENT : 0;

	to->count = 0;
	put(to, p->g[0], 0);
	for (unsigned int i = first; i < side->count; i++) {
		const struct vmsync_recent_limit *l =
			&side->at[i % VMSYNC_RECENT];
		double off = (double)((int128)l->offset - sign * (int128)p->offset);

		if (l->guest_ns <= p->g[0] || l->guest_ns >= p->g[2])
			continue;
		/* Both readings were rounded down. */
		off += 1 - sign * path_at(p, l->guest_ns);
		put(to, l->guest_ns, fmax(0, off - known));
	}
	put(to, p->g[2], 0);
}

/* Where a clock that rises from one point at @rise can fall to the next. */
static double farthest(struct points *p, double rise, double fall)
{
	double most = 0;

	for (unsigned int i = 1; i < p->count; i++)
		p->off[i] = fmin(p->off[i],
				 p->off[i - 1] +
				 rise * (double)(p->g[i] - p->g[i - 1]));
	for (unsigned int i = p->count - 1; i--;)
		p->off[i] = fmin(p->off[i],
				 p->off[i + 1] +
				 fall * (double)(p->g[i + 1] - p->g[i]));
	for (unsigned int i = 1; i < p->count; i++) {
		double length = (double)(p->g[i] - p->g[i - 1]);
		double x = (p->off[i] - p->off[i - 1] + fall * length) /
			   (rise + fall);

		most = fmax(most, p->off[i - 1] + rise * x);
	}
	return most;
}

double vmsync_recent_away(const struct vmsync_recent *s,
			  const struct vmsync_path *path, double drift,
			  double known)
{
	double a = slope_of(path, 0), b = slope_of(path, 1);
	double low = fmin(a, b), high = fmax(a, b);
	double steep = fmax(drift, fmax(-low, high) + STEEP_MORE), above;
	struct points points;

	collect(&points, &s->upper, path, 1, known);
	above = farthest(&points, steep - low, steep + high);
	collect(&points, &s->lower, path, -1, known);
	return fmax(above, farthest(&points, steep + high, steep - low));
}

static const struct vmsync_recent_limit *
oldest(const struct vmsync_recent_side *s, unsigned int i)
{
	unsigned int first =
		s->count > VMSYNC_RECENT ? s->count - VMSYNC_RECENT : 0;

	return first + i < s->count ? &s->at[(first + i) % VMSYNC_RECENT] :
				      NULL;
}

double vmsync_recent_drift(const struct vmsync_recent *s)
{
	const struct vmsync_recent_limit *up, *low;
	double most = 0;

	for (unsigned int i = 0; (up = oldest(&s->upper, i)); i++) {
		for (unsigned int k = 0; (low = oldest(&s->lower, k)); k++) {
			/* Both readings were rounded down. */
			double over = -(double)((int128)up->offset +
						low->offset) - 2;
			double apart = fabs((double)(up->guest_ns -
						     low->guest_ns));

			if (over > 0)
				most = fmax(most, over / apart);
		}
	}
	return most;
}

/* What a line is asked about: all moments of limits, and its own two ends. */
struct moments {
	unsigned int count;
	int64_t g[2 * VMSYNC_RECENT + 2];
	double above[2 * VMSYNC_RECENT + 2];
	double below[2 * VMSYNC_RECENT + 2];
};

static double line_at(const struct vmsync_straight *line, int64_t g)
{
	return line->y + line->slope * (double)(g - line->first);
}

static void ask(struct moments *m, const struct vmsync_straight *line,
		int64_t g, const struct vmsync_recent_limit *upper,
		const struct vmsync_recent_limit *lower)
{
	double y = line_at(line, g);
	unsigned int i = m->count;

	if (!i || m->g[i - 1] != g) {
		m->g[i] = g;
		m->above[i] = m->below[i] = INFINITY;
		m->count++;
	} else {
		i--;
	}
	/* Both readings were rounded down. */
	if (upper)
		m->above[i] = fmin(m->above[i],
				   (double)((int128)upper->offset - line->offset) -
					   y + 1);
	if (lower)
		m->below[i] = fmin(m->below[i],
				   (double)((int128)lower->offset + line->offset) +
					   y + 1);
}

/* All of them in the order of time. */
static void ask_all(struct moments *m, const struct vmsync_recent *s,
		    const struct vmsync_straight *line)
{
	const int64_t ends[] = { line->first, line->last };
	unsigned int u = 0, l = 0, e = 0;

	m->count = 0;
	for (;;) {
		const struct vmsync_recent_limit *up = oldest(&s->upper, u);
		const struct vmsync_recent_limit *low = oldest(&s->lower, l);
		int64_t g = INT64_MAX;

		if (up)
			g = up->guest_ns;
		if (low && low->guest_ns < g)
			g = low->guest_ns;
		if (e < 2 && ends[e] <= g) {
			ask(m, line, ends[e++], NULL, NULL);
			continue;
		}
		if (!up && !low)
			return;
		if (up && up->guest_ns == g) {
			ask(m, line, g, up, NULL);
			u++;
		} else {
			ask(m, line, g, NULL, low);
			l++;
		}
	}
}

static void limit_next(struct moments *m, unsigned int from, unsigned int to,
		       double up, double down)
{
	double d = fabs((double)(m->g[to] - m->g[from]));

	m->above[to] = fmin(m->above[to], m->above[from] + up * d);
	m->below[to] = fmin(m->below[to], m->below[from] + down * d);
}

static bool asked(const struct vmsync_straight *line, int64_t g)
{
	return g >= line->first && g <= line->last;
}

/* The usual time from one limit to the next of its kind, of the rarer kind. */
static double usual_gap(const struct moments *m,
			const struct vmsync_straight *line)
{
	unsigned int upper = 0, lower = 0, n;

	for (unsigned int i = 0; i < m->count; i++) {
		upper += asked(line, m->g[i]) && !isinf(m->above[i]);
		lower += asked(line, m->g[i]) && !isinf(m->below[i]);
	}
	n = upper < lower ? upper : lower;
	return n ? (double)(line->last - line->first) / n : INFINITY;
}

/* Each moment's limits hold at all others too, as far as the clock goes meanwhile. */
static void close_moments(struct moments *m, double up, double down)
{
	for (unsigned int i = 1; i < m->count; i++)
		limit_next(m, i - 1, i, up, down);
	for (unsigned int i = m->count - 1; i--;)
		limit_next(m, i + 1, i, down, up);
}

/* One side's @limit in one direction: from where it was seen, not farther. */
static void carry(const struct moments *m, double *limit, double bent,
		  double far_ns, int step)
{
	unsigned int i = step > 0 ? 0 : m->count - 1, from = i;

	for (unsigned int n = 1; n < m->count; n++) {
		double d;

		i += (unsigned int)step;
		d = fabs((double)(m->g[i] - m->g[from]));
		if (d <= far_ns && limit[from] + bent * d < limit[i])
			limit[i] = limit[from] + bent * d;
		else
			from = i;
	}
}

static void close_bent(struct moments *m, double bent, double far_ns)
{
	for (int step = 1; step >= -1; step -= 2) {
		carry(m, m->above, bent, far_ns, step);
		carry(m, m->below, bent, far_ns, step);
	}
}

/* What the tightest limits leave between them. */
static double band(const struct moments *m, const struct vmsync_straight *line)
{
	double least = INFINITY;

	for (unsigned int i = 0; i < m->count; i++)
		if (asked(line, m->g[i]))
			least = fmin(least, m->above[i] + m->below[i]);
	return least;
}

double vmsync_recent_sure(const struct vmsync_recent *s,
			  const struct vmsync_straight *line, double drift,
			  double bent, double far_ns, double *gap_ns)
{
	struct moments m;
	double most = 0, usual;

	ask_all(&m, s, line);
	usual = usual_gap(&m, line);
	close_moments(&m, drift - line->slope, drift + line->slope);
	if (usual <= far_ns && usual * drift > band(&m, line))
		close_bent(&m, bent, far_ns);
	*gap_ns = 0;
	for (unsigned int i = 0; i < m.count; i++) {
		if (!asked(line, m.g[i]))
			continue;
		most = fmax(most, fmax(m.above[i], m.below[i]));
		if (m.g[i] > line->first)
			*gap_ns = fmax(*gap_ns, (double)(m.g[i] - m.g[i - 1]));
	}
	return most;
}
