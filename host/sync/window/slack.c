// SPDX-License-Identifier: MIT
#include "sync/window/slack.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Limits that are taken together: the clocks hardly bend meanwhile. */
#define GROUP_NS 10000000

/* The same where more is seen of the least slacks, but bends as well. */
#define LONG_NS 200000000

/* Slopes in a group are told apart to this, ns per ns. */
#define SLOPE_STEP 0.0000002

/* Of so many groups one is taken to be bent. */
#define ODD 50

typedef VMSYNC_ARRAY(double) gaps;

static double gap_at(const struct vmsync_between *e, size_t n, double slope)
{
	double upper = INFINITY, lower = -INFINITY;

	for (size_t i = 0; i < n; i++) {
		double tilt = slope * (double)(e[i].guest_ns - e->guest_ns);

		upper = fmin(upper, (double)(e[i].hi - e->lo) - tilt);
		lower = fmax(lower, (double)(e[i].lo - e->lo) - tilt);
	}
	return upper - lower;
}

/* Along the slope that leaves most; the gap is concave in the slope. */
static double gap_of(const struct vmsync_between *e, size_t n, double steep)
{
	double a = -steep, b = steep;

	while (b - a > SLOPE_STEP) {
		double x = a + (b - a) / 3, y = b - (b - a) / 3;

		if (gap_at(e, n, x) < gap_at(e, n, y))
			a = x;
		else
			b = y;
	}
	return fmax(0, gap_at(e, n, (a + b) / 2));
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The gaps of all groups of @group_ns, sorted. */
static int gaps_of(const struct vmsync_between *e, size_t n, double steep,
		   int64_t group_ns, gaps *all)
{
	for (size_t i = 0, end; i < n; i = end) {
		double *slot = vmsync_array_add(all);

		if (!slot)
			return -ENOMEM;
		for (end = i; end < n; end++)
			if (e[end].guest_ns - e[i].guest_ns >= group_ns)
				break;
		*slot = gap_of(&e[i], end - i, steep);
	}
	qsort(all->at, all->count, sizeof(*all->at), by_value);
	return 0;
}

int vmsync_slack(const struct vmsync_between *e, size_t n, double steep,
		 double *least, double *median)
{
	gaps some = {0}, many = {0};
	int err = gaps_of(e, n, steep, GROUP_NS, &some);

	if (!err)
		err = gaps_of(e, n, steep, LONG_NS, &many);
	if (!err) {
		*median = some.at[some.count / 2];
		*least = fmin(some.at[some.count / ODD],
			      many.at[many.count / 2]);
	}
	vmsync_array_free(&some);
	vmsync_array_free(&many);
	return err;
}
