// SPDX-License-Identifier: MIT
/*
 * Where a map's evidence ends: which segments are a clock's line, how fast the bound
 * grows out there, and what is a clock that is steered by more than NTP does.
 */
#include <math.h>

#include "check.h"
#include "sync/base/drift.h"
#include "sync/map/ends.h"

#define SEC 1000000000ll
#define MS  1000000ll

/* A clock that drifts for a second, and then by @drift for @length_ns. */
static struct vmsync_map make(double drift, int64_t length_ns)
{
	const double slope[] = {1.0001, 1 + drift};
	const int64_t at[] = {SEC, 2 * SEC, 2 * SEC + length_ns};
	struct vmsync_map map;
	double host = (double)SEC;

	vmsync_map_init(&map);
	for (int i = 0; i < 2; i++) {
		const struct vmsync_segment s = {
			.guest_start = {at[i]},
			.guest_end = {at[i + 1]},
			.host_start = {(int64_t)host},
			.slope = (uint64_t)ldexp(slope[i], 60),
			.shift = 60,
			.bound_ns = 100,
		};

		CHECK(!vmsync_map_append(&map, &s));
		host += slope[i] * (double)(at[i + 1] - at[i]);
	}
	return map;
}

static bool is_steep(double drift, int64_t length_ns)
{
	struct vmsync_map map = make(drift, length_ns);
	bool steep = vmsync_map_is_steep(&map);

	vmsync_map_free(&map);
	return steep;
}

/* Does the map end with another segment than its own last one? */
static bool is_mended(double drift, int64_t length_ns)
{
	struct vmsync_map map = make(drift, length_ns);
	size_t count = map.count;
	bool mended;

	CHECK(!vmsync_map_close(&map, VMSYNC_DRIFT, 0));
	mended = map.count > count;
	CHECK(!mended || map.segments[count].slope == map.segments[0].slope);
	vmsync_map_free(&map);
	return mended;
}

/* How fast the bound grows beyond the evidence, ns per ns. */
static double growth(double drift, int64_t length_ns)
{
	struct vmsync_map map = make(drift, length_ns);
	double ppb;

	CHECK(!vmsync_map_close(&map, VMSYNC_DRIFT, 0));
	ppb = map.extrapolation_ppb;
	vmsync_map_free(&map);
	return ppb / 1e9;
}

static bool is_about(double a, double b)
{
	return fabs(a - b) < 1e-6;
}

int main(void)
{
	/* A short segment joins two lines, and tells nothing of a clock; */
	CHECK(is_mended(0.01, MS * 9 / 10));
	CHECK(!is_mended(0.01, MS * 11 / 10));
	CHECK(is_about(growth(0.01, MS * 9 / 10), 2 * VMSYNC_DRIFT));
	CHECK(is_about(growth(0.01, MS * 11 / 10), 2 * 0.01));
	CHECK(!is_steep(0.01, MS * 9 / 10));
	CHECK(is_steep(0.01, MS * 11 / 10));
	/* but for one that goes as a clock does, to what is rounded. */
	CHECK(!is_mended(VMSYNC_DRIFT + 9e-6, MS / 2));
	CHECK(is_mended(VMSYNC_DRIFT + 11e-6, MS / 2));
	CHECK(!is_steep(VMSYNC_DRIFT + 9e-6, SEC));
	CHECK(is_steep(VMSYNC_DRIFT + 11e-6, SEC));
	/* What no length of ticks can make is no steering. */
	CHECK(is_steep(0.21, SEC));
	CHECK(!is_steep(0.23, SEC));
	return check_done();
}
