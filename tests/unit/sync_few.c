// SPDX-License-Identifier: MIT
/*
 * Few beacons, of some of which only one half is there, and a clock that is set
 * once. A limit of one side may fit the offset of before and that of after: it does
 * not show when the clock was set, and at an end not even that it was.
 */
#include <math.h>

#include "check.h"
#include "sync/base/drift.h"
#include "sync/estimate/few.h"

#define CASES	4000
#define PERIOD	30000000
#define START	7000000000ll
#define OFFSET	9000000000ll
#define WAY	2000 /* ns, at most */
#define BEACONS 24

/* The clock is set at guest time @at: the offset is by @set more from there on. */
static int64_t offset_at(int64_t at, int64_t set, int64_t ns)
{
	return OFFSET + (ns < at ? 0 : set);
}

static void add(struct vmsync_few *few, int64_t at, int64_t set, int64_t ns)
{
	uint64_t kind = check_range(0, 3);
	struct vmsync_few_limit upper = { .ns = ns },
				lower = { .ns = ns + WAY };

	upper.offset = offset_at(at, set, ns) + (int64_t)check_range(0, WAY);
	lower.offset = offset_at(at, set, ns + WAY) - (int64_t)check_range(0, WAY);
	/* Half of them are whole. */
	vmsync_few_see(few, kind == 1 ? NULL : &upper, kind == 2 ? NULL : &lower);
}

static void test(void)
{
	struct vmsync_few few = { 0 };
	struct vmsync_map map;
	int64_t set = (int64_t)check_range(1, 400) * 1000000;
	int64_t at = START + (int64_t)check_range(0, BEACONS * PERIOD);
	int over = 0;

	if (check_range(0, 1))
		set = -set;
	vmsync_map_init(&map);
	for (int64_t i = 0; i < BEACONS; i++)
		add(&few, at, set, START + i * PERIOD);
	CHECK_EQ(vmsync_few_map(&few, VMSYNC_METHOD_BEACON, VMSYNC_DRIFT, &map), 0);
	for (int64_t ns = START; map.count && ns < START + BEACONS * PERIOD;
	     ns += PERIOD / 7) {
		bool outside;
		int64_t bound = vmsync_map_bound_ns(&map, (guest_time){ns}, &outside);
		int64_t error = vmsync_map_eval(&map, (guest_time){ns}).ns - ns -
				offset_at(at, set, ns);

		/* A clock may be set beyond the evidence. */
		over += !outside && llabs(error) > bound;
	}
	CHECK_EQ(over, 0);
	vmsync_map_free(&map);
}

int main(int argc, char **argv)
{
	uint64_t first;

	check_init(argc, argv);
	first = check_seed;
	for (uint64_t i = 0; i < CASES; i++) {
		check_reseed(first + i);
		test();
	}
	return check_done();
}
