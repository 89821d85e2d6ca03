/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_FREEZE_VERBS_H
#define VMSYNC_FREEZE_VERBS_H

#include "freeze/recorder.h"

/** freeze_verb() - a message of vmsyncd's: what somebody asks; it is changed */
void freeze_verb(struct freeze_recorder *r, char *message, uint64_t now_ns);

#endif /* VMSYNC_FREEZE_VERBS_H */
