/* SPDX-License-Identifier: MIT */
/*
 * The least delay: what both ways of an exchange take together when nothing
 * holds them up. Learned from how far apart the two sides of the corridor stay
 * over a block of beacons: the quickest way out and the quickest way back are
 * seldom those of the same exchange.
 */
#ifndef VMSYNC_SYNC_DELAY_H
#define VMSYNC_SYNC_DELAY_H

#include <stddef.h>

#include "sync/match.h"

#define VMSYNC_DELAY_BLOCK 24

/* Blocks that are remembered. */
#define VMSYNC_DELAY_BLOCKS 63

struct vmsync_delay {
	struct vmsync_beacon block[VMSYNC_DELAY_BLOCK];
	size_t n_block;
	double margins[VMSYNC_DELAY_BLOCKS];
	double excesses[VMSYNC_DELAY_BLOCKS];
	size_t n_margins;
	size_t next;
	double delay_ns;
	double excess_ns;
};

/** vmsync_beacon_delay - both ways of a whole beacon, ns; -1 if absurd */
double vmsync_beacon_delay(const struct vmsync_beacon *b);

void vmsync_delay_init(struct vmsync_delay *d);

/** vmsync_delay_learn - the next beacon */
void vmsync_delay_learn(struct vmsync_delay *d, const struct vmsync_beacon *b);

/** vmsync_delay_flush - use what there is of a block if there was none yet */
void vmsync_delay_flush(struct vmsync_delay *d);

/** vmsync_delay_ns - the least delay, ns; 0 as long as nothing is known */
double vmsync_delay_ns(const struct vmsync_delay *d);

/** vmsync_delay_excess_ns - by how much the median exchange is slower */
double vmsync_delay_excess_ns(const struct vmsync_delay *d);

#endif /* VMSYNC_SYNC_DELAY_H */
