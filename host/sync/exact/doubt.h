/* SPDX-License-Identifier: MIT */
/*
 * Doubt: when a kernel went from one line of its clock to the next is known to
 * lie between two moments only. What may be of either line is mapped to the
 * middle. Documentation/accuracy.rst says how, "Where a line changes".
 */
#ifndef VMSYNC_SYNC_EXACT_DOUBT_H
#define VMSYNC_SYNC_EXACT_DOUBT_H

#include "sync/exact/walk.h"

/* A stretch that is longer has its doubt on the new piece, host cycles. */
#define VMSYNC_MAX_BRIDGE ((int64_t)1 << 18)

/**
 * vmsync_walk_join_line - a kernel went from @p to @q, somewhere in [@z0, @z1]
 * @z1:		set to where the piece of @q begins
 * @error:	set to what that may be wrong by
 * Returns 0 or -ENOMEM.
 */
int vmsync_walk_join_line(struct vmsync_walk *w, const struct vmsync_link *p,
			  const struct vmsync_link *q, int64_t z0, int64_t *z1,
			  int128 *error);

/**
 * vmsync_walk_piece_in_doubt - a piece of @now
 * Its first part may be under the lines before the last change, and readings of
 * those before these may reach into it. Returns 0 or -ENOMEM.
 */
int vmsync_walk_piece_in_doubt(struct vmsync_walk *w,
			       const struct vmsync_link *now, int64_t from,
			       int64_t until, int128 error);

#endif /* VMSYNC_SYNC_EXACT_DOUBT_H */
