// SPDX-License-Identifier: MIT
/*
 * The map of events of which nobody knows the virtual CPU: its bound covers the maps of
 * all, and grows outside of the evidence as they go apart.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "sync/map/anyone.h"

#define SEC	1000000000ll
#define BOUND	100
#define GROWTH	2200000 /* ppb */

static void make(struct vmsync_map *map, double slope, int64_t host_ns)
{
	const struct vmsync_segment s = {
		.guest_start = { SEC },
		.guest_end = { 11 * SEC },
		.host_start = { host_ns },
		.slope = (uint64_t)ldexp(slope, 60),
		.shift = 60,
		.bound_ns = BOUND,
	};

	vmsync_map_init(map);
	CHECK(!vmsync_map_append(map, &s));
	map->extrapolation_ppb = GROWTH;
}

/* Two virtual CPUs, of which one is @faster_ppb faster, and @ahead_ns ahead. */
static void test_two(int64_t faster_ppb, int64_t ahead_ns)
{
	struct vmsync_map maps[2];
	struct vmsync_guest_map gm = { .maps = maps, .vcpus = 2 };
	const struct vmsync_map *any = &gm.anyone;

	vmsync_map_init(&gm.anyone);
	make(&maps[0], 1, 50 * SEC);
	make(&maps[1], 1 + (double)faster_ppb / 1e9, 50 * SEC + ahead_ns);
	CHECK(!vmsync_anyone_make(&gm));
	CHECK(any->count);
	CHECK(llabs((int64_t)any->extrapolation_ppb - GROWTH - faster_ppb) <= 3);
	for (int64_t g = SEC; g <= 11 * SEC && any->count; g += SEC / 10) {
		int64_t at = vmsync_map_eval(any, (guest_time){g}).ns;
		int64_t bound = vmsync_map_bound_ns(any, (guest_time){g}, NULL);

		for (int i = 0; i < 2; i++)
			CHECK(llabs(vmsync_map_eval(&maps[i], (guest_time){g}).ns - at) +
				      BOUND <= bound);
		CHECK(bound <= BOUND + ahead_ns + 10 * faster_ppb + 10);
	}
	vmsync_map_free(&gm.anyone);
	vmsync_map_free(&maps[0]);
	vmsync_map_free(&maps[1]);
}

int main(void)
{
	test_two(0, 5000);
	test_two(100000, 0);
	test_two(100000, 5000);
	return check_done();
}
