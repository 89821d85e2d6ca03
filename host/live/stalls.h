/* SPDX-License-Identifier: MIT */
/* Who is attached to, and has stopped: a guest that is paused, a consumer that is stuck. */
#ifndef VMSYNC_LIVE_STALLS_H
#define VMSYNC_LIVE_STALLS_H

#include "live/group.h"

/**
 * live_stalls_look() - say which of @n members have stopped, and which go on again
 *
 * Each in one line, when it happens. An idle machine has not stopped: LTTng tells that
 * it was idle.
 */
void live_stalls_look(struct live_member *m, size_t n);

#endif /* VMSYNC_LIVE_STALLS_H */
