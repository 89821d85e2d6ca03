// SPDX-License-Identifier: MIT
#include "hosts/compose.h"

#include <errno.h>
#include <stdlib.h>

/* Two roundings down to whole ns, the first of which a slope near 1 follows. */
#define COMPOSE_NS 3

/* Host time of @s's line at @g, wherever the segment ends. */
static int64_t line_at(const struct vmsync_segment *s, int64_t g)
{
	__int128 d = (__int128)(g - s->guest_start.ns) * s->slope + s->host_frac;

	return s->host_start.ns + (int64_t)(d >> s->shift);
}

/* The least guest time at which @s's line is at or behind host time @h. */
static int64_t line_inverse(const struct vmsync_segment *s, int64_t h)
{
	__int128 d = (__int128)(h - s->host_start.ns) * ((__int128)1 << s->shift) -
		     s->host_frac;
	__int128 slope = s->slope;

	/* Division rounds to 0. */
	return s->guest_start.ns +
	       (int64_t)(d > 0 ? (d + slope - 1) / slope : d / slope);
}

/* @s begins at @g, on the same line. */
static void begin_at(struct vmsync_segment *s, int64_t g)
{
	__int128 d = (__int128)(g - s->guest_start.ns) * s->slope + s->host_frac;

	s->host_start.ns += (int64_t)(d >> s->shift);
	s->host_frac = (uint64_t)(d & (((__int128)1 << s->shift) - 1));
	s->guest_start.ns = g;
}

/* @a, by way of @b, from guest time @from to @until. */
static struct vmsync_segment by_way(const struct vmsync_segment *a,
				    const struct vmsync_segment *b,
				    int64_t from, int64_t until)
{
	unsigned __int128 slope = (unsigned __int128)a->slope * b->slope;
	uint32_t shift = a->shift + b->shift;
	double steep = (double)b->slope / (double)((unsigned __int128)1 << b->shift);

	while (slope >> 63 || shift > 63) {
		slope >>= 1;
		shift--;
	}
	return (struct vmsync_segment){
		.guest_start = { from },
		.guest_end = { until },
		.guest_left = { INT64_MIN },
		.host_start = { line_at(b, line_at(a, from)) },
		.slope = (uint64_t)slope,
		.shift = shift,
		.epoch = a->epoch,
		.method = a->method > b->method ? a->method : b->method,
		.bound_ns = (int64_t)((double)a->bound_ns * steep) + 1 +
			    b->bound_ns + COMPOSE_NS,
	};
}

static int add(vmsync_visits *to, const struct vmsync_segment *s, int host)
{
	struct vmsync_visit *p = vmsync_array_add(to);

	if (!p)
		return -ENOMEM;
	*p = (struct vmsync_visit){ *s, host };
	return 0;
}

/* As far as @a is in @b's evidence. */
static int add_both(vmsync_visits *to, const struct vmsync_segment *a,
		    const struct vmsync_segment *b, int host)
{
	int64_t from = a->guest_start.ns, until = a->guest_end.ns;
	struct vmsync_segment s;

	if (b->guest_start.ns > line_at(a, from))
		from = line_inverse(a, b->guest_start.ns);
	if (b->guest_end.ns < line_at(a, until))
		until = line_inverse(a, b->guest_end.ns);
	if (from > until)
		return 0;
	s = by_way(a, b, from, until);
	return add(to, &s, host);
}

int vmsync_compose(vmsync_visits *to, const struct vmsync_map *inner,
		   const struct vmsync_map *outer, int host)
{
	size_t i, k;
	int ret = 0;

	for (i = 0; !ret && i < inner->count; i++) {
		const struct vmsync_segment *a = &inner->segments[i];

		if (!outer)
			ret = add(to, a, host);
		for (k = 0; !ret && outer && k < outer->count; k++)
			ret = add_both(to, a, &outer->segments[k], host);
	}
	return ret;
}

int vmsync_compose_before(vmsync_visits *to, const struct vmsync_segment *inner,
			  const struct vmsync_map *outer, int host, host_time h)
{
	struct vmsync_segment s = *inner;
	const struct vmsync_segment *b;

	begin_at(&s, line_inverse(inner, h.ns));
	s.guest_end = s.guest_start;
	s.guest_left.ns = INT64_MIN;
	if (outer) {
		b = vmsync_map_segment(outer, (guest_time){ s.host_start.ns });
		s = by_way(&s, b, s.guest_start.ns, s.guest_start.ns);
	}
	return add(to, &s, host);
}

static int by_guest_time(const void *a, const void *b)
{
	const struct vmsync_segment *x = &((const struct vmsync_visit *)a)->segment;
	const struct vmsync_segment *y = &((const struct vmsync_visit *)b)->segment;

	if (x->guest_start.ns != y->guest_start.ns)
		return x->guest_start.ns < y->guest_start.ns ? -1 : 1;
	return (x->guest_end.ns > y->guest_end.ns) -
	       (x->guest_end.ns < y->guest_end.ns);
}

/* Return: by how much more @s begins before the end of @last than their bounds allow. */
static int64_t put_behind(const struct vmsync_segment *last,
			  struct vmsync_segment *s)
{
	int64_t back = line_at(last, last->guest_end.ns) - s->host_start.ns;
	int64_t over = back - last->bound_ns - s->bound_ns;

	if (back <= 0)
		return 0;
	s->host_start.ns += back;
	s->bound_ns += back;
	return over > 0 ? over : 0;
}

/* A map does not go back where the lines of one host's segments meet. */
static void not_before(const struct vmsync_segment *last, struct vmsync_segment *s)
{
	int64_t back = last->host_start.ns - s->host_start.ns;

	if (back <= 0)
		return;
	s->host_start.ns += back;
	s->bound_ns += back;
}

int vmsync_visits_map(vmsync_visits *from, struct vmsync_map *map,
			 int64_t *contradicted_ns)
{
	const struct vmsync_visit *last = NULL;
	uint32_t epoch = 0;
	size_t i;
	int ret = 0;

	*contradicted_ns = 0;
	if (from->count)
		qsort(from->at, from->count, sizeof(*from->at), by_guest_time);
	for (i = 0; !ret && i < from->count; i++) {
		struct vmsync_visit *p = &from->at[i];
		struct vmsync_segment *s = &p->segment, out;
		int64_t over = 0;

		if (last && s->guest_start.ns <= last->segment.guest_start.ns)
			begin_at(s, last->segment.guest_start.ns + 1);
		if (last && s->guest_start.ns < last->segment.guest_end.ns)
			begin_at(s, last->segment.guest_end.ns);
		if (s->guest_start.ns > s->guest_end.ns)
			continue;
		if (last && last->host != p->host)
			over = put_behind(&last->segment, s);
		else if (last)
			not_before(&last->segment, s);
		if (over > *contradicted_ns)
			*contradicted_ns = over;
		epoch += last && (last->host != p->host ||
				  last->segment.epoch != s->epoch);
		out = *s;
		out.epoch = epoch;
		ret = vmsync_map_append(map, &out);
		last = p;
	}
	return ret;
}
