// SPDX-License-Identifier: MIT
#include "sync/select.h"

#include <errno.h>
#include <stdlib.h>

#include "sync/base/wide.h"
#include "sync/map/ends.h"

/* Holes that are shorter are a matter of rounding. */
#define MIN_HOLE_NS 16

/* Last guest time that segment @i covers, exclusive. */
static int64_t end_of(const struct vmsync_map *map, size_t i)
{
	int64_t end = map->segments[i].guest_end.ns;

	if (i + 1 < map->count && end > map->segments[i + 1].guest_start.ns)
		end = map->segments[i + 1].guest_start.ns;
	return end;
}

/*
 * What a better method says of the moments before and behind what is cut out of a
 * map: the clock was not before @floor_ns there, nor behind @ceiling_ns, give or
 * take @ceiling_bound_ns.
 */
struct limits {
	int64_t floor_ns;
	int64_t ceiling_ns;
	int64_t ceiling_bound_ns;
};

/*
 * @s from @g on, its values unchanged; raised to the floor if it is below. Where
 * it begins above the ceiling, so does all of it, and it comes down to that: if the
 * truth is lower by less than its bound said, so it is from there.
 */
static bool cut(struct vmsync_segment *s, int64_t g, const struct limits *l)
{
	int128 h;

	if (g > s->guest_start.ns) {
		h = (int128)(g - s->guest_start.ns) * s->slope + s->host_frac;
		s->host_frac = (uint64_t)(h & (((int128)1 << s->shift) - 1));
		h = (h >> s->shift) + s->host_start.ns;
		if (h > INT64_MAX)
			return false;
		s->host_start.ns = (int64_t)h;
		s->guest_start.ns = g;
	}
	if (s->host_start.ns < l->floor_ns) {
		if (__builtin_add_overflow(s->bound_ns,
					   l->floor_ns - s->host_start.ns,
					   &s->bound_ns))
			s->bound_ns = INT64_MAX;
		s->host_start.ns = l->floor_ns;
	}
	if (s->host_start.ns > l->ceiling_ns) {
		s->host_start.ns = l->ceiling_ns;
		s->host_frac = 0;
		if (s->bound_ns < l->ceiling_bound_ns)
			s->bound_ns = l->ceiling_bound_ns;
	}
	return true;
}

/*
 * A walk through what one map covers and another one does not.
 * @next:	index of the first segment of it that may matter from here on
 */
struct filler {
	const struct vmsync_map *from;
	size_t next;
};

/* Passes over segments that end before @lo; is anything left before @hi? */
static bool covers(struct filler *f, int64_t lo, int64_t hi)
{
	while (f->next < f->from->count) {
		const struct vmsync_segment *s = &f->from->segments[f->next];
		int64_t begin = s->guest_start.ns, end = end_of(f->from, f->next);

		if (begin >= hi)
			return false;
		if ((end < hi ? end : hi) > (begin > lo ? begin : lo))
			return true;
		f->next++;
	}
	return false;
}

/*
 * A segment that covers nothing says how its line goes on into the hole behind it:
 * not where one that covers the hole begins at the same moment.
 */
static void give_way(struct vmsync_map *to, int64_t begin)
{
	const struct vmsync_segment *last;

	if (!to->count)
		return;
	last = &to->segments[to->count - 1];
	if (last->guest_start.ns == begin && last->guest_end.ns == begin)
		to->count--;
}

/*
 * Where @to ends the clock is, and not where its line goes on to: the clock may
 * jump in the hole.
 */
static int64_t end_host(const struct vmsync_map *to, int64_t begin)
{
	guest_time end;

	if (!to->count)
		return 0;
	end = to->segments[to->count - 1].guest_end;
	if (end.ns > begin)
		end.ns = begin;
	return vmsync_map_eval(to, end).ns;
}

/* Copies what @f covers in [@lo, @hi), before @next, behind @to. */
static int fill(struct vmsync_map *to, struct filler *f, int64_t lo, int64_t hi,
		const struct vmsync_segment *next)
{
	struct limits limits = { .ceiling_ns = INT64_MAX };
	const uint32_t epoch =
		to->count ? to->segments[to->count - 1].epoch : 0;
	int err = 0;

	if (next) {
		limits.ceiling_ns = next->host_start.ns;
		limits.ceiling_bound_ns = next->bound_ns;
	}
	for (; !err && covers(f, lo, hi); f->next++) {
		struct vmsync_segment s = f->from->segments[f->next];
		int64_t begin = s.guest_start.ns, end = end_of(f->from, f->next);

		if (begin < lo)
			begin = lo;
		s.guest_end.ns = end > hi ? hi : end;
		limits.floor_ns = end_host(to, begin);
		if (cut(&s, begin, &limits)) {
			if (to->count && epoch > s.epoch)
				s.epoch = epoch;
			give_way(to, begin);
			err = vmsync_map_append(to, &s);
			if (err == -EINVAL)
				err = 0;
		}
		/* The rest of it may fill the next hole. */
		if (end > hi)
			break;
	}
	return err;
}

/* The hole before segment @i of @best, after its last one for @i == count. */
static bool hole(const struct vmsync_map *best, size_t i, int64_t *lo,
		 int64_t *hi)
{
	*lo = i ? end_of(best, i - 1) : 0;
	*hi = i < best->count ? best->segments[i].guest_start.ns : INT64_MAX;
	return *hi - *lo >= MIN_HOLE_NS || i == best->count;
}

