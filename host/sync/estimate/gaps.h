/* SPDX-License-Identifier: MIT */
/*
 * Gaps between fixes: the widest of a stretch, and which of them are wide for it.
 */
#ifndef VMSYNC_SYNC_ESTIMATE_GAPS_H
#define VMSYNC_SYNC_ESTIMATE_GAPS_H

#include <stdbool.h>
#include <stdint.h>

#define VMSYNC_GAPS 8

/**
 * struct vmsync_gap - no fix was between two guest times
 * @length:	or, of several, none for so long
 */
struct vmsync_gap {
	int64_t from;
	int64_t until;
	int64_t length;
};

/** struct vmsync_gaps - in the order of time */
struct vmsync_gaps {
	unsigned int count;
	struct vmsync_gap at[VMSYNC_GAPS];
};

/** vmsync_gaps_add - one that is behind all others; the least one may go */
void vmsync_gaps_add(struct vmsync_gaps *g, int64_t from, int64_t until);

/** vmsync_gap_is_wide - is one of @length_ns far wider than @usual_ns? */
bool vmsync_gap_is_wide(double length_ns, double usual_ns);

/**
 * vmsync_gaps_wide - leave those that are far wider than what is usual
 * @length:	of all of the stretch, ns
 * @fixes:	in it
 * Where there may be more such gaps than are known, one is left that spans all.
 */
void vmsync_gaps_wide(struct vmsync_gaps *g, int64_t length,
		      unsigned int fixes);

#endif /* VMSYNC_SYNC_ESTIMATE_GAPS_H */
