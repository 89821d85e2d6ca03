/* SPDX-License-Identifier: MIT */
/* Times that a map gives, against what they are. */
#ifndef VMSYNC_TESTS_JUDGED_H
#define VMSYNC_TESTS_JUDGED_H

#include "sync/sync.h"

/**
 * struct judged - how a map did
 * @bad:	times that are farther from the truth than the map's bound
 * @known:	times of which it says that they are known well
 */
struct judged {
	uint64_t bad;
	uint64_t known;
};

/** judge_time() - guest time @guest_ns is @host_ns; known well is to @well_ns */
static inline void judge_time(struct judged *j, const struct vmsync_map *map,
			      int64_t guest_ns, int64_t host_ns, int64_t well_ns)
{
	guest_time g = {(uint64_t)guest_ns};
	int64_t off = vmsync_map_eval(map, g).ns - host_ns;
	int64_t bound = vmsync_map_bound_ns(map, g, NULL);

	j->known += bound <= well_ns;
	j->bad += off > bound || off < -bound;
}

#endif /* VMSYNC_TESTS_JUDGED_H */
