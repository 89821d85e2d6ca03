// SPDX-License-Identifier: MIT
/*
 * The hulls against all pairs of points: the same slopes are left, the same
 * points are refused, and the same lines pass.
 */
#include <math.h>

#include "check.h"
#include "sync/base/hulls.h"

#define POINTS 80
#define LIMIT  0.5

struct point {
	double x;
	double y;
	int upper;
};

/* Slopes that every pair of a lower and an upper point leaves. */
static int slopes(const struct point *p, size_t n, double *min, double *max)
{
	*min = -LIMIT;
	*max = LIMIT;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			double dx = p[i].x - p[k].x, dy = p[i].y - p[k].y;

			if (!p[i].upper || p[k].upper)
				continue;
			if (dx > 0)
				*max = fmin(*max, dy / dx);
			else if (dx < 0)
				*min = fmax(*min, dy / dx);
			else if (dy < 0)
				return 0;
		}
	}
	return *min <= *max;
}

static int near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * (1 + fabs(a) + fabs(b));
}

/* Where lines of slope @a are at x = 0, by all points. */
static void range(const struct point *p, size_t n, double a, double *low,
		  double *high)
{
	*low = -INFINITY;
	*high = INFINITY;
	for (size_t i = 0; i < n; i++) {
		double b = p[i].y - a * p[i].x;

		if (p[i].upper)
			*high = fmin(*high, b);
		else
			*low = fmax(*low, b);
	}
}

static void test_one(void)
{
	double slope = (double)check_range(0, 1000) / 2000 - 0.25, x = 0;
	double gap = (double)check_range(0, 40);
	struct point p[POINTS];
	struct vmsync_hulls c;
	size_t n = 0;

	vmsync_hulls_init(&c, LIMIT);
	for (int i = 0; i < POINTS; i++) {
		struct point *q = &p[n];
		double min, max, low, high, want_low, want_high;
		int fits, took;

		x += (double)check_range(0, 20) / 4;
		q->upper = check_rand() & 1;
		q->x = x;
		q->y = slope * x + (q->upper ? gap : -gap) +
		       (double)check_range(0, 200) / (q->upper ? 1 : -1);
		/* Now and then a bend. */
		if (!check_range(0, 30))
			slope += (double)check_range(0, 100) / 200 - 0.25;
		fits = q->upper ? vmsync_hulls_fits_upper(&c, q->x, q->y) :
				  vmsync_hulls_fits_lower(&c, q->x, q->y);
		took = q->upper ? vmsync_hulls_upper(&c, q->x, q->y) :
				  vmsync_hulls_lower(&c, q->x, q->y);
		/* Two of a kind at one x: the second is left out. */
		for (size_t k = 0; k < n; k++)
			if (p[k].upper == q->upper && p[k].x == q->x)
				goto next;
		CHECK(fits == took);
		CHECK_EQ(took, slopes(p, n + 1, &min, &max));
		if (!took)
			break;
		n++;
		CHECK(near(c.slope_min, min) && near(c.slope_max, max));
		if (!vmsync_hulls_range(&c, (min + max) / 2, &low, &high))
			continue;
		range(p, n, (min + max) / 2, &want_low, &want_high);
		CHECK(near(low, want_low) && near(high, want_high));
		CHECK(low <= high + 1e-6);
next:;
	}
}

int main(int argc, char **argv)
{
	uint64_t first;

	check_init(argc, argv);
	first = check_seed;
	for (uint64_t i = 0; i < 800; i++) {
		check_reseed(first + i);
		test_one();
	}
	return check_done();
}
