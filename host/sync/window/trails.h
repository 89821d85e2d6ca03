/* SPDX-License-Identifier: MIT */
/*
 * Trails: all of a recording's guest events, told apart at the clock's jumps
 * into trails that one offset each leads through.
 *
 * A jump shows late: at the first event that the old offset does not put into a
 * run, which is behind it, and going back from the other side at the last event
 * that the new offset does not. What is between the two fits both, and belongs
 * to neither.
 */
#ifndef VMSYNC_SYNC_WINDOW_TRAILS_H
#define VMSYNC_SYNC_WINDOW_TRAILS_H

#include "sync/window/trail.h"

/** struct vmsync_trails - in the order of time, each with its limits */
struct vmsync_trails {
	VMSYNC_ARRAY(struct vmsync_trail) all;
};

/**
 * vmsync_trails_find - by the runs of @vm
 * @trails: zeroed; to be freed by the caller in any case
 * Returns 0, -ENOMEM, or -ENOENT: there is no such offset, it is another VM, or
 * it jumps so often or so fast that it cannot be told from that.
 */
int vmsync_trails_find(const vmsync_guest_events *events,
		       const struct vmsync_vm *vm,
		       struct vmsync_trails *trails);

void vmsync_trails_free(struct vmsync_trails *trails);

#endif /* VMSYNC_SYNC_WINDOW_TRAILS_H */
