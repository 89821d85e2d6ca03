/* SPDX-License-Identifier: MIT */
/*
 * Rows: limits of the offset between two clocks, each at its own moment, told
 * apart into rows that one straight line keeps. A row's core is what is left of
 * it when all is taken off where the next or the last row's line may be in
 * force already.
 */
#ifndef VMSYNC_SYNC_ROWS_H
#define VMSYNC_SYNC_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/array.h"
#include "sync/corridor.h"

/** struct vmsync_between - host minus guest clock is in [lo, hi], ns */
struct vmsync_between {
	int64_t guest_ns;
	int64_t lo;
	int64_t hi;
};

/**
 * struct vmsync_row - a straight row of limits, and a line through it
 * @first, @last: its limits, by index
 * @core_first, @core_last: those that no neighbour's line may reach
 * @origin, @offset, @fraction, @slope: offset @offset + @fraction at @origin
 * @solid:	enough of them to tell a line
 * @bent:	it ended because the next limit did not fit
 * @gap:	it ended because the next limit is far away
 */
struct vmsync_row {
	size_t first;
	size_t last;
	size_t core_first;
	size_t core_last;
	int64_t origin;
	int64_t offset;
	double fraction;
	double slope;
	bool solid;
	bool bent;
	bool gap;
};

typedef VMSYNC_ARRAY(struct vmsync_row) vmsync_rows;

/**
 * vmsync_rows_find - tell @n limits apart into rows; times rise strictly
 * @steep:	two clocks do not drift apart by more, ns per ns
 * @half:	limits are taken to be tighter by this on both sides, ns: half
 * of what the tightest of them leave between them
 * @rows:	empty, to be freed by the caller; 0 or -ENOMEM
 */
int vmsync_rows_find(const struct vmsync_between *e, size_t n, double steep,
		     double half, vmsync_rows *rows);

/** vmsync_row_at - the row's line at @ns, less @base */
double vmsync_row_at(const struct vmsync_row *row, int64_t ns, int64_t base);

/**
 * vmsync_row_corridor - which lines pass between the limits of the row's core
 * In ns after @row->origin, and offsets less @row->offset.
 */
void vmsync_row_corridor(const struct vmsync_between *e,
			 const struct vmsync_row *row, double steep,
			 struct vmsync_corridor *c);

/**
 * vmsync_corridor_span - where lines that pass may be at @x
 * Returns false if there are not points of both kinds.
 */
bool vmsync_corridor_span(const struct vmsync_corridor *c, double x,
			  double *low, double *high);

#endif /* VMSYNC_SYNC_ROWS_H */
