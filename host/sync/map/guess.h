/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_SYNC_MAP_GUESS_H
#define VMSYNC_SYNC_MAP_GUESS_H

#include "sync/map/map.h"

/**
 * vmsync_map_guess - the map of a CPU of whose clock nobody tells
 * @map:	empty
 * @like:	of another CPU: about what time it was, most likely
 * All of it is outside the evidence, and without a bound. Returns 0 or -ENOMEM.
 */
int vmsync_map_guess(struct vmsync_map *map, const struct vmsync_map *like);

/** vmsync_map_is_guess - was @map made so? */
bool vmsync_map_is_guess(const struct vmsync_map *map);

#endif /* VMSYNC_SYNC_MAP_GUESS_H */
