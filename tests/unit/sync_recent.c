// SPDX-License-Identifier: MIT
/*
 * What was seen of late against clocks that wander as NTP may steer them: none is
 * ever farther off the path than is said, however the limits lie; and one that
 * does its worst gets almost there.
 */
#include <math.h>

#include "check.h"
#include "sync/estimate/recent.h"

#define STEPS	200
#define STEP_NS 500000
#define STEEP	0.0011

struct wander {
	int64_t g[STEPS + 1];
	double offset[STEPS + 1];
};

static double steepness(void)
{
	int kind = (int)check_range(0, 3);

	return kind ? STEEP * (double)(int64_t)check_range(-1000, 1000) / 1000 :
		      check_rand() & 1 ? STEEP : -STEEP;
}

static void make(struct wander *w)
{
	double slope = steepness();

	w->g[0] = (int64_t)check_range(0, 1000000000);
	w->offset[0] = (double)(int64_t)check_range(-1000000, 1000000);
	for (int i = 1; i <= STEPS; i++) {
		if (!check_range(0, 20))
			slope = steepness();
		w->g[i] = w->g[i - 1] + STEP_NS;
		w->offset[i] = w->offset[i - 1] + slope * STEP_NS;
	}
}

/* Limits that the clock keeps, some tight and some not. */
static void see(struct vmsync_recent *s, const struct wander *w, int often)
{
	for (int i = 0; i <= STEPS; i++) {
		int64_t at = (int64_t)floor(w->offset[i]) + w->g[i];

		if (!check_range(0, often))
			vmsync_recent_upper(s, w->g[i],
					    at + (int64_t)check_range(0,
								      200000));
		if (!check_range(0, often))
			vmsync_recent_lower(s, w->g[i],
					    at - (int64_t)check_range(0,
								      200000));
	}
}

static void test_wander(void)
{
	static struct vmsync_recent s;
	struct vmsync_path p = { .offset = (int64_t)check_range(-1000, 1000) };
	struct wander w;
	int at[3] = { 0, (int)check_range(0, STEPS), STEPS };
	double known = (double)(int64_t)check_range(0, 5000), worst = 0, limit;

	make(&w);
	s = (struct vmsync_recent){0};
	see(&s, &w, (int)check_range(1, 100));
	for (int i = 0; i < 3; i++) {
		p.g[i] = w.g[at[i]];
		p.y[i] = w.offset[at[i]] - (double)p.offset;
	}
	p.y[0] += known;
	p.y[2] -= known;
	limit = known + vmsync_recent_away(&s, &p, STEEP, known) + 2;
	for (int i = 0; i <= STEPS; i++) {
		int k = i >= at[1] && at[1] < STEPS;
		double share = (double)(w.g[i] - p.g[k]) /
			       fmax(1, (double)(p.g[k + 1] - p.g[k]));
		double y = p.y[k] + share * (p.y[k + 1] - p.y[k]);

		worst = fmax(worst, fabs(w.offset[i] - (double)p.offset - y));
	}
	/* A path that is itself too steep is no clock's. */
	if (fabs(p.y[1] - p.y[0]) <= STEEP * (double)(p.g[1] - p.g[0]) &&
	    fabs(p.y[2] - p.y[1]) <= STEEP * (double)(p.g[2] - p.g[1]))
		CHECK(worst <= limit);
}

/* Up as fast as it may be, and down: half of the way at NTP's slope. */
static void test_worst(void)
{
	static struct vmsync_recent s;
	struct vmsync_path p = { .g = { 0, 50000000, 100000000 } };

	s = (struct vmsync_recent){0};
	CHECK(fabs(vmsync_recent_away(&s, &p, STEEP, 0) - 55000) < 1);
	vmsync_recent_upper(&s, 50000000, 50000000 + 10000);
	CHECK(fabs(vmsync_recent_away(&s, &p, STEEP, 0) - 55000) < 1);
	vmsync_recent_lower(&s, 50000000, 50000000 - 10000);
	CHECK(fabs(vmsync_recent_away(&s, &p, STEEP, 0) - 32500) < 2);
	CHECK(fabs(vmsync_recent_away(&s, &p, STEEP, 10000) - 27500) < 2);
	/* More than are kept: the last ones count. */
	for (int i = 1; i <= 2 * VMSYNC_RECENT; i++) {
		vmsync_recent_upper(&s, 50000000 + i, 50000000 + i + 500);
		vmsync_recent_lower(&s, 50000000 + i, 50000000 + i - 500);
	}
	CHECK(fabs(vmsync_recent_away(&s, &p, STEEP, 0) - 27750) < 2);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	test_worst();
	for (int i = 0; i < 20000; i++) {
		check_reseed((uint64_t)i + 1);
		test_wander();
	}
	return check_done();
}
