/* SPDX-License-Identifier: MIT */
/*
 * Jump: the stretch between what is surely before a jump of a guest's clock and
 * what is surely behind it. Events in it fit the old offset and the new one. When
 * the clock jumped is not known, so that at each moment it was on either: by what
 * the events up to there leave of the old one, or those from there on of the new.
 */
#ifndef VMSYNC_SYNC_WINDOW_JUMP_H
#define VMSYNC_SYNC_WINDOW_JUMP_H

#include "sync/map/map.h"
#include "sync/window/trail.h"

/**
 * vmsync_jump_map - append the map from the last limit of @a to the first of @b
 * @a, @b:	both have limits
 * @steep:	two clocks do not drift apart by more, ns per ns
 * @next:	the map of @b
 * @map:	is that of @a; nothing is appended if it is empty
 * Returns 0 or -ENOMEM.
 */
int vmsync_jump_map(const struct vmsync_trail *a, const struct vmsync_trail *b,
		    double steep, const struct vmsync_map *next,
		    struct vmsync_map *map);

#endif /* VMSYNC_SYNC_WINDOW_JUMP_H */
