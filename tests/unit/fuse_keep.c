// SPDX-License-Identifier: MIT
/*
 * Stamps that are kept, against the map that they are kept instead of: how far they are
 * from it, moment by moment, and that the bound of the constant covers both.
 *
 * Cases: VMSYNC_CASES maps, 2000 if not set.
 */
#include "../../host/fuse/keep.c"
#include "check.h"

#define ONE (1ull << 32)

static uint64_t cases(void)
{
	const char *n = getenv("VMSYNC_CASES");

	return n ? strtoull(n, NULL, 0) : 2000;
}

/*
 * Lines that differ by far more than clocks do, that jump, that wait for the next one; in
 * some maps with holes.
 */
static void random_map(struct vmsync_map *map, bool holes)
{
	unsigned int n = (unsigned int)check_range(1, 8);
	int64_t g = 100000, h = 500000;

	vmsync_map_init(map);
	map->extrapolation_ppb = 2200000;
	map->extrapolation_ns = (int64_t)check_range(0, 5000);
	for (unsigned int i = 0; i < n; i++) {
		int64_t length = (int64_t)check_range(1, 400);
		struct vmsync_segment s = {
			.guest_start.ns = g,
			.guest_end.ns = g + length,
			.guest_left.ns = INT64_MIN,
			.host_start.ns = h,
			.slope = ONE / 2 + check_range(0, ONE),
			.shift = 32,
			.host_frac = check_range(0, ONE - 1),
			.bound_ns = (int64_t)check_range(0, 100),
		};

		/* The last ns of a segment may be given as the next one's begin. */
		s.guest_end.ns -= (int64_t)check_range(0, 1);
		if (holes && i + 1 < n && !check_range(0, 3))
			s.guest_end.ns -= (int64_t)check_range(2, 40);
		if (s.guest_end.ns < g)
			s.guest_end.ns = g;
		CHECK(!vmsync_map_append(map, &s));
		g += length;
		h += (int64_t)check_range(0, 2 * (uint64_t)length);
	}
}

static bool in_hole(const struct vmsync_map *map, int64_t g)
{
	const struct vmsync_segment *s = vmsync_map_segment(map, (guest_time){ g });

	return s + 1 < map->segments + map->count && g > s->guest_end.ns;
}

/* Each moment by itself. */
static void look_slowly(const struct vmsync_map *map, const struct span *in,
			struct reach *r, bool *hole)
{
	for (int64_t g = in->from_ns; g <= in->until_ns; g++) {
		reach_at(r, map, g);
		*hole |= in_hole(map, g);
	}
}

static void covers(const struct vmsync_map *kept, const struct vmsync_map *map,
		   const struct span *in, int64_t constant_ns)
{
	uint64_t others = 0, less = 0;

	for (int64_t g = in->from_ns - 500; g <= in->until_ns + 500; g++) {
		guest_time at = { g };
		int64_t off_ns = vmsync_map_eval(map, at).ns - g - constant_ns;
		bool outside;

		vmsync_map_bound_ns(kept, at, &outside);
		/* Nothing is said of when nothing was recorded. */
		if (outside && (g < in->from_ns || g > in->until_ns))
			continue;
		others += vmsync_map_eval(kept, at).ns != g + constant_ns;
		less += vmsync_map_bound_ns(kept, at, NULL) <
			vmsync_map_bound_ns(map, at, NULL) + llabs(off_ns);
	}
	CHECK_EQ(others, 0);
	CHECK_EQ(less, 0);
}

static void one(bool holes)
{
	struct vmsync_guest_map gm = { .vcpus = 1 };
	struct vmsync_map map, kept;
	struct vmsync_keep k = { 0 };
	struct reach slow = nothing;
	bool hole = false;
	struct span in;

	random_map(&map, holes);
	gm.maps = &map;
	in.from_ns = 100000 + (int64_t)check_range(0, 1500) - 300;
	in.until_ns = in.from_ns + (int64_t)check_range(0, 1500);
	measure(&k, &gm, &in);
	look_slowly(&map, &in, &slow, &hole);
	CHECK_EQ(k.off_ns, off(&slow, k.constant_ns));
	/* No other constant is nearer, by more than what half a ns is rounded to. */
	CHECK(off(&slow, k.constant_ns - 1) >= k.off_ns);
	CHECK(off(&slow, k.constant_ns + 1) >= k.off_ns);
	CHECK_EQ(k.hole, hole);
	if (!k.hole) {
		vmsync_map_init(&kept);
		CHECK(!constant_map(&kept, &map, &in, k.constant_ns));
		covers(&kept, &map, &in, k.constant_ns);
		vmsync_map_free(&kept);
	}
	vmsync_map_free(&map);
}

/* What no clock does: it ends in an answer all the same. */
static void far_apart(void)
{
	struct vmsync_guest_map gm = { .vcpus = 1 };
	struct vmsync_keep k = { 0 };
	const struct span in = { 0, INT64_MAX };
	struct vmsync_map map;
	struct vmsync_segment s = { .slope = 1, .shift = 0 };

	vmsync_map_init(&map);
	gm.maps = &map;
	s.guest_start.ns = s.guest_end.ns = INT64_MAX - 1;
	CHECK(!vmsync_map_append(&map, &s));
	s.guest_start.ns = s.guest_end.ns = INT64_MAX;
	s.host_start.ns = INT64_MAX;
	CHECK(!vmsync_map_append(&map, &s));
	measure(&k, &gm, &in);
	CHECK(k.off_ns > INT64_MAX / 8);
	vmsync_map_free(&map);
}

int main(int argc, char **argv)
{
	uint64_t seed, i;

	check_init(argc, argv);
	seed = check_seed;
	for (i = 0; i < cases(); i++) {
		check_reseed(seed + i);
		one(i & 1);
	}
	far_apart();
	return check_done();
}
