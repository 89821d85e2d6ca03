/* SPDX-License-Identifier: MIT */
/*
 * A trigger of LTTng as a condition: whoever made it said what it is ("lttng
 * add-trigger", with LTTng's own filters), and that it notifies. It needs liblttng-ctl,
 * which may not be there: then opening one says so.
 */
#ifndef VMSYNC_FREEZE_TRIGGER_H
#define VMSYNC_FREEZE_TRIGGER_H

#include <stddef.h>

#include "ctf/ctf.h"

struct freeze_trigger;

/** freeze_trigger_open() - listen to the trigger @name; NULL and @e: it cannot be */
struct freeze_trigger *freeze_trigger_open(const char *name, struct ctf_error *e);

/**
 * freeze_trigger_wait() - until its condition is true
 * @what:	filled in: what it captured, "": nothing
 * Return: 0, or a negative errno and @e.
 */
int freeze_trigger_wait(struct freeze_trigger *t, char *what, size_t size,
			struct ctf_error *e);

/** freeze_trigger_close() - NULL is fine */
void freeze_trigger_close(struct freeze_trigger *t);

#endif /* VMSYNC_FREEZE_TRIGGER_H */
