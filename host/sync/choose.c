// SPDX-License-Identifier: MIT
#include "sync/choose.h"

#include <errno.h>
#include <stdlib.h>

#include "sync/wide.h"

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

/* @s from @g on, its values unchanged; raised to @floor_ns if it is below. */
static bool cut(struct vmsync_segment *s, int64_t g, int64_t floor_ns)
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
	if (s->host_start.ns < floor_ns) {
		if (__builtin_add_overflow(s->bound_ns,
					   floor_ns - s->host_start.ns,
					   &s->bound_ns))
			s->bound_ns = INT64_MAX;
		s->host_start.ns = floor_ns;
	}
	return true;
}

/* Copies what @from covers in [@lo, @hi) behind @to. */
static int fill(struct vmsync_map *to, const struct vmsync_map *from,
		int64_t lo, int64_t hi)
{
	const uint32_t epoch =
		to->count ? to->segments[to->count - 1].epoch : 0;
	int err = 0;

	for (size_t i = 0; !err && i < from->count; i++) {
		struct vmsync_segment s = from->segments[i];
		int64_t begin = s.guest_start.ns, end = end_of(from, i), last;

		if (begin >= hi)
			break;
		if (begin < lo)
			begin = lo;
		if (end > hi)
			end = hi;
		if (end - begin < 1)
			continue;
		last = to->count ? vmsync_map_eval(to, (guest_time){ begin }).ns :
				   0;
		if (!cut(&s, begin, last))
			continue;
		s.guest_end.ns = end;
		if (to->count && epoch > s.epoch)
			s.epoch = epoch;
		err = vmsync_map_append(to, &s);
		if (err == -EINVAL)
			err = 0;
	}
	return err;
}

/* @best, and where it covers nothing @other, into @out. */
static int overlay(const struct vmsync_map *best,
		   const struct vmsync_map *other, struct vmsync_map *out)
{
	int64_t covered = 0;
	int err = 0;

	for (size_t i = 0; !err && i < best->count; i++) {
		struct vmsync_segment s = best->segments[i];

		if (s.guest_start.ns - covered >= MIN_HOLE_NS)
			err = fill(out, other, covered, s.guest_start.ns);
		/* Never back, whatever the other method said before it. */
		if (!err && out->count) {
			const struct vmsync_segment *last =
				&out->segments[out->count - 1];

			cut(&s, s.guest_start.ns, last->host_start.ns);
		}
		if (!err)
			err = vmsync_map_append(out, &s);
		if (err == -EINVAL)
			err = 0;
		covered = end_of(best, i);
	}
	return err ? err : fill(out, other, covered, INT64_MAX);
}

static int copy(struct vmsync_map *to, const struct vmsync_map *from)
{
	int err = 0;

	for (size_t i = 0; !err && i < from->count; i++)
		err = vmsync_map_append(to, &from->segments[i]);
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

/* Both maps at @g: do their bounds leave room for one truth? */
static int compare_at(struct vmsync_guest *guest, const struct vmsync_map *map,
		      const struct vmsync_map *other, enum vmsync_method m,
		      int64_t g)
{
	guest_time at = { g };
	bool outside, outside_too;
	int64_t bound = vmsync_map_bound_ns(other, at, &outside);
	int64_t own = vmsync_map_bound_ns(map, at, &outside_too);
	int128 excess = vmsync_map_eval(map, at).ns;

	if (outside || outside_too)
		return 0;
	excess = wide_abs(excess - vmsync_map_eval(other, at).ns) - own - bound;
	if (excess <= 0)
		return 0;
	return note(guest, vmsync_map_segment(map, at), m, g,
		    excess > INT64_MAX ? INT64_MAX : (int64_t)excess);
}

/* In the middle and near the end of every segment of the coarser map. */
static int compare(struct vmsync_guest *guest, const struct vmsync_map *map,
		   const struct vmsync_map *other, enum vmsync_method m)
{
	const struct vmsync_map *coarse = other->count < map->count ? other :
								      map;
	int err = 0;

	for (size_t i = 0; !err && i < coarse->count; i++) {
		int64_t g = coarse->segments[i].guest_start.ns;
		int64_t end = end_of(coarse, i);

		if (end - g < 2)
			continue;
		err = compare_at(guest, map, other, m, g + (end - g) / 2);
		if (!err)
			err = compare_at(guest, map, other, m, end - 1);
	}
	return err;
}

int vmsync_choose(struct vmsync_guest *guest, uint32_t cpu)
{
	struct vmsync_map *map = &guest->maps.maps[cpu];
	int err = 0;

	map->count = 0;
	for (int m = 0; !err && m < VMSYNC_METHOD_COUNT; m++) {
		struct vmsync_map next, *other = &guest->by_method[m][cpu];

		if (!other->count)
			continue;
		vmsync_map_init(&next);
		next.extrapolation_ppb = map->extrapolation_ppb;
		err = map->count ? overlay(map, other, &next) :
				   copy(&next, other);
		vmsync_map_free(map);
		*map = next;
	}
	for (int m = 0; !err && map->count && m < VMSYNC_METHOD_COUNT; m++)
		if (guest->by_method[m][cpu].count)
			err = compare(guest, map, &guest->by_method[m][cpu], m);
	return err;
}
