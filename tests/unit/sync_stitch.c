// SPDX-License-Identifier: MIT
/*
 * Limits of an offset that bends, now and then twice within a few ms: the map
 * made of them is never farther off than it says, leaves nothing out between
 * its ends, and where nothing bends it is about as good as the least slacks.
 */
#include <math.h>

#include "check.h"
#include "sync/window/slack.h"
#include "sync/window/stitch.h"

#define STEEP	   0.0011
#define MAX_SLOPE  0.001
#define LENGTH_NS  4000000000
#define MAX_BENDS  64
#define MAX_EVENTS 20000

/* The offset is linear from each bend to the next. */
struct truth {
	size_t count;
	double ns[MAX_BENDS];
	double offset[MAX_BENDS];
	double slope[MAX_BENDS];
};

static double uniform(void)
{
	return (double)(check_rand() >> 11) / 9007199254740992.0;
}

static double exponential(double mean)
{
	return -mean * log(1 - uniform());
}

static double true_offset(const struct truth *t, double ns)
{
	size_t i = 0;

	while (i + 1 < t->count && t->ns[i + 1] <= ns)
		i++;
	return t->offset[i] + t->slope[i] * (ns - t->ns[i]);
}

static void random_truth(struct truth *t, size_t bends)
{
	double ns = 0;

	t->count = 0;
	for (size_t i = 0; i <= bends; i++) {
		t->ns[i] = ns;
		t->offset[i] = i ? true_offset(t, ns) : 1e9 * uniform();
		t->slope[i] = MAX_SLOPE * (2 * uniform() - 1);
		t->count++;
		ns += uniform() < 0.2 ?
			      5e6 * uniform() :
			      1.5 * LENGTH_NS / MAX_BENDS + exponential(2e8);
	}
}

/* Half of all limits are near the truth, on one side or on the other. */
static size_t random_limits(const struct truth *t, struct vmsync_between *e,
			    double every, double least, double more)
{
	double ns = 1e6;
	size_t n = 0;

	while (n < MAX_EVENTS && ns < LENGTH_NS) {
		double offset = true_offset(t, ns);
		double hi = least + exponential(more);
		double lo = least + exponential(more);

		if (check_rand() & 1)
			hi += exponential(1e6);
		else
			lo += exponential(1e6);
		e[n++] = (struct vmsync_between){
			.guest_ns = (int64_t)ns,
			.lo = (int64_t)floor(offset - lo),
			.hi = (int64_t)ceil(offset + hi),
		};
		ns += 1 + exponential(check_range(0, 200) ? every : 10 * every);
	}
	return n;
}

static void check_map(const struct truth *t, const struct vmsync_map *map,
		      int64_t from, int64_t to, double limit)
{
	int64_t covered = from;
	double worst = 0;

	for (size_t i = 0; i < map->count; i++) {
		CHECK(map->segments[i].guest_start.ns <= covered);
		covered = map->segments[i].guest_end.ns;
	}
	CHECK_EQ(covered, to);
	for (int i = 0; i < 20000; i++) {
		guest_time g = {from +
				(int64_t)(uniform() * (double)(to - from))};
		double error = (double)(vmsync_map_eval(map, g).ns - g.ns) -
			       true_offset(t, (double)g.ns);

		CHECK(fabs(error) <= (double)vmsync_map_bound_ns(map, g, NULL));
		worst = fmax(worst, fabs(error));
	}
	CHECK(worst <= limit);
}

static void test_one(size_t bends)
{
	static struct vmsync_between e[MAX_EVENTS];
	struct vmsync_stitch w = {
		.method = VMSYNC_METHOD_WINDOW,
		.steep = STEEP,
	};
	double least = 200 + 800 * uniform(), median;
	struct vmsync_map map;
	struct truth t;
	size_t n;

	random_truth(&t, bends);
	n = random_limits(&t, e, 3e5 + 7e5 * uniform(), least,
			  100 + 300 * uniform());
	vmsync_map_init(&map);
	CHECK(!vmsync_slack(e, n, STEEP, &w.least_ns, &median));
	w.wave_ns = 5 + 0.05 * (median - w.least_ns);
	CHECK(!vmsync_stitch_map(&w, e, n, &map));
	check_map(&t, &map, e[0].guest_ns, e[n - 1].guest_ns,
		  bends ? INFINITY : 3 * least);
	vmsync_map_free(&map);
}

/* Fewer limits than tell anything. */
static void test_few(size_t n)
{
	struct vmsync_between e[3];
	struct vmsync_stitch w = {
		.method = VMSYNC_METHOD_WINDOW,
		.steep = STEEP,
		.least_ns = 1000,
		.wave_ns = 5,
	};
	struct vmsync_map map;

	vmsync_map_init(&map);
	for (size_t i = 0; i < n; i++)
		e[i] = (struct vmsync_between){1000 + (int64_t)i * 1000000,
					       4000, 6000};
	CHECK(!vmsync_stitch_map(&w, e, n, &map));
	CHECK_EQ(map.count > 0, n > 1);
	for (size_t i = 0; i < map.count; i++)
		CHECK(map.segments[i].bound_ns >= 1000);
	vmsync_map_free(&map);
}

int main(int argc, char **argv)
{
	uint64_t first;

	check_init(argc, argv);
	first = check_seed;
	for (uint64_t i = 0; i < 60; i++) {
		check_reseed(first + i);
		test_one(i % 3 ? check_range(1, MAX_BENDS / 2) : 0);
	}
	for (size_t n = 0; n <= 3; n++)
		test_few(n);
	return check_done();
}
