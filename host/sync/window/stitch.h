/* SPDX-License-Identifier: MIT */
/*
 * Stitching: from many loose limits of the offset between two clocks to a map.
 */
#ifndef VMSYNC_SYNC_WINDOW_STITCH_H
#define VMSYNC_SYNC_WINDOW_STITCH_H

#include <stdint.h>

#include "sync/map/map.h"
#include "sync/window/spans.h"

/**
 * struct vmsync_stitch - what is known of limits besides themselves
 * @steep:	two clocks do not drift apart by more, ns per ns
 * @least_ns:	what the tightest limits leave between them
 * @wave_ns:	what a straight clock may be off a line
 * @epoch:	of the segments
 */
struct vmsync_stitch {
	enum vmsync_method method;
	double steep;
	double least_ns;
	double wave_ns;
	uint32_t epoch;
};

/**
 * vmsync_stitch_map - append the map of @n limits, whose times rise strictly
 * Returns 0 or -ENOMEM.
 */
int vmsync_stitch_map(const struct vmsync_stitch *w,
		      const struct vmsync_between *e, size_t n,
		      struct vmsync_map *map);

#endif /* VMSYNC_SYNC_WINDOW_STITCH_H */
