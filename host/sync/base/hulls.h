/* SPDX-License-Identifier: MIT */
/*
 * Hulls: which straight lines pass below all upper points and above all lower ones,
 * which are two convex hulls with a line between them. Each kind of points is added in the order of x. Only the hulls of
 * the points are kept, and of these what can still touch a line.
 */
#ifndef VMSYNC_SYNC_BASE_HULLS_H
#define VMSYNC_SYNC_BASE_HULLS_H

#include <stdbool.h>
#include <stddef.h>

/* Points of one kind; with more of them they are full. */
#define VMSYNC_HULLS_MAX 256

struct vmsync_hulls_point {
	double x;
	double y;
};

/** struct vmsync_hull - convex hull of points of one kind, ordered by x */
struct vmsync_hull {
	size_t count;
	struct vmsync_hulls_point at[VMSYNC_HULLS_MAX];
};

/**
 * struct vmsync_hulls - @upper, and @lower with y negated
 * @slope_min, @slope_max: no line with another slope passes
 */
struct vmsync_hulls {
	struct vmsync_hull upper;
	struct vmsync_hull lower;
	double slope_min;
	double slope_max;
};

/** vmsync_hulls_init - empty; slopes within +-@limit */
void vmsync_hulls_init(struct vmsync_hulls *c, double limit);

/**
 * vmsync_hulls_upper, vmsync_hulls_lower - add a point
 * Return false, and leave @c as it was, if then no line would pass. A point
 * that is not after the last of its kind is left out.
 */
bool vmsync_hulls_upper(struct vmsync_hulls *c, double x, double y);
bool vmsync_hulls_lower(struct vmsync_hulls *c, double x, double y);

/**
 * vmsync_hulls_fits_upper, vmsync_hulls_fits_lower - would it fit?
 */
bool vmsync_hulls_fits_upper(const struct vmsync_hulls *c, double x, double y);
bool vmsync_hulls_fits_lower(const struct vmsync_hulls *c, double x, double y);

/** vmsync_hulls_full - no room for more points */
bool vmsync_hulls_full(const struct vmsync_hulls *c);

/**
 * vmsync_hulls_range - where lines of slope @a may be at x = 0
 * Returns false if there are not points of both kinds.
 */
bool vmsync_hulls_range(const struct vmsync_hulls *c, double a, double *low,
			double *high);

#endif /* VMSYNC_SYNC_BASE_HULLS_H */
