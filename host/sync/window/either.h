/* SPDX-License-Identifier: MIT */
/*
 * Either: between two straight spans of limits the clock may have stepped from the
 * line of the one to that of the other. Where it is on one of the two lines, that
 * line keeps not only to its own span, but to all limits from there to the span.
 */
#ifndef VMSYNC_SYNC_WINDOW_EITHER_H
#define VMSYNC_SYNC_WINDOW_EITHER_H

#include "sync/window/spans.h"

/** struct vmsync_either_at - what both lines leave, from one limit to the next */
struct vmsync_either_at {
	double lo[2];
	double hi[2];
};

/**
 * struct vmsync_either - by limit, from @first on
 * @at:		at the limit, and at the next one
 */
struct vmsync_either {
	const struct vmsync_between *e;
	size_t first;
	VMSYNC_ARRAY(struct vmsync_either_at) at;
};

/**
 * vmsync_either_find - between spans @a and @b
 * @e:		all limits
 * @steep:	lines are not steeper, ns per ns
 * @base:	what offsets are less of
 * Returns 0 or -ENOMEM.
 */
int vmsync_either_find(struct vmsync_either *x, const struct vmsync_between *e,
		       const struct vmsync_span *a, const struct vmsync_span *b,
		       double steep, int64_t base);

/**
 * vmsync_either_error - how far off a line either is, at most, in [@a, @b]
 * @at_a, @at_b: the line at the two ends
 */
double vmsync_either_error(const struct vmsync_either *x, int64_t a,
			   double at_a, int64_t b, double at_b);

void vmsync_either_free(struct vmsync_either *x);

#endif /* VMSYNC_SYNC_WINDOW_EITHER_H */
