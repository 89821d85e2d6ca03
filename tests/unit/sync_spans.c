// SPDX-License-Identifier: MIT
/*
 * Limits that are laid where a line is told or not told by little: what the map
 * says holds, and it is as tight as the limits allow. Each case is near one rule of
 * spans.c or stitch.c, and fails if that rule is half or twice as strict.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "sync/window/stitch.h"

#define STEEP	0.0011
#define WAVE_NS 5.0
#define HALF	500.0
#define TIGHT	(1.02 * HALF)
#define LOOSE	1000000.0
/* The tightest limits leave so much over what the clocks may drift apart, ns. */
#define UNIT	(2 * HALF / STEEP)
#define START	1000000000.0
#define OFFSET	500000000.0
#define TIMES	20000
#define POINTS	16
#define LIMITS	512

/**
 * struct world - an offset that is straight from point to point, and its limits
 * @half:	what the tightest leave on either side of a line, ns
 */
struct world {
	double half;
	size_t points;
	double ns[POINTS];
	double off[POINTS];
	size_t n;
	struct vmsync_between e[LIMITS];
	struct vmsync_map map;
};

static struct world w;

static void begin(double half)
{
	memset(&w, 0, sizeof(w));
	w.half = half;
	vmsync_map_init(&w.map);
}

/* The offset is @off at @ns, and goes there straight from the last point. */
static void point(double ns, double off)
{
	w.ns[w.points] = ns;
	w.off[w.points++] = off;
}

static double truth(double ns)
{
	size_t i = 0;

	while (i + 2 < w.points && w.ns[i + 1] <= ns)
		i++;
	return OFFSET + w.off[i] +
	       (w.off[i + 1] - w.off[i]) * (ns - w.ns[i]) /
		       (w.ns[i + 1] - w.ns[i]);
}

/* A limit at @ns: the offset may be so much less and more than @off. */
static void limit(double ns, double off, double less, double more)
{
	double at = floor(START + ns);

	w.e[w.n++] = (struct vmsync_between){
		.guest_ns = (int64_t)at,
		.lo = (int64_t)floor(OFFSET + off - less),
		.hi = (int64_t)ceil(OFFSET + off + more),
	};
}

/* @n limits about the truth, from @ns on, one each @every. */
static void limits(size_t n, double ns, double every, double play)
{
	for (size_t i = 0; i < n; i++)
		limit(ns + (double)i * every,
		      truth(ns + (double)i * every) - OFFSET, play, play);
}

/* Makes the map; nowhere is it farther off than it says. */
static void check_bounds(void)
{
	const struct vmsync_stitch stitch = {
		.method = VMSYNC_METHOD_WINDOW,
		.steep = STEEP,
		.least_ns = 2 * (w.half + WAVE_NS),
		.wave_ns = WAVE_NS,
	};
	int64_t from = w.e[0].guest_ns, to = w.e[w.n - 1].guest_ns;
	int over = 0;

	CHECK_EQ(vmsync_stitch_map(&stitch, w.e, w.n, &w.map), 0);
	CHECK(w.map.count > 0);
	for (int i = 0; i <= TIMES; i++) {
		guest_time g = {from + (to - from) / TIMES * i};
		double off = (double)(vmsync_map_eval(&w.map, g).ns - g.ns);

		over += fabs(off - truth((double)g.ns - START)) >
			(double)vmsync_map_bound_ns(&w.map, g, NULL);
	}
	CHECK_EQ(over, 0);
}

static double bound_at(double ns)
{
	guest_time g = {(int64_t)(START + ns)};

	return (double)vmsync_map_bound_ns(&w.map, g, NULL);
}

static void end(void)
{
	vmsync_map_free(&w.map);
}

/* Twenty limits on one line, and between two of them the clock is off it. */
static void test_few(void)
{
	const double every = 15 * UNIT;

	begin(HALF);
	point(0, 0);
	point(9 * every, 0);
	point(9.5 * every, 0.0009 * every / 2);
	point(10 * every, 0);
	point(19 * every, 0);
	limits(20, 0, every, TIGHT);
	check_bounds();
	end();
}

/* Limits come in pairs, and the clock is straight: this is no gap after each. */
static void test_pairs(void)
{
	const double every = 15 * UNIT;

	begin(HALF);
	point(0, 0);
	point(60 * every, 1000);
	for (int i = 0; i < 60; i++)
		limits(2, i * every, 2000, TIGHT);
	check_bounds();
	CHECK(bound_at(30.5 * every) < 2 * HALF);
	end();
}

/*
 * Two lines that cross, and where they do no limit for 26 units, while the clock is
 * on neither. No gap, as the other limits are a unit apart.
 */
