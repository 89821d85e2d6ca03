/* SPDX-License-Identifier: MIT */
/*
 * Winding: from many loose limits of the offset between two clocks to a map.
 */
#ifndef VMSYNC_SYNC_WINDING_H
#define VMSYNC_SYNC_WINDING_H

#include <stdint.h>

#include "sync/map.h"
#include "sync/rows.h"

/**
 * struct vmsync_winding - what is known of limits besides themselves
 * @steep:	two clocks do not drift apart by more, ns per ns
 * @least_ns:	what the tightest limits leave between them
 * @wave_ns:	what a straight clock may be off a line
 * @epoch:	of the segments
 */
struct vmsync_winding {
	enum vmsync_method method;
	double steep;
	double least_ns;
	double wave_ns;
	uint32_t epoch;
};

/**
 * vmsync_winding_map - append the map of @n limits, whose times rise strictly
 * Returns 0 or -ENOMEM.
 */
int vmsync_winding_map(const struct vmsync_winding *w,
		       const struct vmsync_between *e, size_t n,
		       struct vmsync_map *map);

#endif /* VMSYNC_SYNC_WINDING_H */
