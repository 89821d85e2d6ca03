// SPDX-License-Identifier: MIT
/*
 * The beacon method where all exchanges become slow for good: one slow exchange says
 * nothing new, but many are what there is, and the map goes on.
 */
#include <math.h>

#include "check.h"
#include "sync/estimator.h"

#define START	5000000000
#define OFFSET	7000000000
#define PERIOD	10000000
#define ONE_WAY 100.0
#define EXCESS	1000.0
#define SLOWER	10000.0
#define STAY	200.0
#define QUICK	600
#define BEACONS 1200
#define RUNS	20

static double uniform(void)
{
	return (double)(check_rand() >> 11) / 9007199254740992.0;
}

/* One way of exchange @i. */
static double way(int i)
{
	return ONE_WAY + (i < QUICK ? 0 : SLOWER) -
	       EXCESS * log(1 - uniform());
}

/* The two clocks differ by OFFSET, always. */
static void add(void *state, int i)
{
	int64_t sent = START + i * (int64_t)PERIOD;
	int64_t heard = sent + (int64_t)way(i);
	const struct vmsync_beacon b = {
		.cnt = (uint32_t)i,
		.gh = true,
		.hg = true,
		.gh_guest_ns = sent,
		.gh_host_ns = heard + OFFSET,
		.hg_host_ns = heard + (int64_t)STAY + OFFSET,
		.hg_guest_ns = heard + (int64_t)(STAY + way(i)),
	};

	CHECK_EQ(vmsync_beacon_estimator.beacon(state, &b), 0);
}

static void test(void)
{
	const struct vmsync_sync_options opt = {0};
	const struct vmsync_facts facts = {0};
	void *state = vmsync_beacon_estimator.create(&opt);
	struct vmsync_map map;

	for (int i = 0; i < BEACONS; i++)
		add(state, i);
	vmsync_map_init(&map);
	CHECK_EQ(vmsync_beacon_estimator.map(state, &facts, 0, true, &map), 0);
	for (int i = 0; i < BEACONS; i++) {
		guest_time g = {START + i * (int64_t)PERIOD};
		int64_t bound = vmsync_map_bound_ns(&map, g, NULL);

		CHECK(llabs(vmsync_map_eval(&map, g).ns - g.ns - OFFSET) <=
		      bound);
		/* Not yet where the slow ones are few. */
		if (i < QUICK - 1)
			CHECK((double)bound < 5 * EXCESS);
		if (i > QUICK + 50)
			CHECK((double)bound < 2 * SLOWER);
	}
	vmsync_beacon_estimator.destroy(state);
	vmsync_map_free(&map);
}

int main(int argc, char **argv)
{
	uint64_t first;

	check_init(argc, argv);
	first = check_seed;
	for (uint64_t i = 0; i < RUNS; i++) {
		check_reseed(first + i);
		test();
	}
	return check_done();
}