static void test_away(void)
{
	const double a = 99 * UNIT, b = 125 * UNIT, tilt = 0.0002;

	begin(HALF);
	point(0, 0);
	point(a, 0);
	point((a + b) / 2, 0.0009 * (b - a) / 2);
	point(b, tilt * (b - a) / 2);
	point(b + 99 * UNIT, tilt * ((b - a) / 2 + 99 * UNIT));
	limits(100, 0, UNIT, TIGHT);
	limits(100, b, UNIT, TIGHT);
	check_bounds();
	end();
}

/*
 * A line for 48 units between two others that is seen by a tight limit at its begin,
 * two in its middle and @more at its end; the rest of its first half is @play wide.
 * Limits are wide in its second half, where the clock leaves the line. Its begin does
 * not show that the line is in force, and it was not for long.
 */
static void test_unseen(double play, size_t more)
{
	const double a = 99 * UNIT, from = a + 2 * UNIT, tilt = -0.0005;
	const double b = from + (45 + (double)more) * UNIT;
	const double leave = a + 25 * UNIT, back = leave + 20 * UNIT;

	begin(HALF);
	point(0, 0);
	point(a, 0);
	point(leave, (leave - a) * tilt);
	point((leave + back) / 2, (leave - a) * tilt + 10 * UNIT * 0.0004);
	point(back, (back - a) * tilt);
	point(b, (b - a) * tilt);
	point(b + 99 * UNIT, (b - a) * tilt + 99 * UNIT * 0.0003);
	limits(100, 0, UNIT, TIGHT);
	limits(1, from, UNIT, TIGHT);
	limits(20, from + UNIT, UNIT, play);
	limits(2, from + 21 * UNIT, UNIT, TIGHT);
	limits(22, from + 23 * UNIT, UNIT, LOOSE);
	limits(more, from + 45 * UNIT, UNIT, TIGHT);
	limits(100, b, UNIT, TIGHT);
	check_bounds();
	end();
}

/* A sharp breakpoint, and tight limits: three of them show the line again. */
static void test_soon(void)
{
	const double every = 2 * UNIT, at = 59.5 * every;
	double after;

	begin(HALF);
	point(0, 0);
	point(at, 0);
	point(120 * every, 0.0009 * (120 * every - at));
	limits(120, 0, every, 1.6 * HALF);
	check_bounds();
	after = bound_at(90 * every);
	CHECK(after < 2 * HALF);
	CHECK(bound_at(55.5 * every) > 1.2 * after);
	CHECK(bound_at(63.5 * every) > 1.2 * after);
	CHECK(bound_at(54.5 * every) < 1.1 * after);
	CHECK(bound_at(64.5 * every) < 1.1 * after);
	end();
}

/*
 * A clock that drifts a little, for twice as long as a span may be. The limits at
 * both ends are tight, in between they leave room for a line above the clock.
 */
static void test_sag(double half, double length)
{
	const int n = 200;

	begin(half);
	for (int i = 0; i < POINTS; i++) {
		double x = 2.0 * i / (POINTS - 1) - 1;

		point(length * i / (POINTS - 1), 1.6 * half * (x * x - 1));
	}
	for (int i = 0; i <= n; i++) {
		bool tight = i < 2 || i > n - 2;
		double ns = length * i / n, off = truth(ns) - OFFSET;

		limit(ns, off, 1.02 * half,
		      tight ? 1.02 * half : 1.1 * half - off);
	}
	check_bounds();
	end();
}

/* Where lines pass, against each slope of many. */
static void test_extremes(void)
{
	struct vmsync_hulls c;
	double low, high, lo, hi;

	vmsync_hulls_init(&c, STEEP);
	for (int i = 0; i < 40; i++) {
		double x = i * UNIT + (double)check_range(0, (uint64_t)UNIT / 2);

		vmsync_hulls_upper(&c, x, HALF + (double)check_range(0, 5000));
		vmsync_hulls_lower(&c, x, -HALF - (double)check_range(0, 5000));
	}
	for (double x = -10 * UNIT; x < 50 * UNIT; x += UNIT) {
		CHECK(vmsync_hulls_span(&c, x, &low, &high));
		for (int i = 0; i <= 1000; i++) {
			double a = c.slope_min +
				   (c.slope_max - c.slope_min) * i / 1000;

			if (!vmsync_hulls_range(&c, a, &lo, &hi) || lo > hi)
				continue;
			CHECK(hi + a * x <= high + 0.001);
			CHECK(lo + a * x >= low - 0.001);
		}
	}
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	test_few();
	test_pairs();
	test_away();
	test_unseen(LOOSE, 0);
	test_unseen(3.4 * HALF, 4);
	test_soon();
	test_sag(HALF, 4000 * UNIT);
	test_sag(20000, 40e9);
	for (int i = 0; i < 20; i++)
		test_extremes();
	return check_done();
}
