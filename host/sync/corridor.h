/* SPDX-License-Identifier: MIT */
/*
 * A corridor: which straight lines pass below all upper points and above all
 * lower ones. Each kind of points is added in the order of x. Only the hulls of
 * the points are kept, and of these what can still touch a line.
 */
#ifndef VMSYNC_SYNC_CORRIDOR_H
#define VMSYNC_SYNC_CORRIDOR_H

#include <stdbool.h>
#include <stddef.h>

/* Points of one kind; a corridor that is longer is full. */
#define VMSYNC_CORRIDOR_MAX 256

struct vmsync_corridor_point {
	double x;
	double y;
};

/** struct vmsync_hull - convex hull of points of one kind, ordered by x */
struct vmsync_hull {
	size_t count;
	struct vmsync_corridor_point at[VMSYNC_CORRIDOR_MAX];
};

/**
 * struct vmsync_corridor - @upper, and @lower with y negated
 * @slope_min, @slope_max: no line with another slope passes
 */
struct vmsync_corridor {
	struct vmsync_hull upper;
	struct vmsync_hull lower;
	double slope_min;
	double slope_max;
};

/** vmsync_corridor_init - empty; slopes within +-@limit */
void vmsync_corridor_init(struct vmsync_corridor *c, double limit);

/**
 * vmsync_corridor_upper, vmsync_corridor_lower - add a point
 * Return false, and leave @c as it was, if then no line would pass. A point
 * that is not after the last of its kind is left out.
 */
bool vmsync_corridor_upper(struct vmsync_corridor *c, double x, double y);
bool vmsync_corridor_lower(struct vmsync_corridor *c, double x, double y);

/**
 * vmsync_corridor_fits_upper, vmsync_corridor_fits_lower - would it fit?
 */
bool vmsync_corridor_fits_upper(const struct vmsync_corridor *c, double x,
				double y);
bool vmsync_corridor_fits_lower(const struct vmsync_corridor *c, double x,
				double y);

/** vmsync_corridor_full - no room for more points */
bool vmsync_corridor_full(const struct vmsync_corridor *c);

/**
 * vmsync_corridor_range - where lines of slope @a may be at x = 0
 * Returns false if there are not points of both kinds.
 */
bool vmsync_corridor_range(const struct vmsync_corridor *c, double a,
			   double *low, double *high);

#endif /* VMSYNC_SYNC_CORRIDOR_H */
