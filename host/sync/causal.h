/* SPDX-License-Identifier: MIT */
/*
 * Causality: a message does not arrive before it was sent. A witness; it sees
 * a finished map and the four times of a beacon, no parameter of any clock.
 */
#ifndef VMSYNC_SYNC_CAUSAL_H
#define VMSYNC_SYNC_CAUSAL_H

#include <stdint.h>

#include "sync/map.h"
#include "sync/match.h"

/**
 * struct vmsync_causal - running counts
 * @checked:	pairs compared with the map
 * @violations:	those that contradict it by more than its bound
 * @worst_ns:	by how much at most, beyond the bound; 0 if none
 */
struct vmsync_causal {
	uint64_t checked;
	uint64_t violations;
	int64_t worst_ns;
};

/** vmsync_causal_check - hold beacon @b against its CPU's map */
void vmsync_causal_check(struct vmsync_causal *c, const struct vmsync_map *map,
			 const struct vmsync_beacon *b);

#endif /* VMSYNC_SYNC_CAUSAL_H */
