// SPDX-License-Identifier: MIT
/*
 * The time map: evaluation, inverse and bound.
 *
 * Sizes. Guest and host times are in [0, 2^63), so a difference of two fits in
 * int64_t, and its product with a 64-bit slope plus a fraction below 2^63 in
 * 127 bits and a sign: no sum or product here can overflow.
 */
#include "sync/map/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/wide.h"

#define PPB 1000000000

void vmsync_map_init(struct vmsync_map *map)
{
	memset(map, 0, sizeof(*map));
}

void vmsync_map_free(struct vmsync_map *map)
{
	free(map->segments);
	vmsync_map_init(map);
}

static bool segment_valid(const struct vmsync_segment *s)
{
	return s->guest_start.ns >= 0 && s->host_start.ns >= 0 &&
	       s->guest_end.ns >= s->guest_start.ns && s->slope != 0 &&
	       s->shift <= 63 && s->host_frac >> s->shift == 0 &&
	       s->bound_ns >= 0 && (unsigned int)s->method < VMSYNC_METHOD_COUNT;
}

int vmsync_map_append(struct vmsync_map *map, const struct vmsync_segment *seg)
{
	if (!segment_valid(seg))
		return -EINVAL;
	if (map->count) {
		const struct vmsync_segment *last =
			&map->segments[map->count - 1];

		if (seg->guest_start.ns <= last->guest_start.ns ||
		    seg->host_start.ns < last->host_start.ns)
			return -EINVAL;
	}
	if (map->count == map->capacity) {
		size_t capacity = map->capacity ? 2 * map->capacity : 8;
		void *p = realloc(map->segments,
				  capacity * sizeof(*map->segments));

		if (!p)
			return -ENOMEM;
		map->segments = p;
		map->capacity = capacity;
	}
	map->segments[map->count++] = *seg;
	return 0;
}

