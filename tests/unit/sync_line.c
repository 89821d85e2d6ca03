// SPDX-License-Identifier: MIT
/*
 * A line leads through any two fixes. A clock that bends a few times, faster
 * than fixes come, and then runs straight: what few fixes tell of it must not
 * be taken for its line, wherever the recording begins.
 */
#include <math.h>

#include "check.h"
#include "sync/estimate/segmentation.h"

#define START	 5000000000
#define OFFSET	 7000000000
#define PERIOD	 16000000
#define PLAY	 30.0
#define BENDS	 3
#define STRAIGHT 40
#define RUNS	 4000
#define DRIFTING 450

/* A clock that comes back to the line just where a fix is: no fix tells of it.
 */
#define ACCIDENTS (RUNS / 100)

#define STEEP 0.0004
#define PARTS 8

static double uniform(void)
{
	return (double)(check_rand() >> 11) / 9007199254740992.0;
}

/* Host minus guest clock, less OFFSET: 0 at START, and a slope from each bend
 * on. */
struct clock {
	int64_t bend[BENDS];
	double slope[BENDS + 1];
};

static double clock_at(const struct clock *c, int64_t g)
{
	int64_t from = START;
	double y = 0;

	for (int i = 0; i < BENDS && c->bend[i] < g; i++) {
		y += c->slope[i] * (double)(c->bend[i] - from);
		from = c->bend[i];
	}
	for (int i = 0; i <= BENDS; i++)
		if (i == BENDS || c->bend[i] >= g)
			return y + c->slope[i] * (double)(g - from);
	return y;
}

static void make_clock(struct clock *c, int64_t until)
{
	int64_t g = START;

	for (int i = 0; i < BENDS; i++) {
		g += (int64_t)(uniform() * (double)(until - g));
		c->bend[i] = g;
		c->slope[i] = (2 * uniform() - 1) * STEEP;
	}
	c->slope[BENDS] = (2 * uniform() - 1) * STEEP;
}

static int add(struct vmsync_segmentation *fit, const struct clock *c,
	       int64_t g)
{
	double y = clock_at(c, g) + (2 * uniform() - 1) * (PLAY - 3);
	struct vmsync_fix fix = {
		.has_upper = true,
		.has_lower = true,
		.upper = { g, g + OFFSET, y + PLAY },
		.lower = { g, g + OFFSET, y - PLAY },
		.play_ns = PLAY,
	};

	fit->wave_ns = 3;
	vmsync_segmentation_see(fit, &fix);
	fit->base_ns = 3 + 2 * PLAY;
	return vmsync_segmentation_add(fit, &fix);
}

/* Bends that only the first @few fixes are beside. Returns whether the map
 * holds. */
static bool run(int few)
{
	const int64_t end = START + (few + STRAIGHT) * (int64_t)PERIOD;
	struct vmsync_map map;
	struct vmsync_segmentation fit;
	struct clock c;
	int over = 0;

	make_clock(&c, START + few * (int64_t)PERIOD);
	vmsync_map_init(&map);
	vmsync_segmentation_init(&fit, VMSYNC_METHOD_PAIR);
	for (int64_t g = START; g <= end; g += PERIOD)
		CHECK_EQ(add(&fit, &c, g), 0);
	CHECK_EQ(vmsync_segmentation_map(&fit, INT64_MIN, &map), 0);
	CHECK(map.count > 0);
	for (int64_t g = START; map.count && g <= end; g += PERIOD / PARTS) {
		double is = (double)(vmsync_map_eval(&map, (guest_time){g}).ns -
				     g - OFFSET);

		over += fabs(is - clock_at(&c, g)) - 1 >
			(double)vmsync_map_bound_ns(&map, (guest_time){g},
						    NULL);
	}
	vmsync_segmentation_free(&fit);
	vmsync_map_free(&map);
	return !over;
}

/* How often a clock that drifts by @slope all the time did what no honest one does. */
static uint64_t odd(double slope)
{
	const struct clock c = { .slope = { slope, slope, slope, slope } };
	struct vmsync_segmentation fit;
	uint64_t n;

	vmsync_segmentation_init(&fit, VMSYNC_METHOD_PAIR);
	for (int64_t i = 0; i < DRIFTING; i++)
		CHECK_EQ(add(&fit, &c, START + i * PERIOD), 0);
	n = vmsync_segmentation_odd(&fit);
	vmsync_segmentation_free(&fit);
	return n;
}

/* Of few messages as well the map becomes final, two stretches of 20 s later. */
static void test_final(void)
{
	const int64_t second = 1000000000, end = START + 100 * second;
	const struct clock c = { .slope = { 0 } };
	struct vmsync_segmentation fit;

	vmsync_segmentation_init(&fit, VMSYNC_METHOD_PAIR);
	for (int64_t g = START; g <= end; g += second)
		CHECK_EQ(add(&fit, &c, g), 0);
	CHECK(vmsync_segmentation_final_until(&fit) > end - 45 * second);
	CHECK(vmsync_segmentation_final_until(&fit) < end);
	vmsync_segmentation_free(&fit);
}

int main(int argc, char **argv)
{
	uint64_t first;
	int wrong = 0;

	check_init(argc, argv);
	first = check_rand();
	for (uint64_t i = 0; i < RUNS; i++) {
		check_reseed(first + i);
		wrong += !run(1 + (int)(i % 3));
	}
	CHECK(wrong <= ACCIDENTS);
	test_final();
	/* NTP steers no clock so: 2500 ppm are too many, and 1 % is no drift. */
	CHECK_EQ(odd(0.0015), 0);
	CHECK_EQ(odd(-0.0015), 0);
	CHECK(odd(0.004) > 0 && odd(0.004) < DRIFTING / 10);
	CHECK(odd(-0.004) > 0);
	CHECK(odd(0.008) < DRIFTING / 10);
	CHECK(odd(0.016) > DRIFTING / 10);
	return check_done();
}
