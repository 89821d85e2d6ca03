/* SPDX-License-Identifier: MIT */
/*
 * Causality: a message does not arrive before it was sent. A witness; it sees
 * a finished map and the four times of a beacon, no parameter of any clock.
 */
#ifndef VMSYNC_SYNC_WITNESS_CAUSAL_H
#define VMSYNC_SYNC_WITNESS_CAUSAL_H

#include <stdint.h>

#include "sync/facts/match.h"
#include "sync/map/map.h"

/**
 * struct vmsync_causal - running counts
 * @checked:	pairs compared with the map
 * @violations:	those that contradict it by more than its bound
 * @worst_ns:	by how much at most, beyond the bound; 0 if none
 * @tsc_checked, @tsc_violations: the same by the two TSCs alone, no map
 * @near:	where the last time was found in its map
 */
struct vmsync_causal {
	uint64_t checked;
	uint64_t violations;
	int64_t worst_ns;
	uint64_t tsc_checked;
	uint64_t tsc_violations;
	size_t near;
};

/** struct vmsync_times - the times of a beacon, all that is kept for later */
struct vmsync_times {
	uint32_t cpu;
	bool gh;
	bool hg;
	int64_t gh_guest_ns;
	int64_t gh_host_ns;
	int64_t hg_host_ns;
	int64_t hg_guest_ns;
};

/** vmsync_causal_check - hold the times of a beacon against its CPU's map */
void vmsync_causal_check(struct vmsync_causal *c, const struct vmsync_map *map,
			 const struct vmsync_times *b);

/**
 * vmsync_causal_tsc - hold the TSCs that @b claims against the host's
 * By the virtual CPU's offset and ratio, which the host has from KVM.
 */
void vmsync_causal_tsc(struct vmsync_causal *c, const struct vmsync_beacon *b);

#endif /* VMSYNC_SYNC_WITNESS_CAUSAL_H */
