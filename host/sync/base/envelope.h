/* SPDX-License-Identifier: MIT */
/*
 * An envelope: where the offset between two clocks can be at any moment, if it
 * is known at some and changes no faster than it can.
 */
#ifndef VMSYNC_SYNC_BASE_ENVELOPE_H
#define VMSYNC_SYNC_BASE_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/base/array.h"

/** struct vmsync_envelope_at - the offset is in [lo, hi] then, less a base */
struct vmsync_envelope_at {
	int64_t ns;
	double lo;
	double hi;
};

struct vmsync_envelope {
	double steep;
	VMSYNC_ARRAY(struct vmsync_envelope_at) at;
};

/** vmsync_envelope_add - known at @ns, not before the last; 0 or -ENOMEM */
int vmsync_envelope_add(struct vmsync_envelope *v, int64_t ns, double lo,
			double hi);

/** vmsync_envelope_close - all are there: each limits all the others */
void vmsync_envelope_close(struct vmsync_envelope *v);

/**
 * vmsync_envelope_error - how far off a line can be, at worst, in [@a, @b]
 * @at_a, @at_b: the line at the two ends
 * @i:		index of the last moment at or before @a; moved on to @b's
 */
double vmsync_envelope_error(const struct vmsync_envelope *v, int64_t a,
			     double at_a, int64_t b, double at_b, size_t *i);

void vmsync_envelope_free(struct vmsync_envelope *v);

#endif /* VMSYNC_SYNC_BASE_ENVELOPE_H */
