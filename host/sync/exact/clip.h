/* SPDX-License-Identifier: MIT */
/*
 * Clips: what a walk has written of a map, and what turns out behind it not to be known.
 */
#ifndef VMSYNC_SYNC_EXACT_CLIP_H
#define VMSYNC_SYNC_EXACT_CLIP_H

#include "sync/exact/walk.h"

/**
 * vmsync_clip_coarse - what comes is not known
 *
 * It may be a counter that stands still for a while: a guest's clock then reads again
 * what it read before.
 */
void vmsync_clip_coarse(struct vmsync_map *map);

/**
 * vmsync_clip_from - from guest time @first_ns on nobody knows which side of a jump is meant
 */
void vmsync_clip_from(struct vmsync_map *map, int64_t first_ns);

/**
 * vmsync_clip_jump - the clock jumped at @w->jumped, it is not known whereto
 *
 * At @at it reads @g, with the slope of @l: what it may have read in between, if it was
 * set back, has been read before the jump as well. Of such a time nobody knows which one
 * is meant.
 */
void vmsync_clip_jump(struct vmsync_walk *w, const struct vmsync_link *l,
		      int64_t at, int128 g);

/**
 * vmsync_clip_last_jump - the same where no line is known behind the jump, up to the end
 *
 * What the clock reads there a beacon tells, or a page that the host has told.
 */
void vmsync_clip_last_jump(struct vmsync_walk *w);

/**
 * vmsync_clip_left - the guest's virtual CPUs have left it for good at @left_ns
 *
 * By the host's clock; INT64_MAX: they have not. What the guest reads next it reads
 * when they have come back, after a stop perhaps, and nothing tells of that.
 */
void vmsync_clip_left(struct vmsync_map *map, int64_t left_ns);

/**
 * vmsync_clip_end - the guest's records end
 *
 * Beyond them it may have changed its line.
 */
void vmsync_clip_end(struct vmsync_map *map, int64_t guest_until_ns);

#endif /* VMSYNC_SYNC_EXACT_CLIP_H */
