// SPDX-License-Identifier: MIT
/*
 * Between two moments at which one of two maps changes, their distance and the
 * bound of either are straight: the worst is at one end. So a bound is found by
 * looking at all changes of all maps.
 */
#include "sync/map/anyone.h"

#include <errno.h>
#include <stdlib.h>

#include "sync/base/wide.h"

#define PPB 1000000000

/* [@from_ns, @until_ns], in which the base has one line. */
struct piece {
	const struct vmsync_map *base;
	int64_t from_ns;
	int64_t until_ns;
};

/* A map's host time at a moment: what is used, and its line without limits. */
struct at {
	int128 used;
	int128 line;
};

static int128 fixed_at(const struct vmsync_segment *s, int64_t g)
{
	return (int128)(g - s->guest_start.ns) * s->slope + s->host_frac;
}

static struct at at(const struct vmsync_map *map, int64_t g)
{
	const struct vmsync_segment *s =
		vmsync_map_segment(map, (guest_time){ g });

	return (struct at){
		.used = vmsync_map_eval(map, (guest_time){ g }).ns,
		.line = (fixed_at(s, g) >> s->shift) + s->host_start.ns,
	};
}

static int128 farther(int128 a, int128 b)
{
	return a > b ? a : b;
}

/* How far the truth may be from the base at @g if it is @map that is right. */
static int128 reach_at(const struct vmsync_map *base,
		       const struct vmsync_map *map, int64_t g)
{
	struct at b = at(base, g), m = at(map, g);
	int128 apart = farther(farther(wide_abs(b.used - m.used),
				       wide_abs(b.line - m.line)),
			       farther(wide_abs(b.used - m.line),
				       wide_abs(b.line - m.used)));

	/* Both were rounded down. */
	return apart + 1 + vmsync_map_bound_ns(map, (guest_time){ g }, NULL);
}

static void look(const struct piece *p, const struct vmsync_map *map, int64_t g,
		 int128 *worst)
{
	if (g >= p->from_ns && g <= p->until_ns)
		*worst = farther(*worst, reach_at(p->base, map, g));
}

/* @next: the segment to look at first, moved on: pieces come in order. */
static int128 reach_in(const struct piece *p, const struct vmsync_map *map,
		       size_t *next)
{
	int128 worst = 0;
	size_t i;

	look(p, map, p->from_ns, &worst);
	look(p, map, p->until_ns, &worst);
	for (i = *next; i < map->count; i++) {
		const struct vmsync_segment *s = &map->segments[i];

		if (s->guest_start.ns > p->until_ns)
			break;
		look(p, map, s->guest_start.ns - 1, &worst);
		look(p, map, s->guest_start.ns, &worst);
		look(p, map, s->guest_end.ns, &worst);
		look(p, map, s->guest_end.ns + 1, &worst);
		if (s->guest_end.ns < p->until_ns)
			*next = i;
	}
	return worst;
}

static int append(struct vmsync_guest_map *gm, const struct piece *p,
		  size_t *next)
{
	struct vmsync_segment s =
		*vmsync_map_segment(p->base, (guest_time){ p->from_ns });
	int128 fixed = fixed_at(&s, p->from_ns), bound = 0;

	/* Host time is never below 0, and no line goes on there. */
	if (p->until_ns < p->from_ns || at(p->base, p->from_ns).line < 0)
		return 0;
	for (uint32_t i = 0; i < gm->vcpus; i++) {
		if (gm->maps[i].count)
			bound = farther(bound, reach_in(p, &gm->maps[i],
							&next[i]));
	}
	s.host_start = vmsync_map_eval(p->base, (guest_time){ p->from_ns });
	s.host_frac = (uint64_t)fixed & ((1ull << s.shift) - 1);
	s.guest_start.ns = p->from_ns;
	s.guest_end.ns = p->until_ns;
	s.bound_ns = bound > INT64_MAX ? INT64_MAX : (int64_t)bound;
	return vmsync_map_append(&gm->anyone, &s);
}

