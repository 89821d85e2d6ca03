// SPDX-License-Identifier: MIT
#include "sync/map/ends.h"

#include <errno.h>
#include <math.h>

#include "sync/base/drift.h"

/* Shorter segments may join two lines, or be off by the rounding of their ends. */
#define SHORT_NS 1000000

/*
 * No update of a kernel's clock is believed to be held up for longer, ns. Where evidence
 * ends in one, the clock has yet to go on to a line that left the old one as long ago. A
 * larger value makes bounds larger wherever there is no evidence, by 2.2 ns a us.
 */
#define LATE_NS 2000000

/* A slope that is so little over is no other. */
#define ROUNDING 0.00001

static double drift_of(const struct vmsync_segment *s)
{
	return fabs(ldexp((double)s->slope, -(int)s->shift) - 1);
}

static int64_t end_of(const struct vmsync_map *map, size_t i)
{
	int64_t end = map->segments[i].guest_end.ns;

	if (i + 1 < map->count && end > map->segments[i + 1].guest_start.ns)
		end = map->segments[i + 1].guest_start.ns;
	return end;
}

static bool is_line(const struct vmsync_map *map, size_t i, double drift)
{
	const struct vmsync_segment *s = &map->segments[i];

	return end_of(map, i) - s->guest_start.ns >= SHORT_NS ||
	       drift_of(s) <= drift + ROUNDING;
}

int64_t vmsync_map_drift_ppb(const struct vmsync_map *map)
{
	double most = 0;

	for (size_t i = 0; i < map->count; i++)
		if (end_of(map, i) - map->segments[i].guest_start.ns >= SHORT_NS)
			most = fmax(most, drift_of(&map->segments[i]));
	return (int64_t)ceil(most * 1e9);
}

bool vmsync_map_is_steep(const struct vmsync_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct vmsync_segment *s = &map->segments[i];

		if (end_of(map, i) - s->guest_start.ns >= SHORT_NS &&
		    drift_of(s) > VMSYNC_DRIFT + ROUNDING &&
		    drift_of(s) <= VMSYNC_DRIFT_TICKS)
			return true;
	}
	return false;
}

/* The slope of the nearest segment that has a clock's; else 1. */
static void borrow_slope(const struct vmsync_map *map, size_t i, double drift,
			 struct vmsync_segment *to)
{
	to->slope = 1;
	to->shift = 0;
	for (size_t d = 1; d < map->count; d++) {
		const struct vmsync_segment *s = NULL;

		if (d <= i && is_line(map, i - d, drift))
			s = &map->segments[i - d];
		else if (i + d < map->count && is_line(map, i + d, drift))
			s = &map->segments[i + d];
		if (!s)
			continue;
		to->slope = s->slope;
		to->shift = s->shift;
		return;
	}
}

static bool ends_here(const struct vmsync_map *map, size_t i)
{
	return i + 1 == map->count ||
	       map->segments[i].guest_end.ns + 1 <
		       map->segments[i + 1].guest_start.ns;
}

/* What goes on from the end of segment @i, or before the first one (@before). */
static struct vmsync_segment other_line(const struct vmsync_map *map, size_t i,
					double drift, bool before)
{
	struct vmsync_segment s = map->segments[i];

	if (before) {
		s.guest_start.ns--;
		s.host_start.ns -= s.host_start.ns > 0;
	} else {
		s.host_start = vmsync_map_eval(map, s.guest_end);
		s.guest_start.ns = s.guest_end.ns;
	}
	s.guest_end = s.guest_start;
	s.host_frac = 0;
	s.bound_ns += 2;
	borrow_slope(map, i, drift, &s);
	return s;
}

static int mend(struct vmsync_map *map, double drift)
{
	struct vmsync_map out;
	int err = 0;

	vmsync_map_init(&out);
	for (size_t i = 0; !err && i < map->count; i++) {
		struct vmsync_segment s;
		bool line = is_line(map, i, drift);

		if (!i && !line && map->segments[0].guest_start.ns > 0) {
			s = other_line(map, i, drift, true);
			err = vmsync_map_append(&out, &s);
		}
		if (!err)
			err = vmsync_map_append(&out, &map->segments[i]);
		if (err || line || !ends_here(map, i))
			continue;
		s = other_line(map, i, drift, false);
		if (s.guest_start.ns == map->segments[i].guest_start.ns)
			out.segments[out.count - 1] = s;
		else
			err = vmsync_map_append(&out, &s);
	}
	if (err) {
		vmsync_map_free(&out);
		return err;
	}
	out.extrapolation_ppb = map->extrapolation_ppb;
	out.extrapolation_ns = map->extrapolation_ns;
	vmsync_map_free(map);
	*map = out;
	return 0;
}

/* Is there anything that does not go on as a clock does? */
static bool is_whole(const struct vmsync_map *map, double drift)
{
	for (size_t i = 0; i < map->count; i++)
		if (!is_line(map, i, drift) && (!i || ends_here(map, i)))
			return false;
	return true;
}

int vmsync_map_close(struct vmsync_map *map, double drift, int64_t outside_ns)
{
	double most = fmax(drift, (double)vmsync_map_drift_ppb(map) / 1e9);

	/* From one end to the other; more would be no clock. */
	map->extrapolation_ppb = (uint32_t)(fmin(2 * most, 1) * 1e9 + 0.5);
	map->extrapolation_ns = outside_ns + (int64_t)ceil(2 * most * LATE_NS);
	return is_whole(map, drift) ? 0 : mend(map, drift);
}