static bool fills_any(const struct vmsync_map *best,
		      const struct vmsync_map *other)
{
	struct filler f = { .from = other };
	int64_t lo, hi;

	for (size_t i = 0; i <= best->count; i++)
		if (hole(best, i, &lo, &hi) && covers(&f, lo, hi))
			return true;
	return false;
}

/* @best, and where it covers nothing @other, into @out. */
static int overlay(const struct vmsync_map *best,
		   const struct vmsync_map *other, struct vmsync_map *out)
{
	struct filler f = { .from = other };
	int64_t lo, hi;
	int err = 0;

	for (size_t i = 0; !err && i <= best->count; i++) {
		const struct vmsync_segment *next =
			i < best->count ? &best->segments[i] : NULL;

		if (hole(best, i, &lo, &hi))
			err = fill(out, &f, lo, hi, next);
		if (err || !next)
			break;
		err = vmsync_map_append(out, next);
		if (err == -EINVAL)
			err = 0;
	}
	return err;
}

static int note(struct vmsync_guest *guest, const struct vmsync_segment *s,
		enum vmsync_method other, int64_t g, int64_t excess)
{
	struct vmsync_disagreement *d = vmsync_array_last(&guest->disagreements);

	if (s->method == other)
		return 0;
	/* One for a row of segments of the same two methods: the worst. */
	if (!d || d->a != s->method || d->b != other) {
		d = vmsync_array_add(&guest->disagreements);
		if (!d)
			return -ENOMEM;
		*d = (struct vmsync_disagreement){ .a = s->method, .b = other };
	}
	if (excess > d->excess_ns) {
		d->at.ns = g;
		d->excess_ns = excess;
	}
	return 0;
}

/* A map that is asked at times that hardly move. */
struct cursor {
	const struct vmsync_map *map;
	size_t near;
};

/* Host time and bound at @g; false outside of the evidence. */
static bool look(struct cursor *c, int64_t g, int64_t *host, int64_t *bound)
{
	const struct vmsync_segment *s;

	*host = vmsync_map_eval_near(c->map, (guest_time){ g }, &c->near,
				     bound).ns;
	s = &c->map->segments[c->near];
	return g >= s->guest_start.ns && g <= s->guest_end.ns;
}

/* Both maps at @g: do their bounds leave room for one truth? */
static int compare_at(struct vmsync_guest *guest, struct cursor *map,
		      struct cursor *other, enum vmsync_method m, int64_t g)
{
	int64_t own, bound, host, host_too;
	int128 excess;

	if (!look(map, g, &host, &own) || !look(other, g, &host_too, &bound))
		return 0;
	excess = wide_abs((int128)host - host_too) - own - bound;
	if (excess <= 0)
		return 0;
	return note(guest, &map->map->segments[map->near], m, g,
		    excess > INT64_MAX ? INT64_MAX : (int64_t)excess);
}

/* In the middle and near the end of every segment of the coarser map. */
static int compare(struct vmsync_guest *guest, const struct vmsync_map *map,
		   const struct vmsync_map *other, enum vmsync_method m)
{
	const struct vmsync_map *coarse = other->count < map->count ? other :
								      map;
	struct cursor own = { .map = map }, others = { .map = other };
	int err = 0;

	for (size_t i = 0; !err && i < coarse->count; i++) {
		int64_t g = coarse->segments[i].guest_start.ns;
		int64_t end = end_of(coarse, i);

		if (end - g < 2)
			continue;
		err = compare_at(guest, &own, &others, m, g + (end - g) / 2);
		if (!err)
			err = compare_at(guest, &own, &others, m, end - 1);
	}
	return err;
}

static void swap(struct vmsync_map *a, struct vmsync_map *b)
{
	struct vmsync_map c = *a;

	*a = *b;
	*b = c;
}

/*
 * Whether method @m may speak of the clock that @exact is of: all others take it
 * for granted that it is steered as by NTP.
 */
static bool may_speak(enum vmsync_method m, bool steep)
{
	return m == VMSYNC_METHOD_EXACT || !steep;
}

/*
 * As long as one method has all, its map is not copied but is the CPU's:
 * vmsync_guest_method_map() finds it there.
 */
int vmsync_select(struct vmsync_guest *guest, uint32_t cpu)
{
	struct vmsync_map *map = &guest->maps.maps[cpu], *only = NULL;
	bool steep = vmsync_map_is_steep(
		&guest->by_method[VMSYNC_METHOD_EXACT][cpu]);
	int err = 0;

	map->count = 0;
	for (int m = 0; !err && m < VMSYNC_METHOD_COUNT; m++) {
		struct vmsync_map next, *other = &guest->by_method[m][cpu];

		if (!other->count || !may_speak(m, steep))
			continue;
		if (!map->count) {
			swap(map, other);
			only = other;
			continue;
		}
		if (!fills_any(map, other))
			continue;
		vmsync_map_init(&next);
		next.extrapolation_ppb = map->extrapolation_ppb;
		next.extrapolation_ns = map->extrapolation_ns;
		err = overlay(map, other, &next);
		if (only)
			swap(map, only);
		only = NULL;
		vmsync_map_free(map);
		*map = next;
	}
	for (int m = 0; !err && map->count && m < VMSYNC_METHOD_COUNT; m++)
		if (guest->by_method[m][cpu].count && may_speak(m, steep))
			err = compare(guest, map, &guest->by_method[m][cpu], m);
	return err;
}
