/* SPDX-License-Identifier: MIT */
/*
 * The best method for each stretch of time, and whether they agree.
 */
#ifndef VMSYNC_SYNC_SELECT_H
#define VMSYNC_SYNC_SELECT_H

#include "sync/session.h"

/**
 * vmsync_select - make CPU @cpu's map out of those of all methods
 * The first method that covers a stretch has it; the others are held against
 * it, and where bounds exclude each other that is noted. But where the clock's lines
 * say that it is steered by more than NTP does, exact alone has a say: other methods
 * take it for granted that it is not. Returns 0 or -ENOMEM.
 */
int vmsync_select(struct vmsync_guest *guest, uint32_t cpu);

#endif /* VMSYNC_SYNC_SELECT_H */
