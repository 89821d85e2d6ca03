/* SPDX-License-Identifier: MIT */
/*
 * Spans: limits of the offset between two clocks, each at its own moment, told
 * apart into spans that one straight line keeps. A span's interior is what is left
 * of it when all is taken off where the next or the last span's line may be in force
 * already.
 */
#ifndef VMSYNC_SYNC_WINDOW_SPANS_H
#define VMSYNC_SYNC_WINDOW_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/base/array.h"
#include "sync/base/hulls.h"

/** struct vmsync_between - host minus guest clock is in [lo, hi], ns */
struct vmsync_between {
	int64_t guest_ns;
	int64_t lo;
	int64_t hi;
};

/**
 * struct vmsync_span - a straight span of limits, and a line through it
 * @first, @last: its limits, by index
 * @interior_first, @interior_last: those that no neighbour's line may reach
 * @origin, @offset, @fraction, @slope: offset @offset + @fraction at @origin
 * @solid:	enough of them to tell a line
 * @bent:	it ended because the next limit did not fit
 * @gap:	it ended because the next limit is far away
 */
struct vmsync_span {
	size_t first;
	size_t last;
	size_t interior_first;
	size_t interior_last;
	int64_t origin;
	int64_t offset;
	double fraction;
	double slope;
	bool solid;
	bool bent;
	bool gap;
};

typedef VMSYNC_ARRAY(struct vmsync_span) vmsync_spans;

/**
 * vmsync_spans_find - tell @n limits apart into spans; times rise strictly
 * @steep:	two clocks do not drift apart by more, ns per ns
 * @half:	limits are taken to be tighter by this on both sides, ns: half
 * of what the tightest of them leave between them
 * @spans:	empty, to be freed by the caller; 0 or -ENOMEM
 */
int vmsync_spans_find(const struct vmsync_between *e, size_t n, double steep,
		      double half, vmsync_spans *spans);

/** vmsync_span_at - the span's line at @ns, less @base */
double vmsync_span_at(const struct vmsync_span *span, int64_t ns, int64_t base);

/**
 * vmsync_span_hull - which lines pass between the limits of the span's interior
 * In ns after @span->origin, and offsets less @span->offset.
 */
void vmsync_span_hull(const struct vmsync_between *e,
		      const struct vmsync_span *span, double steep,
		      struct vmsync_hulls *c);

/**
 * vmsync_hulls_span - where lines that pass may be at @x
 * Returns false if there are not points of both kinds.
 */
bool vmsync_hulls_span(const struct vmsync_hulls *c, double x, double *low,
		       double *high);

#endif /* VMSYNC_SYNC_WINDOW_SPANS_H */
