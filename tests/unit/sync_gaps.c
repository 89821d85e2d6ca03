// SPDX-License-Identifier: MIT
/* Gaps between beacons: the widest are kept, and what may hide in them is told. */
#include <string.h>

#include "check.h"
#include "sync/estimate/gaps.h"
#include "sync/estimate/segmentation.h"

#define USUAL 10000000

/* @n gaps, those of @wide (a bit each) ten times as wide as the others. */
static void test_wide(unsigned int n, uint64_t wide)
{
	struct vmsync_gaps g = { 0 };
	int64_t at = 1000, first = -1, last = 0;
	unsigned int many = (unsigned int)__builtin_popcountll(wide);

	for (unsigned int i = 0; i < n; i++) {
		int64_t length = wide >> i & 1 ? 10 * USUAL : USUAL;

		if (wide >> i & 1 && first < 0)
			first = at;
		vmsync_gaps_add(&g, at, at + length);
		at += length;
		if (wide >> i & 1)
			last = at;
	}
	vmsync_gaps_wide(&g, at - 1000, n + 1);
	if (many < VMSYNC_GAPS) {
		CHECK_EQ(g.count, many);
	} else {
		CHECK_EQ(g.count, 1);
		CHECK(g.at[0].from <= first || many > VMSYNC_GAPS);
		CHECK(g.at[0].until <= last);
	}
	for (unsigned int i = 0; i < g.count; i++)
		CHECK_EQ(g.at[i].length, 10 * USUAL);
	for (unsigned int i = 1; i < g.count; i++)
		CHECK(g.at[i].from >= g.at[i - 1].until);
}

/* A fix that says where the clock is to a few ns. */
static void add(struct vmsync_segmentation *seg, int64_t guest_ns,
		int64_t host_ns)
{
	struct vmsync_fix fix = {
		.has_upper = true,
		.has_lower = true,
		.upper = { guest_ns, host_ns, 5 },
		.lower = { guest_ns, host_ns, -5 },
		.play_ns = 5,
	};

	seg->base_ns = 13;
	seg->wave_ns = 3;
	vmsync_segmentation_see(seg, &fix);
	CHECK(!vmsync_segmentation_add(seg, &fix));
}

/*
 * A straight row of fixes with a gap, in which the clock goes away by @ppb and comes
 * back: nothing of it is seen. Bends of the like were seen before.
 */
static void test_hidden(int64_t ppb, int64_t gap)
{
	struct vmsync_segmentation seg;
	struct vmsync_map map;
	int64_t g = 1000000000, off = 500, middle, before;

	vmsync_segmentation_init(&seg, VMSYNC_METHOD_PAIR);
	vmsync_map_init(&map);
	for (unsigned int i = 0; i < 200; i++, g += USUAL) {
		off += (i / 20 % 2 ? ppb : 0) * (USUAL / 1000) / 1000000;
		add(&seg, g, g + off);
	}
	for (unsigned int i = 0; i < 20; i++, g += USUAL)
		add(&seg, g, g + off);
	before = g - USUAL;
	middle = before + gap / 2;
	for (g = before + gap; g < before + gap + 20 * USUAL; g += USUAL)
		add(&seg, g, g + off);
	CHECK(!vmsync_segmentation_map(&seg, INT64_MIN, &map));
	CHECK(vmsync_map_bound_ns(&map, (guest_time){ middle }, NULL) >=
	      gap / 2 / 1000 * ppb / 1000000);
	/* Beside it that is not so. */
	CHECK(vmsync_map_bound_ns(&map, (guest_time){ before - 5 * USUAL },
				  NULL) < 60);
	vmsync_map_free(&map);
	vmsync_segmentation_free(&seg);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	for (unsigned int i = 0; i < 300; i++)
		test_wide(60, check_rand() & check_rand() & check_rand() &
				      check_rand() & ((1ull << 60) - 1));
	for (unsigned int i = 0; i < 50; i++)
		test_hidden((int64_t)check_range(2000, 20000),
			    (int64_t)check_range(5, 12) * USUAL);
	return check_done();
}
