/* SPDX-License-Identifier: MIT */
/*
 * Where a change of a clock may have been missed: events that would have told of it were
 * lost. What comes behind them tells what the clock is by then, and since when, which may
 * be in what was lost. Until then maps end before it, and are other ones later.
 */
#ifndef VMSYNC_ONLINE_MISSED_H
#define VMSYNC_ONLINE_MISSED_H

#include "online/online_parts.h"

/**
 * online_missed_any() - whether maps wait for what comes behind lost events
 * Not for longer than for anybody who is late (struct online_how). Maps are made.
 */
bool online_missed_any(struct online *o);

#endif /* VMSYNC_ONLINE_MISSED_H */
