/* SPDX-License-Identifier: MIT */
/*
 * The best method for each stretch of time, and whether they agree.
 */
#ifndef VMSYNC_SYNC_CHOOSE_H
#define VMSYNC_SYNC_CHOOSE_H

#include "sync/session.h"

/**
 * vmsync_choose - make CPU @cpu's map out of those of all methods
 * The first method that covers a stretch has it; the others are held against
 * it, and where bounds exclude each other that is noted. Returns 0 or -ENOMEM.
 */
int vmsync_choose(struct vmsync_guest *guest, uint32_t cpu);

#endif /* VMSYNC_SYNC_CHOOSE_H */
