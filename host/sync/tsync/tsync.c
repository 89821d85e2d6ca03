// SPDX-License-Identifier: MIT
#include "sync/tsync/tsync.h"

#include <errno.h>
#include <string.h>

#include "sync/base/wide.h"

/* A clock that is faster or slower than another by more is none. */
#define MOST_RATIO 4

/* Of slopes: what lines of years need has room in 128 bits. */
#define MAX_SHIFT 56

/* Two lines are rounded down where they are compared. */
#define ROUNDING_NS 2

/* A stretch of a segment of the window method's map that has one sample. */
struct piece {
	const struct vmsync_map *window;
	size_t segment;
	int64_t from_ns;
	int64_t until_ns;
};

void vmsync_tsync_free(struct vmsync_tsync *t)
{
	for (size_t i = 0; i < t->cpus.count; i++)
		vmsync_array_free(&t->cpus.at[i]);
	vmsync_array_free(&t->cpus);
}

static bool is_clock(const struct vmsync_tsync_sample *s)
{
	const uint64_t one = s->shift <= MAX_SHIFT ? (uint64_t)1 << s->shift : 0;

	return s->slope && s->slope >= one / MOST_RATIO &&
	       s->slope <= one * MOST_RATIO && s->guest_ns >= 0 &&
	       s->host_ns >= 0;
}

int vmsync_tsync_add(struct vmsync_tsync *t, uint32_t cpu,
		     const struct vmsync_tsync_sample *s)
{
	const struct vmsync_tsync_sample *last;
	struct vmsync_tsync_sample *slot;

	if (!is_clock(s))
		return -EINVAL;
	while (t->cpus.count <= cpu) {
		vmsync_tsync_samples *none = vmsync_array_add(&t->cpus);

		if (!none)
			return -ENOMEM;
		memset(none, 0, sizeof(*none));
	}
	last = vmsync_array_last(&t->cpus.at[cpu]);
	if (last && s->guest_ns <= last->guest_ns)
		return -EINVAL;
	slot = vmsync_array_add(&t->cpus.at[cpu]);
	if (!slot)
		return -ENOMEM;
	*slot = *s;
	return 0;
}

/* The host's clock at @g by a line, ns << @shift. */
static int128 line_at(int64_t guest_ns, int64_t host_ns, uint64_t frac,
		      uint64_t slope, uint32_t shift, int64_t g)
{
	return ((int128)host_ns << shift) + frac +
	       ((int128)g - guest_ns) * slope;
}

static int128 sample_at(const struct vmsync_tsync_sample *s, int64_t g)
{
	return line_at(s->guest_ns, s->host_ns, 0, s->slope, s->shift, g);
}

/* How far the sample is from the map of the window method at @g, at most. */
static int128 distance(const struct piece *p,
		       const struct vmsync_tsync_sample *s, int64_t g)
{
	const struct vmsync_segment *seg = &p->window->segments[p->segment];
	bool is_last = p->segment + 1 == p->window->count;
	int128 host = sample_at(s, g) >> s->shift;
	int128 line = line_at(seg->guest_start.ns, seg->host_start.ns,
			      seg->host_frac, seg->slope, seg->shift, g) >>
		      seg->shift;
	/* The map does not go on beyond where the next line begins. */
	int128 limited = is_last || line < seg[1].host_start.ns ?
				 line : seg[1].host_start.ns;
	int128 a = wide_abs(host - line), b = wide_abs(host - limited);

	return a > b ? a : b;
}

/* Both lines are straight: they are farthest from each other at an end. */
static int128 farthest(const struct piece *p,
		       const struct vmsync_tsync_sample *s)
{
	int128 a = distance(p, s, p->from_ns), b = distance(p, s, p->until_ns);

	return a > b ? a : b;
}

static int64_t line_end(const struct vmsync_map *map, int64_t g)
{
	const struct vmsync_segment *last = &map->segments[map->count - 1];
	int128 h = line_at(last->guest_start.ns, last->host_start.ns,
			   last->host_frac, last->slope, last->shift, g) >>
		   last->shift;

	return h > INT64_MAX ? INT64_MAX : (int64_t)h;
}

/* A joint goes back nowhere: what is cut off or raised for that is in the bounds. */
static int append(struct vmsync_map *map, struct vmsync_segment *s)
{
	struct vmsync_segment *last =
		map->count ? &map->segments[map->count - 1] : NULL;

	if (last && line_end(map, s->guest_start.ns) > s->host_start.ns &&
	    last->bound_ns < s->bound_ns)
		last->bound_ns = s->bound_ns;
	if (last && s->host_start.ns < last->host_start.ns) {
		s->bound_ns += last->host_start.ns - s->host_start.ns;
		s->host_start.ns = last->host_start.ns;
		s->host_frac = 0;
	}
	return vmsync_map_append(map, s) == -ENOMEM ? -ENOMEM : 0;
}