/* Where the evidence of any map begins and ends. */
static void evidence_span(const struct vmsync_guest_map *gm, int64_t *from_ns,
			  int64_t *until_ns)
{
	*from_ns = INT64_MAX;
	*until_ns = 0;
	for (uint32_t i = 0; i < gm->vcpus; i++) {
		const struct vmsync_map *m = &gm->maps[i];

		if (!m->count)
			continue;
		if (m->segments[0].guest_start.ns < *from_ns)
			*from_ns = m->segments[0].guest_start.ns;
		if (m->segments[m->count - 1].guest_end.ns > *until_ns)
			*until_ns = m->segments[m->count - 1].guest_end.ns;
	}
}

static int128 rate_ppb(const struct vmsync_segment *s)
{
	return (int128)s->slope * PPB >> s->shift;
}

/* Outside of all evidence distances grow as well. */
static uint32_t growth_ppb(const struct vmsync_guest_map *gm,
			   const struct vmsync_map *base)
{
	uint32_t own = base->extrapolation_ppb;
	int128 apart = 0, sum;

	for (uint32_t i = 0; i < gm->vcpus; i++) {
		const struct vmsync_map *m = &gm->maps[i];

		if (!m->count)
			continue;
		if (m->extrapolation_ppb > own)
			own = m->extrapolation_ppb;
		apart = farther(apart, wide_abs(rate_ppb(m->segments) -
						rate_ppb(base->segments)));
		apart = farther(
			apart,
			wide_abs(rate_ppb(&m->segments[m->count - 1]) -
				 rate_ppb(&base->segments[base->count - 1])));
	}
	sum = own + apart + (apart ? 2 : 0);
	return sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

/* At the ends of all evidence nobody's own may be in the distances yet. */
static int64_t most_at_once(const struct vmsync_guest_map *gm)
{
	int64_t most = 0;

	for (uint32_t i = 0; i < gm->vcpus; i++)
		if (gm->maps[i].count && gm->maps[i].extrapolation_ns > most)
			most = gm->maps[i].extrapolation_ns;
	return most;
}

/* The base's segments, its gaps, and what others know before and after it. */
static int append_all(struct vmsync_guest_map *gm,
		      const struct vmsync_map *base, size_t *next)
{
	struct piece p = { .base = base };
	int64_t until_ns;
	int err = 0;

	evidence_span(gm, &p.from_ns, &until_ns);
	for (size_t i = 0; !err && i < base->count; i++) {
		const struct vmsync_segment *s = &base->segments[i];
		int64_t end_ns = i + 1 < base->count ?
					 s[1].guest_start.ns - 1 : until_ns;

		p.until_ns = s->guest_start.ns - 1;
		err = append(gm, &p, next);
		p.from_ns = s->guest_start.ns;
		p.until_ns = s->guest_end.ns < end_ns ? s->guest_end.ns : end_ns;
		if (!err)
			err = append(gm, &p, next);
		p.from_ns = p.until_ns + 1;
	}
	p.until_ns = until_ns;
	return err ? err : append(gm, &p, next);
}

static bool all_equal(const struct vmsync_guest_map *gm,
		      const struct vmsync_map *base)
{
	for (uint32_t i = 0; i < gm->vcpus; i++)
		if (gm->maps[i].count && !vmsync_map_equal(&gm->maps[i], base))
			return false;
	return true;
}

int vmsync_anyone_make(struct vmsync_guest_map *gm)
{
	const struct vmsync_map *base;
	size_t *next;
	int err;

	gm->anyone.count = 0;
	base = vmsync_guest_map_of(gm, UINT32_MAX);
	if (!base || all_equal(gm, base))
		return 0;
	next = calloc(gm->vcpus, sizeof(*next));
	if (!next)
		return -ENOMEM;
	gm->anyone.extrapolation_ppb = growth_ppb(gm, base);
	gm->anyone.extrapolation_ns = most_at_once(gm);
	err = append_all(gm, base, next);
	free(next);
	return err;
}
