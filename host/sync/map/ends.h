/* SPDX-License-Identifier: MIT */
/*
 * Where a map's evidence ends: what goes on there is a line that a clock can have,
 * and its bound grows as fast as the clocks can leave it.
 */
#ifndef VMSYNC_SYNC_MAP_ENDS_H
#define VMSYNC_SYNC_MAP_ENDS_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/map/map.h"

/**
 * vmsync_map_close - @map is whole: make it ready to be used outside its evidence
 * @drift:	what two such clocks drift apart, ns per ns
 * @outside_ns:	how far they may be off the evidence as soon as that ends
 *
 * Where a short segment that no clock's line is (it joins two that are) ends the
 * evidence or borders on a hole, another one of no length is put behind it, with the
 * slope of the nearest that is one. Sets the growth of the bound. Returns 0 or
 * -ENOMEM.
 */
int vmsync_map_close(struct vmsync_map *map, double drift, int64_t outside_ns);

/** vmsync_map_drift_ppb - the fastest that the clocks drift apart in @map */
int64_t vmsync_map_drift_ppb(const struct vmsync_map *map);

/**
 * vmsync_map_is_steep - whether one clock in @map is steered by more than NTP
 * For at least a millisecond in a row, by no more than the length of ticks can make
 * of it. What takes for granted that no clock is says nothing of such a one.
 */
bool vmsync_map_is_steep(const struct vmsync_map *map);

#endif /* VMSYNC_SYNC_MAP_ENDS_H */
