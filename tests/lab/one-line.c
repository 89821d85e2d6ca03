// SPDX-License-Identifier: MIT
/*
 * one-line: one straight line for a whole recording, as Trace Compass draws it.
 *
 * Reads beacons in the order in which the host saw them, one a line, with the stamps
 * that both sides gave them:
 *
 *	up GUEST_NS HOST_NS	sent by the guest, so that HOST_NS is later
 *	down GUEST_NS HOST_NS	sent by the host, so that GUEST_NS is later
 *
 * and prints "GUEST_NS HOST_NS SLOPE USED IGNORED": the line's host time at a guest time,
 * host ns per guest ns, and how many beacons it was drawn from or not. The method is that
 * of Jabbarifar, Dagenais and Shameli-Sendi, "Streaming Mode Incremental Clock
 * Synchronization": the line is the bisector of the steepest and the flattest one that
 * passes between the two hulls. With the first beacon that no line passes it is left as it
 * is, and what follows is ignored. Exit status 2 where there are too few beacons for a
 * line.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sync/base/hulls.h"

/* Clocks that go faster than this against each other are none. */
#define SLOPE_LIMIT 1.0

/* add - false where then no line passes */
static bool add(struct vmsync_hulls *hulls, const char *way, double guest_ns,
		double ahead_ns)
{
	return strcmp(way, "up") ?
		       vmsync_hulls_lower(hulls, guest_ns, ahead_ns) :
		       vmsync_hulls_upper(hulls, guest_ns, ahead_ns);
}

/* The bisector's slope, and where it is at guest time 0; false where a side is open. */
static bool bisector(const struct vmsync_hulls *hulls, double *slope,
		     double *ahead_ns)
{
	double low[2], high[2];

	if (hulls->slope_min == -SLOPE_LIMIT ||
	    hulls->slope_max == SLOPE_LIMIT ||
	    !vmsync_hulls_range(hulls, hulls->slope_min, &low[0], &high[0]) ||
	    !vmsync_hulls_range(hulls, hulls->slope_max, &low[1], &high[1]))
		return false;
	*slope = (hulls->slope_min + hulls->slope_max) / 2;
	/* Each of the two touches both hulls, so that its low and high are one. */
	*ahead_ns = (low[0] + high[0] + low[1] + high[1]) / 4;
	return true;
}

int main(void)
{
	static struct vmsync_hulls hulls;
	unsigned long used = 0, ignored = 0;
	int64_t guest_ns, host_ns, guest_0 = 0, host_0 = 0;
	double slope, ahead_ns;
	char way[8];

	vmsync_hulls_init(&hulls, SLOPE_LIMIT);
	while (scanf("%7s %" SCNd64 " %" SCNd64, way, &guest_ns, &host_ns) ==
	       3) {
		if (!used) {
			guest_0 = guest_ns;
			host_0 = host_ns;
		}
		if (vmsync_hulls_full(&hulls)) {
			fprintf(stderr,
				"one-line: a hull of more than %d beacons\n",
				VMSYNC_HULLS_MAX);
			return 2;
		}
		if (ignored ||
		    !add(&hulls, way, (double)(guest_ns - guest_0),
			 (double)((host_ns - host_0) - (guest_ns - guest_0))))
			ignored++;
		else
			used++;
	}
	if (!bisector(&hulls, &slope, &ahead_ns)) {
		fprintf(stderr,
			"one-line: too few beacons on the way up or down\n");
		return 2;
	}
	printf("%" PRId64 " %.3f %.15f %lu %lu\n", guest_0,
	       (double)host_0 + ahead_ns, 1 + slope, used, ignored);
	return 0;
}
