// SPDX-License-Identifier: MIT
#include "sync/seen.h"

#include <math.h>

#include "sync/wide.h"

/*
 * Two clocks that NTP steers, +-500 ppm each, drift apart by no more; and a little
 * more than what is seen, if somebody steers otherwise.
 */
#define STEEP	   0.0011
#define STEEP_MORE 0.0001

/* What a liar says may be any number. */
static void add(struct vmsync_seen_side *side, int64_t guest_ns, int64_t a,
		int64_t b)
{
	const struct vmsync_seen_limit *last =
		&side->at[(side->count - 1) % VMSYNC_SEEN];
	struct vmsync_seen_limit l = { .guest_ns = guest_ns };

	if ((side->count && guest_ns <= last->guest_ns) ||
	    __builtin_sub_overflow(a, b, &l.offset))
		return;
	side->at[side->count++ % VMSYNC_SEEN] = l;
}

void vmsync_seen_upper(struct vmsync_seen *s, int64_t guest_ns, int64_t host_ns)
{
	add(&s->upper, guest_ns, host_ns, guest_ns);
}

void vmsync_seen_lower(struct vmsync_seen *s, int64_t guest_ns, int64_t host_ns)
{
	add(&s->lower, guest_ns, guest_ns, host_ns);
}

/* Points that the clock cannot be farther off the path than @off, on one side. */
struct points {
	unsigned int count;
	int64_t g[VMSYNC_SEEN + 2];
	double off[VMSYNC_SEEN + 2];
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
static void collect(struct points *to, const struct vmsync_seen_side *side,
		    const struct vmsync_path *p, int sign, double known)
{
	unsigned int first =
		side->count > VMSYNC_SEEN ? side->count - VMSYNC_SEEN : 0;

	to->count = 0;
	put(to, p->g[0], 0);
	for (unsigned int i = first; i < side->count; i++) {
		const struct vmsync_seen_limit *l = &side->at[i % VMSYNC_SEEN];
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

double vmsync_seen_away(const struct vmsync_seen *s,
			const struct vmsync_path *path, double known)
{
	double a = slope_of(path, 0), b = slope_of(path, 1);
	double low = fmin(a, b), high = fmax(a, b);
	double steep = fmax(STEEP, fmax(-low, high) + STEEP_MORE), above;
	struct points points;

	collect(&points, &s->upper, path, 1, known);
	above = farthest(&points, steep - low, steep + high);
	collect(&points, &s->lower, path, -1, known);
	return fmax(above, farthest(&points, steep + high, steep - low));
}