static int take(const struct piece *p, const struct vmsync_tsync_sample *s,
		int64_t distance_ns, struct vmsync_map *map)
{
	const struct vmsync_segment *seg = &p->window->segments[p->segment];
	int128 host = sample_at(s, p->from_ns);
	struct vmsync_segment out = {
		.guest_start = {p->from_ns},
		.guest_end = {p->until_ns},
		.host_start = {(int64_t)(host >> s->shift)},
		.host_frac = (uint64_t)(host & (((int128)1 << s->shift) - 1)),
		.slope = s->slope,
		.shift = s->shift,
		.bound_ns = seg->bound_ns + distance_ns + ROUNDING_NS,
		.epoch = seg->epoch,
		.method = VMSYNC_METHOD_TSYNC,
	};

	return append(map, &out);
}

static void contradict(struct vmsync_tsync_verdict *v, const struct piece *p,
		       int128 excess)
{
	int64_t ns = excess > INT64_MAX ? INT64_MAX : (int64_t)excess;

	if (!v->contradicted_ns || p->from_ns < v->first_ns)
		v->first_ns = p->from_ns;
	v->contradicted_ns += p->until_ns - p->from_ns;
	if (ns > v->excess_ns)
		v->excess_ns = ns;
}

/*
 * @next:	the clock jumped somewhere between @s and this one, and @p is
 *		there; or NULL
 * If both are possible nothing tells which one is in force.
 */
static int map_piece(const struct piece *p,
		     const struct vmsync_tsync_sample *s,
		     const struct vmsync_tsync_sample *next,
		     struct vmsync_map *map, struct vmsync_tsync_verdict *v)
{
	int64_t bound = p->window->segments[p->segment].bound_ns;
	int128 d = farthest(p, s), other = next ? farthest(p, next) : d;

	if (bound >= VMSYNC_BOUND_NONE)
		return 0;
	if (d > bound && other > bound)
		contradict(v, p, (d < other ? d : other) - bound);
	else if (!next || other > bound)
		return take(p, s, (int64_t)d, map);
	else if (d > bound)
		return take(p, next, (int64_t)other, map);
	return 0;
}

/* Whether the line of @s leads to where @next is. */
static bool leads_to(const struct vmsync_tsync_sample *s,
		     const struct vmsync_tsync_sample *next)
{
	int128 h = sample_at(s, next->guest_ns) >> s->shift;

	return wide_abs(h - next->host_ns) <= ROUNDING_NS;
}

static int64_t end_of(const struct vmsync_map *map, size_t i)
{
	int64_t end = map->segments[i].guest_end.ns;

	if (i + 1 < map->count && end > map->segments[i + 1].guest_start.ns)
		end = map->segments[i + 1].guest_start.ns;
	return end;
}

/* What of a segment up to @end has one sample, the one before it or else the first. */
static void cut_piece(struct piece *p, const vmsync_tsync_samples *all, size_t k,
		      int64_t end)
{
	if (p->from_ns < all->at[k].guest_ns)
		p->until_ns = all->at[k].guest_ns;
	else
		p->until_ns = k + 1 < all->count ? all->at[k + 1].guest_ns : end;
	if (p->until_ns > end)
		p->until_ns = end;
}

int vmsync_tsync_map(const struct vmsync_tsync *t, uint32_t cpu,
		     const struct vmsync_map *window, struct vmsync_map *map,
		     struct vmsync_tsync_verdict *verdict)
{
	const vmsync_tsync_samples *all =
		cpu < t->cpus.count ? &t->cpus.at[cpu] : NULL;
	size_t k = 0; /* the sample in force */
	int err = 0;

	for (size_t i = 0; all && all->count && i < window->count; i++) {
		struct piece p = {window, i, window->segments[i].guest_start.ns,
				  0};
		int64_t end = end_of(window, i);

		for (; !err && p.from_ns < end; p.from_ns = p.until_ns) {
			const struct vmsync_tsync_sample *s, *next;

			while (k + 1 < all->count &&
			       all->at[k + 1].guest_ns <= p.from_ns)
				k++;
			s = &all->at[k];
			next = k + 1 < all->count ? s + 1 : NULL;
			if (next && (p.from_ns < s->guest_ns || leads_to(s, next)))
				next = NULL;
			cut_piece(&p, all, k, end);
			err = map_piece(&p, s, next, map, verdict);
		}
	}
	return err;
}
