/* SPDX-License-Identifier: MIT */
/*
 * Falls: KVM gave a virtual CPU another kvm-clock page while a kernel's line was not
 * known, or it is not known which page it had, or until when it ran with it before it was
 * stopped. What its clock read before may be ahead of what it reads then, and stands among
 * the readings behind.
 */
#ifndef VMSYNC_SYNC_EXACT_FALL_H
#define VMSYNC_SYNC_EXACT_FALL_H

#include "sync/exact/walk.h"

/**
 * vmsync_walk_fall - the page in force, if it is another one than was looked at last
 * Lets what was read before it spill over into what comes.
 */
void vmsync_walk_fall(struct vmsync_walk *w);

#endif /* VMSYNC_SYNC_EXACT_FALL_H */
