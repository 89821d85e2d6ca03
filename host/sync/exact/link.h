/* SPDX-License-Identifier: MIT */
/*
 * Links: the chain between two kernels' clocks as a line over the axis of host
 * TSC, and how two such lines lie to each other.
 */
#ifndef VMSYNC_SYNC_EXACT_LINK_H
#define VMSYNC_SYNC_EXACT_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/base/chain.h"

/* How far apart the two points are that give a link its direction, host cycles.
 */
#define VMSYNC_SPAN ((int64_t)1 << 32)

/* More than rounding takes from any reading, q32. */
#define VMSYNC_ROUNDING (4 * Q32)

/* A guest clock set back by no more may have been read on both sides, q32. */
#define VMSYNC_SMALL_STEP (1000000 * Q32)

/**
 * struct vmsync_link - a chain that can be evaluated
 * @tsc_ref:	origin of the axis
 * @loss:	the most that rounding takes from a guest's reading, q32
 * @valid:	nothing of it is missing
 */
struct vmsync_link {
	struct vmsync_chain chain;
	uint64_t tsc_ref;
	int128 loss;
	bool valid;
};

/** struct vmsync_point - guest's and host's clock at one moment, q32 */
struct vmsync_point {
	int128 g;
	int128 h;
};

static inline int128 vmsync_greater(int128 a, int128 b)
{
	return a > b ? a : b;
}

/** vmsync_link_at - both clocks at a point of the axis; false: beyond all time
 */
bool vmsync_link_at(const struct vmsync_link *l, int64_t at,
		    struct vmsync_point *p);

/** vmsync_link_direction - of the link, from far apart points */
bool vmsync_link_direction(const struct vmsync_link *l, int64_t at,
			   struct vmsync_point *d);

/** vmsync_link_by_slope - @guest ns (q32) in host ns (q32) by the slope of @d
 */
int128 vmsync_link_by_slope(int128 guest, const struct vmsync_point *d);

/** vmsync_link_cycles - host cycles that @d takes for @host ns (q32), and one
 */
int64_t vmsync_link_cycles(int128 host, const struct vmsync_point *d);

/** vmsync_link_apart - how far two links are apart at @at at most, host ns, q32
 */
bool vmsync_link_apart(const struct vmsync_link *p, const struct vmsync_link *q,
		       int64_t at, int128 *out);

/**
 * vmsync_link_middle - a guest time that both links may have given
 * @out:	that of @q at @at, in the middle of the two host times that it
 * then had
 */
bool vmsync_link_middle(const struct vmsync_link *p,
			const struct vmsync_link *q, int64_t at,
			struct vmsync_point *out);

/**
 * vmsync_link_overlap - cycles by which @p is ahead of @q at @at
 * And a few ns more for rounding: so far a reading of the one may stand among
 * those of the other. 0 if that is no small step.
 */
int64_t vmsync_link_overlap(const struct vmsync_link *p,
			    const struct vmsync_link *q, int64_t at);

#endif /* VMSYNC_SYNC_EXACT_LINK_H */
