// SPDX-License-Identifier: MIT
#include "sync/window/jump.h"

#include <errno.h>
#include <math.h>

#include "sync/base/chain.h"
#include "sync/map/quantize.h"

/* The bound is stated anew so often. */
#define PARTS 64

/* Stamps of both clocks are rounded down, and what the map says is. */
#define ROUND_NS 2.0

/**
 * struct side - what the offset is on one side of a jump, at moments that rise
 * @edge:	of its own limits, all told
 * @notes:	of events beyond, of which the first is at @edge
 * @n:		how many of them count; without them @edge alone does
 */
struct side {
	struct vmsync_between edge;
	const struct vmsync_between *notes;
	size_t n;
};

/** struct stretch - between the two sides, less @base; time of @b is negated */
struct stretch {
	struct side a;
	struct side b;
	int64_t base;
	double steep;
	double fell;
};

/** struct corner - the map goes through @off, less the base, at @ns */
struct corner {
	int64_t ns;
	double off;
};

/* What is still possible at the moment of the next limit, grown and cut by it.
 */
static struct vmsync_between follow(struct vmsync_between now,
				    const struct vmsync_between *next,
				    double steep)
{
	int64_t away = next->guest_ns - now.guest_ns;
	int64_t grow = 1 + (int64_t)(steep * (double)(away < 0 ? -away : away));

	return (struct vmsync_between){
		.guest_ns = next->guest_ns,
		.lo = now.lo - grow > next->lo ? now.lo - grow : next->lo,
		.hi = now.hi + grow < next->hi ? now.hi + grow : next->hi,
	};
}

/* What is possible at the last limit, coming from the first one. */
static struct side side_before(const struct vmsync_trail *a, double steep)
{
	const vmsync_limits *l = &a->limits;
	struct side s = { .edge = l->at[0], .notes = a->ahead.at };

	for (size_t i = 1; i < l->count; i++)
		s.edge = follow(s.edge, &l->at[i], steep);
	if (a->ahead.count && a->ahead.at[0].guest_ns == s.edge.guest_ns)
		s.n = a->ahead.count;
	return s;
}

/* The same at the first limit, coming from the last one. */
static struct side side_behind(const struct vmsync_trail *b, double steep)
{
	const vmsync_limits *l = &b->limits;
	struct side s = {
		.edge = l->at[l->count - 1],
		.notes = b->behind.at,
	};

	for (size_t i = l->count - 1; i--;)
		s.edge = follow(s.edge, &l->at[i], steep);
	s.edge.guest_ns = -s.edge.guest_ns;
	if (b->behind.count && b->behind.at[0].guest_ns == s.edge.guest_ns)
		s.n = b->behind.count;
	return s;
}

static struct vmsync_between noted(const struct side *s, size_t i)
{
	return i ? s->notes[i] : s->edge;
}

/*
 * How far the clock may have fallen back, at most, wherever in the stretch that was. A
 * guest that had been stopped did not read what it fell back by: to take it to have done
 * so makes a bound a little wider that has all of that besides.
 */
static double most_fallen(const struct stretch *s, int64_t fell)
{
	double length = (double)(-s->b.edge.guest_ns - s->a.edge.guest_ns);
	double most;
	int64_t lo = s->a.edge.lo, hi = s->b.edge.hi;

	for (size_t i = 1; i < s->a.n; i++)
		lo = noted(&s->a, i).lo < lo ? noted(&s->a, i).lo : lo;
	for (size_t i = 1; i < s->b.n; i++)
		hi = noted(&s->b, i).hi > hi ? noted(&s->b, i).hi : hi;
	most = ((double)(hi - lo) + 2 * s->steep * length) *
		       (1 + 4 * s->steep) + ROUND_NS;
	return fmax(most, (double)fell);
}

/*
 * How far off the line from @p to @q is what the side leaves, at most, in between.
 * An event of the other side may come before the jump by as much as the clock fell
 * back; so long a note says nothing yet.
 */
static double side_error(const struct stretch *s, const struct side *side,
			 struct corner p, struct corner q)
{
	double slope = (q.off - p.off) / (double)(q.ns - p.ns), error = 0;
	size_t i = 0, n = side->n ? side->n : 1;

