/* SPDX-License-Identifier: MIT */
/*
 * How often, and how much, the host's and a guest's clock have bent between two of its
 * beacons, by the lines that these name and those known in between. Methods that follow
 * a clock by messages see no more than what is left of it at the next beacon: two bends
 * that cancel leave nothing.
 */
#ifndef VMSYNC_SYNC_FACTS_TILT_H
#define VMSYNC_SYNC_FACTS_TILT_H

#include "sync/facts/lines.h"
#include "sync/facts/match.h"

/** struct vmsync_tilt_side - of one kernel: the line of the last beacon */
struct vmsync_tilt_side {
	uint32_t seq;
	size_t at;
};

/** struct vmsync_tilt - of a guest and its host; zeroed to begin with */
struct vmsync_tilt {
	struct vmsync_tilt_side host;
	struct vmsync_tilt_side guest;
};

/**
 * vmsync_tilt_find - since the last call, in the order of the beacons
 * Sets @b->bends and @b->tilt.
 */
void vmsync_tilt_find(struct vmsync_tilt *tilt, const struct vmsync_lines *host,
		      const struct vmsync_lines *guest, struct vmsync_beacon *b);

#endif /* VMSYNC_SYNC_FACTS_TILT_H */
