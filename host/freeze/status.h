/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_FREEZE_STATUS_H
#define VMSYNC_FREEZE_STATUS_H

#include <stdio.h>

#include "freeze/recorder.h"

/** freeze_status_print() - how a flight recorder is, as JSON, a key a line */
void freeze_status_print(FILE *f, const struct freeze_recorder *r,
			 uint64_t now_ns);

#endif /* VMSYNC_FREEZE_STATUS_H */