	while (i + 1 < n &&
	       (double)(side->notes[i + 1].guest_ns - p.ns) + s->fell <= 0)
		i++;
	for (;; i++) {
		struct vmsync_between at = noted(side, i);
		double begin = 0, end = (double)(q.ns - p.ns);
		double lo = (double)(at.lo - s->base);
		double hi = (double)(at.hi - s->base), next = end;

		if (i)
			begin = fmax(begin, (double)(at.guest_ns - p.ns) +
						    s->fell);
		if (i + 1 < n)
			next = (double)(side->notes[i + 1].guest_ns - p.ns) +
			       s->fell;
		if (begin > end)
			return error;
		end = fmin(end, fmax(begin, next));
		for (int k = 0; k < 2; k++) {
			double t = k ? end : begin;
			double line = p.off + slope * t;
			double grown = s->steep *
				       (t + (double)(p.ns - at.guest_ns));

			error = fmax(error, fmax(hi + grown - line,
						 line - lo + grown));
		}
		if (i + 1 >= n)
			return error;
	}
}

static double error_between(const struct stretch *s, struct corner p,
			    struct corner q)
{
	struct corner back_p = { -q.ns, q.off }, back_q = { -p.ns, p.off };

	return fmax(side_error(s, &s->a, p, q),
		    side_error(s, &s->b, back_p, back_q));
}

/* The nearest to @off that both sides leave at @ns. */
static double nearest(const struct stretch *s, int64_t ns, double off)
{
	const struct side *both[] = { &s->a, &s->b };
	double lo = INFINITY, hi = -INFINITY;

	for (int k = 0; k < 2; k++) {
		const struct side *side = both[k];
		int64_t at_ns = k ? -ns : ns;
		size_t i = 0;
		double grown;

		while (i + 1 < side->n &&
		       (double)(side->notes[i + 1].guest_ns - at_ns) +
				       s->fell <= 0)
			i++;
		grown = s->steep * (double)(at_ns - noted(side, i).guest_ns);
		lo = fmin(lo, (double)(noted(side, i).lo - s->base) - grown);
		hi = fmax(hi, (double)(noted(side, i).hi - s->base) + grown);
	}
	return fmin(fmax(off, lo), hi);
}

static int128 q32(double v)
{
	double whole = floor(v);

	return (int128)whole * Q32 + (int128)((v - whole) * 4294967296.0);
}

static int put(const struct stretch *s, uint32_t epoch, struct corner p,
	       struct corner q, struct vmsync_map *map)
{
	struct vmsync_piece piece = {
		.g = (int128)p.ns * Q32,
		.h = ((int128)p.ns + s->base) * Q32 + q32(p.off),
		.dg = (int128)(q.ns - p.ns) * Q32,
		.dh = (int128)(q.ns - p.ns) * Q32 + q32(q.off - p.off),
		.g_end = (int128)q.ns * Q32,
		.error = q32(error_between(s, p, q) + ROUND_NS),
		.method = VMSYNC_METHOD_WINDOW,
		.epoch = epoch,
		.joined = true,
	};
	int err = vmsync_quantize(map, &piece);

	return err == -EINVAL ? 0 : err;
}

/* From where the map is to where it goes on, never back. */
static int put_all(const struct stretch *s, uint32_t epoch, struct corner p,
		   struct corner end, struct vmsync_map *map)
{
	double slope = (end.off - p.off) / (double)(end.ns - p.ns);
	int64_t part = (end.ns - p.ns) / PARTS + 1, from = p.ns;
	double off = p.off;
	int err = 0;

	while (!err && p.ns < end.ns) {
		struct corner q = end;

		if (end.ns - p.ns > part)
			q.ns = p.ns + part;
		q.off = nearest(s, q.ns, off + slope * (double)(q.ns - from));
		q.off = fmax(q.off, p.off - (double)(q.ns - p.ns));
		err = put(s, epoch, p, q, map);
		p = q;
	}
	return err;
}

int vmsync_jump_map(const struct vmsync_trail *a, const struct vmsync_trail *b,
		    double steep, const struct vmsync_map *next,
		    struct vmsync_map *map)
{
	struct stretch s = { .steep = steep };
	struct vmsync_segment *last;
	struct corner from, to;

	if (!map->count)
		return 0;
	s.a = side_before(a, steep);
	s.b = side_behind(b, steep);
	s.base = s.a.edge.lo;
	s.fell = most_fallen(&s, b->fell);
	from.ns = s.a.edge.guest_ns + 1;
	from.off = (double)(vmsync_map_eval(map, (guest_time){from.ns}).ns -
			    from.ns - s.base);
	to.ns = -s.b.edge.guest_ns;
	to.off = next->count ? (double)(next->segments[0].host_start.ns -
					to.ns - s.base) :
			       (double)(s.b.edge.lo - s.base);
	last = &map->segments[map->count - 1];
	last->guest_end.ns = from.ns;
	return put_all(&s, last->epoch + 1, from, to, map);
}
