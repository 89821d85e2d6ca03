/* SPDX-License-Identifier: MIT */
/*
 * The map for events of which nobody knows the virtual CPU: buffers that all CPUs
 * share, or a CPU without evidence of its own. It is the line of one of the
 * guest's maps with a bound that covers all of them.
 */
#ifndef VMSYNC_SYNC_MAP_ANYONE_H
#define VMSYNC_SYNC_MAP_ANYONE_H

#include "sync/map/map.h"

/**
 * vmsync_anyone_make - make @gm's map of anyone, from all others
 *
 * To be called whenever its maps have changed. Where they are all the same, to
 * the bit, there is none: any of them will do. Returns 0 or -ENOMEM.
 */
int vmsync_anyone_make(struct vmsync_guest_map *gm);

#endif /* VMSYNC_SYNC_MAP_ANYONE_H */
