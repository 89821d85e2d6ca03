/* SPDX-License-Identifier: MIT */
/*
 * How long both ways of an exchange take together: the quickest of late, when
 * nothing held it up, and a usual one. It may change with the machine's load
 * and frequency, so old exchanges are forgotten.
 */
#ifndef VMSYNC_SYNC_ESTIMATE_MIN_DELAY_H
#define VMSYNC_SYNC_ESTIMATE_MIN_DELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "sync/facts/match.h"

/* Beacons whose median is taken, and medians whose median is. */
#define VMSYNC_MIN_DELAY_BLOCK  25
#define VMSYNC_MIN_DELAY_BLOCKS 63

/* Blocks whose quickest exchange counts. */
#define VMSYNC_MIN_DELAY_RECENT 16

/**
 * struct vmsync_min_delay - see above
 * @crossing:	the legs of a beacon are messages that know nothing of each other
 */
struct vmsync_min_delay {
	bool crossing;
	double block[VMSYNC_MIN_DELAY_BLOCK];
	size_t n_block;
	double medians[VMSYNC_MIN_DELAY_BLOCKS];
	size_t n_medians;
	size_t next;
	double least[VMSYNC_MIN_DELAY_RECENT];
	size_t n_least;
	double block_least;
	double least_ns;
	double usual_ns;
};

/**
 * vmsync_beacon_delay - both ways of a whole beacon, ns; -1 if absurd
 * @crossing:	the answer may leave before the request comes
 */
double vmsync_beacon_delay(const struct vmsync_beacon *b, bool crossing);

/** vmsync_min_delay_init - nothing is known yet */
void vmsync_min_delay_init(struct vmsync_min_delay *d, bool crossing);

/** vmsync_min_delay_learn - the next beacon */
void vmsync_min_delay_learn(struct vmsync_min_delay *d,
			    const struct vmsync_beacon *b);

/** vmsync_min_delay_flush - use what there is of a block if there was none yet */
void vmsync_min_delay_flush(struct vmsync_min_delay *d);

/** vmsync_min_delay_ns - the least delay, ns; 0 as long as nothing is known */
double vmsync_min_delay_ns(const struct vmsync_min_delay *d);

/** vmsync_min_delay_excess_ns - by how much a usual exchange is slower */
double vmsync_min_delay_excess_ns(const struct vmsync_min_delay *d);

#endif /* VMSYNC_SYNC_ESTIMATE_MIN_DELAY_H */
