/* SPDX-License-Identifier: MIT */
/*
 * The mean of two clocks as the time axis. Seen over it the offset between them
 * changes its sign, and nothing else, if the clocks change their places: what is
 * computed so does not depend on which of them is the reference.
 */
#ifndef VMSYNC_SYNC_ESTIMATE_MEAN_H
#define VMSYNC_SYNC_ESTIMATE_MEAN_H

#include <stdint.h>

#include "sync/map/map.h"

/**
 * vmsync_mean_limit - a limit of the offset, put where the mean of its times is
 * @axis_ns:	the guest's time; becomes the mean
 * @host_ns:	moves as far; and by a number that is the same for all limits
 */
void vmsync_mean_limit(int64_t *axis_ns, int64_t *host_ns);

/**
 * vmsync_mean_map - the map of guest to host, from one over the mean
 * @mean:	made of such limits
 * @map:	empty; 0 or -ENOMEM
 */
int vmsync_mean_map(const struct vmsync_map *mean, struct vmsync_map *map);

#endif /* VMSYNC_SYNC_ESTIMATE_MEAN_H */