/* The last segment that starts at or before @g; the first if there is none. */
static size_t segment_at(const struct vmsync_map *map, int64_t g)
{
	size_t lo = 0, hi = map->count;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (map->segments[mid].guest_start.ns <= g)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* Where the line of segment @i may not go beyond. */
static int64_t segment_cap(const struct vmsync_map *map, size_t i)
{
	return i + 1 < map->count ? map->segments[i + 1].host_start.ns :
				    INT64_MAX;
}

/* Floor of the line of @s at @g, not limited. */
static int128 line_at(const struct vmsync_segment *s, int64_t g)
{
	int128 p = (int128)(g - s->guest_start.ns) * s->slope + s->host_frac;

	return (p >> s->shift) + s->host_start.ns;
}

static int64_t eval_in(const struct vmsync_map *map, size_t i, int64_t g)
{
	int128 h = line_at(&map->segments[i], g);
	int64_t cap = segment_cap(map, i);

	if (h < 0)
		return 0;
	return h < cap ? (int64_t)h : cap;
}

host_time vmsync_map_eval(const struct vmsync_map *map, guest_time g)
{
	return (host_time){ eval_in(map, segment_at(map, g.ns), g.ns) };
}

/*
 * How far behind its start segment @i can be evaluated with one 64-bit
 * product and no check: the rest is for eval_in().
 */
static uint64_t fast_span(const struct vmsync_map *map, size_t i)
{
	const struct vmsync_segment *s = &map->segments[i];
	uint64_t span = (uint64_t)INT64_MAX - (uint64_t)s->guest_start.ns;

	if (i + 1 < map->count)
		span = (uint64_t)(map->segments[i + 1].guest_start.ns -
				  s->guest_start.ns);
	while (span && line_at(s, s->guest_start.ns + (int64_t)span) >
			       INT64_MAX)
		span /= 2;
	return span;
}

/* Evaluates values of @in that lie in segment @i; returns how many. */
static size_t batch_in(const struct vmsync_map *map, size_t i,
		       const uint64_t *in, uint64_t *out, size_t n)
{
	const struct vmsync_segment *s = &map->segments[i];
	const uint64_t start = (uint64_t)s->guest_start.ns;
	const uint64_t base = (uint64_t)s->host_start.ns;
	const uint64_t cap = (uint64_t)segment_cap(map, i);
	const uint64_t slope = s->slope, frac = s->host_frac;
	const uint64_t span = fast_span(map, i);
	const unsigned int shift = s->shift;
	size_t k;

	for (k = 0; k < n; k++) {
		uint64_t d = in[k] - start;
		uint64_t h;

		if (d >= span)
			break;
		h = base + (uint64_t)(((uint128)d * slope + frac) >> shift);
		out[k] = h < cap ? h : cap;
	}
	return k;
}

void vmsync_map_eval_batch(const struct vmsync_map *map, const uint64_t *in,
			   uint64_t *out, size_t n)
{
	size_t i = 0, done = 0;

	while (done < n) {
		int64_t g = in[done] > INT64_MAX ? INT64_MAX :
						   (int64_t)in[done];
		size_t k;

		if (i + 1 < map->count &&
		    g >= map->segments[i + 1].guest_start.ns)
			i++;
		if (g < map->segments[i].guest_start.ns ||
		    (i + 1 < map->count &&
		     g >= map->segments[i + 1].guest_start.ns))
			i = segment_at(map, g);
		k = batch_in(map, i, in + done, out + done, n - done);
		if (!k) {
			out[done] = (uint64_t)eval_in(map, i, g);
			k = 1;
		}
		done += k;
	}
}

/* The last segment whose host_start is below @h; the first if there is none. */
static size_t segment_below(const struct vmsync_map *map, int64_t h)
{
	size_t lo = 0, hi = map->count;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (map->segments[mid].host_start.ns < h)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

guest_time vmsync_map_inverse(const struct vmsync_map *map, host_time h)
{
	size_t i = segment_below(map, h.ns);
	const struct vmsync_segment *s = &map->segments[i];
	int128 need = (h.ns - s->host_start.ns) * ((int128)1 << s->shift) -
		      s->host_frac;
	int128 g = wide_div_ceil(need, s->slope) + s->guest_start.ns;

	/* Its line may reach h only where the next one has already begun. */
	if (i + 1 < map->count && g > map->segments[i + 1].guest_start.ns)
		g = map->segments[i + 1].guest_start.ns;
	if (g < 0 || h.ns <= 0)
		g = 0;
	return (guest_time){ g > INT64_MAX ? INT64_MAX : (int64_t)g };
}

static int128 growth(const struct vmsync_map *map, int64_t away)
{
	return wide_div_ceil((int128)away * map->extrapolation_ppb, PPB) +
	       2 * VMSYNC_COARSE_NS + map->extrapolation_ns;
}

/*
 * In the hole behind segment @i: the clock has left its line by no more than the
 * bound grows, unless what comes is nowhere near. Then it jumped in the hole,
 * nobody knows when, and what the lines are apart is what may be wrong; they drift
 * apart besides, by as much as the bound grows from one end to the other. And where
 * what comes is known worse than that, it does not tell that there was no jump.
 */
static int128 jump_in_hole(const struct vmsync_map *map, size_t i)
{
	const struct vmsync_segment *s = &map->segments[i], *next = s + 1;
	int64_t length = next->guest_start.ns - s->guest_end.ns;
	int128 apart, known = growth(map, length);

	apart = wide_abs(line_at(s, next->guest_start.ns) - next->host_start.ns);
	if (apart <= known + s->bound_ns + next->bound_ns &&
	    next->bound_ns <= known + s->bound_ns)
		return 0;
	return apart + known + next->bound_ns;
}

static int64_t bound_in(const struct vmsync_map *map, size_t i, int64_t g,
			bool *extrapolated)
{
	const struct vmsync_segment *s = &map->segments[i];
	int64_t away = 0;
	int128 bound;

	if (g < s->guest_start.ns)
		away = s->guest_start.ns - g;
	else if (g > s->guest_end.ns)
		away = g - s->guest_end.ns;
	if (extrapolated)
		*extrapolated = away != 0;
	if (!away)
		return s->bound_ns;
	if (map->extrapolation_ppb == VMSYNC_PPB_NONE)
		return VMSYNC_BOUND_NONE;
	bound = growth(map, away) + s->bound_ns;
	if (g > s->guest_end.ns && i + 1 < map->count)
		bound += jump_in_hole(map, i);
	return bound > INT64_MAX ? INT64_MAX : (int64_t)bound;
}

int64_t vmsync_map_bound_ns(const struct vmsync_map *map, guest_time g,
			    bool *extrapolated)
{
	return bound_in(map, segment_at(map, g.ns), g.ns, extrapolated);
}

bool vmsync_map_spans(const struct vmsync_map *map, guest_time g)
{
	return map->count && g.ns >= map->segments[0].guest_start.ns &&
	       g.ns <= map->segments[map->count - 1].guest_end.ns;
}

static bool is_in(const struct vmsync_map *map, size_t i, int64_t g)
{
	return i < map->count && g >= map->segments[i].guest_start.ns &&
	       (i + 1 == map->count || g < map->segments[i + 1].guest_start.ns);
}

size_t vmsync_map_find(const struct vmsync_map *map, guest_time g, size_t near)
{
	if (is_in(map, near, g.ns))
		return near;
	return is_in(map, near + 1, g.ns) ? near + 1 : segment_at(map, g.ns);
}

host_time vmsync_map_eval_near(const struct vmsync_map *map, guest_time g,
			       size_t *near, int64_t *bound_ns)
{
	*near = vmsync_map_find(map, g, *near);
	*bound_ns = bound_in(map, *near, g.ns, NULL);
	return (host_time){ eval_in(map, *near, g.ns) };
}

const struct vmsync_segment *
vmsync_map_segment(const struct vmsync_map *map, guest_time g)
{
	return &map->segments[segment_at(map, g.ns)];
}

bool vmsync_map_equal(const struct vmsync_map *a, const struct vmsync_map *b)
{
	if (a->count != b->count ||
	    a->extrapolation_ppb != b->extrapolation_ppb ||
	    a->extrapolation_ns != b->extrapolation_ns)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct vmsync_segment *s = &a->segments[i];
		const struct vmsync_segment *t = &b->segments[i];

		if (s->guest_start.ns != t->guest_start.ns ||
		    s->guest_end.ns != t->guest_end.ns ||
		    s->host_start.ns != t->host_start.ns ||
		    s->slope != t->slope || s->shift != t->shift ||
		    s->host_frac != t->host_frac || s->method != t->method ||
		    s->bound_ns != t->bound_ns || s->epoch != t->epoch)
			return false;
	}
	return true;
}

const char *vmsync_method_name(enum vmsync_method method)
{
	static const char *const names[VMSYNC_METHOD_COUNT] = {
		[VMSYNC_METHOD_EXACT] = "exact",
		[VMSYNC_METHOD_PAIR] = "pair",
		[VMSYNC_METHOD_BEACON] = "beacon",
		[VMSYNC_METHOD_PORT] = "port",
		[VMSYNC_METHOD_TSYNC] = "tsync",
		[VMSYNC_METHOD_WINDOW] = "window",
	};

	return (unsigned int)method < VMSYNC_METHOD_COUNT ? names[method] :
							    "unknown";
}

void vmsync_guest_map_init(struct vmsync_guest_map *gm)
{
	memset(gm, 0, sizeof(*gm));
}

void vmsync_guest_map_free(struct vmsync_guest_map *gm)
{
	for (uint32_t i = 0; i < gm->vcpus; i++)
		vmsync_map_free(&gm->maps[i]);
	vmsync_map_free(&gm->anyone);
	free(gm->maps);
	free(gm->hostname);
	free(gm->clock_uuid);
	free(gm->host_clock_uuid);
	vmsync_guest_map_init(gm);
}

const struct vmsync_map *
vmsync_guest_map_of(const struct vmsync_guest_map *gm, uint32_t vcpu)
{
	if (vcpu < gm->vcpus && gm->maps[vcpu].count)
		return &gm->maps[vcpu];
	if (gm->anyone.count)
		return &gm->anyone;
	for (uint32_t i = 0; i < gm->vcpus; i++)
		if (gm->maps[i].count)
			return &gm->maps[i];
	return NULL;
}
