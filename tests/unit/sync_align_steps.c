// SPDX-License-Identifier: MIT
/* A step of the guest's clock is at the same guest time on all its CPUs. */
#include "check.h"
#include "sync/map/align_steps.h"

#define SHIFT 62

/* Two epochs: offset 100 s, and from @step on 103 s. */
static void make(struct vmsync_map *map, int64_t step, int64_t by)
{
	struct vmsync_segment s = {
		.guest_start = { 1000000000 },
		.guest_end = { step },
		.host_start = { 101000000000 },
		.slope = (1ull << SHIFT) - 12345678901,
		.shift = SHIFT,
		.method = VMSYNC_METHOD_EXACT,
		.bound_ns = 2,
	};

	vmsync_map_init(map);
	CHECK_EQ(vmsync_map_append(map, &s), 0);
	s.guest_start.ns = step;
	s.guest_end.ns = step + 1000000000;
	s.host_start.ns = step + 100000000000 + by;
	s.epoch = 1;
	CHECK_EQ(vmsync_map_append(map, &s), 0);
}

/*
 * @maps[1] was told of the step by @late_ns later than @maps[0], and that it was by
 * @more_ns more.
 */
static void differ(int64_t late_ns, int64_t by, int64_t more_ns, int expected)
{
	const int64_t step = 5000000000;
	struct vmsync_map maps[2];
	host_time before, after;
	guest_time g = { step + late_ns + 1000 };

	make(&maps[0], step, by);
	make(&maps[1], step + late_ns, by + more_ns);
	before = vmsync_map_eval(&maps[1], g);
	vmsync_align_steps(maps, 2);
	CHECK_EQ(maps[0].segments[1].guest_start.ns, step);
	CHECK_EQ(maps[1].segments[1].guest_start.ns,
		 expected ? step : step + late_ns);
	after = vmsync_map_eval(&maps[1], g);
	CHECK_EQ(before.ns, after.ns);
	CHECK(maps[1].segments[0].guest_end.ns <=
	      maps[1].segments[1].guest_start.ns);
	vmsync_map_free(&maps[0]);
	vmsync_map_free(&maps[1]);
}

static void late(int64_t late_ns, int64_t by, int expected)
{
	differ(late_ns, by, 0, expected);
}

/* Nothing is known of the second CPU for @hole_ns before the first one's step. */
static void hole(int64_t hole_ns, int expected)
{
	const int64_t step = 5000000000, late = 7000000;
	struct vmsync_map maps[2];

	make(&maps[0], step, 3000000000);
	make(&maps[1], step + late, 3000000000);
	maps[1].segments[0].guest_end.ns = step - hole_ns;
	vmsync_align_steps(maps, 2);
	CHECK_EQ(maps[1].segments[1].guest_start.ns,
		 expected ? step : step + late);
	CHECK_EQ(maps[1].segments[0].guest_end.ns, step - hole_ns);
	vmsync_map_free(&maps[0]);
	vmsync_map_free(&maps[1]);
}

/* The second CPU had read so much before it was stopped. */
static void left(int64_t read_ns, int64_t expected)
{
	const int64_t step = 5000000000, late = 7000000;
	struct vmsync_map maps[2];

	make(&maps[0], step, 3000000000);
	make(&maps[1], step + late, 3000000000);
	maps[1].segments[0].guest_left.ns = step + read_ns;
	vmsync_align_steps(maps, 2);
	CHECK_EQ(maps[1].segments[1].guest_start.ns, step + expected);
	CHECK_EQ(maps[1].segments[0].guest_end.ns, step + expected);
	vmsync_map_free(&maps[0]);
	vmsync_map_free(&maps[1]);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	late(7000000, 3000000000, 1);
	late(1, 3000000000, 1);
	/* Another step, or none to speak of, is left where it is. */
	late(0, 3000000000, 1);
	late(7000000, 1000, 0);
	late(1000, 900000, 0);
	late(1000, 1100000, 1);
	differ(1000, 3000000000, -900, 1);
	differ(1000, 3000000000, -1100, 0);
	/* The clocks drift meanwhile. */
	differ(7000000, 3000000000, -16300, 1);
	differ(7000000, 3000000000, -16500, 0);
	hole(0, 1);
	hole(1, 0);
	left(-1, 0);
	left(3000, 3000);
	return check_done();
}
