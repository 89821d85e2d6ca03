// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "sync/base/drift.h"
#include "sync/base/wide.h"
#include "sync/map/align_steps.h"

/* Steps that are smaller may be a slew's, and matter to nobody. */
#define MIN_STEP_NS 1000000

/* One step, as two CPUs see it, ns; and what the clock drifts until the later one does. */
#define SAME_STEP_NS	1000
#define SAME_STEP_DRIFT (2 * VMSYNC_DRIFT)

/* Host time that passes between the epochs before and after segment @i. */
static int64_t step_ns(const struct vmsync_map *map, size_t i)
{
	const struct vmsync_segment *before = &map->segments[i - 1];
	const struct vmsync_segment *s = &map->segments[i];
	int128 h = (int128)(s->guest_start.ns - before->guest_start.ns) *
			   before->slope + before->host_frac;

	h = s->host_start.ns - before->host_start.ns - (h >> before->shift);
	return h > INT64_MAX ? INT64_MAX : h < INT64_MIN ? INT64_MIN :
							   (int64_t)h;
}

static bool is_step(const struct vmsync_map *map, size_t i)
{
	return map->segments[i].epoch != map->segments[i - 1].epoch &&
	       step_ns(map, i) >= MIN_STEP_NS;
}

/* Where @other has the step of @ns ns, if that is in (@after, @before). */
static int64_t find(const struct vmsync_map *other, int64_t ns, int64_t after,
		    int64_t before)
{
	for (size_t i = 1; i < other->count; i++) {
		int64_t g = other->segments[i].guest_start.ns;
		double off;

		if (g <= after || g >= before || !is_step(other, i))
			continue;
		off = fabs((double)step_ns(other, i) - (double)ns);
		if (off <= SAME_STEP_NS + SAME_STEP_DRIFT * (double)(before - g))
			return g;
	}
	return before;
}

/* The segment from @g on, which is before its start; its values unchanged. */
static void extend_back(struct vmsync_segment *s, int64_t g)
{
	int128 h = (int128)(g - s->guest_start.ns) * s->slope + s->host_frac;

	s->host_frac = (uint64_t)(h & (((int128)1 << s->shift) - 1));
	s->host_start.ns += (int64_t)(h >> s->shift);
	s->guest_start.ns = g;
}

static void align(struct vmsync_map *map, size_t i,
		  const struct vmsync_map *maps, uint32_t n)
{
	struct vmsync_segment *before = &map->segments[i - 1];
	int64_t ns = step_ns(map, i);
	int64_t first = map->segments[i].guest_start.ns;

	for (uint32_t cpu = 0; cpu < n; cpu++)
		first = find(&maps[cpu], ns, before->guest_start.ns, first);
	/* KVM may have set the clock back a little by the step: what it read stays read. */
	if (first < before->guest_left.ns)
		first = before->guest_left.ns;
	/*
	 * Before it began, host times would have to go back. And where nothing is known
	 * before it, it is not known either that the CPU did not run.
	 */
	if (map->segments[i].guest_start.ns - first >= ns / 2 ||
	    before->guest_end.ns < first)
		return;
	before->guest_end.ns = first;
	extend_back(&map->segments[i], first);
}

void vmsync_align_steps(struct vmsync_map *maps, uint32_t n)
{
	for (uint32_t cpu = 0; cpu < n; cpu++)
		for (size_t i = 1; i < maps[cpu].count; i++)
			if (is_step(&maps[cpu], i))
				align(&maps[cpu], i, maps, n);
}
