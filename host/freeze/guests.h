/* SPDX-License-Identifier: MIT */
/* The guests of a flight recorder: they come and go while it runs. */
#ifndef VMSYNC_FREEZE_GUESTS_H
#define VMSYNC_FREEZE_GUESTS_H

#include "freeze/recorder.h"

/** freeze_guests_look() - which guests there are now; not while a freeze is under way */
void freeze_guests_look(struct freeze_recorder *r, uint64_t now_ns);

/** freeze_guests_tick() - what each is to be asked now */
void freeze_guests_tick(struct freeze_recorder *r, uint64_t now_ns);

/** freeze_guests_end() - nothing of it is left in any */
void freeze_guests_end(struct freeze_recorder *r);

/** freeze_guest_is() - how it is, in a word or two */
const char *freeze_guest_is(const struct record_guest *g);

#endif /* VMSYNC_FREEZE_GUESTS_H */
