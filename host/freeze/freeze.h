/* SPDX-License-Identifier: MIT */
/* One freeze of a flight recorder, from its request to what is proven of it. */
#ifndef VMSYNC_FREEZE_FREEZE_H
#define VMSYNC_FREEZE_FREEZE_H

#include "freeze/recorder.h"

/**
 * freeze_begin() - begin the one that @r->now describes: of what, who asked and why
 * Its number, its folder and when it was begun are filled in. Nothing is waited for.
 */
void freeze_begin(struct freeze_recorder *r, uint64_t now_ns);

/** freeze_tick() - go on with it, as far as it goes now */
void freeze_tick(struct freeze_recorder *r, uint64_t now_ns);

#endif /* VMSYNC_FREEZE_FREEZE_H */
