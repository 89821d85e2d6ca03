/* SPDX-License-Identifier: MIT */
/*
 * Which classes of a trace tell of pages, and of who runs, and where their numbers are:
 * by LTTng's names, as ftrace calls them, and as perf does.
 */
#ifndef VMSYNC_MEMORY_KINDS_H
#define VMSYNC_MEMORY_KINDS_H

#include <stdbool.h>

#include "ctf/ctf.h"

/**
 * enum memory_kind - what an event of a class tells
 * @MEMORY_EV_THREAD:	a thread, and whose it is
 * @MEMORY_EV_FAULT:	of the host: a guest touched a page that it had not given
 * @MEMORY_EV_EXIT:	of the host: perhaps the same
 */
enum memory_kind {
	MEMORY_EV_NONE,
	MEMORY_EV_ALLOC,
	MEMORY_EV_FREED,
	MEMORY_EV_SWITCH,
	MEMORY_EV_THREAD,
	MEMORY_EV_FAULT,
	MEMORY_EV_EXIT,
};

/** enum memory_number - numbers of an event; the last two are contexts */
enum memory_number {
	MEMORY_OF_PAGE,
	MEMORY_OF_ORDER,
	MEMORY_OF_TID,
	MEMORY_OF_PID,
	MEMORY_OF_LEFT,
	MEMORY_OF_ADDRESS,
	MEMORY_OF_REASON,
	MEMORY_OF_ISA,
	MEMORY_OF_CURRENT,
	MEMORY_OF_PROCESS,
	MEMORY_NUMBERS,
};

/**
 * struct memory_class - a class of events
 * @fork:	the thread is a new one
 * @name:	if @named, of @MEMORY_OF_TID, or where there is none of @MEMORY_OF_CURRENT
 * @left_name:	if @left_named, of @MEMORY_OF_LEFT
 */
struct memory_class {
	enum memory_kind kind;
	bool fork;
	bool has[MEMORY_NUMBERS];
	struct ctf_field field[MEMORY_NUMBERS];
	bool named;
	bool left_named;
	struct ctf_field name;
	struct ctf_field left_name;
};

/** memory_class_init() - of the host's trace, or of a guest's; all 0 before */
void memory_class_init(struct memory_class *c, const struct ctf_class *cls, bool host);

/** memory_class_number() - of an event of the class, or @otherwise */
int64_t memory_class_number(const struct memory_class *c, const struct ctf_event *ev,
			    enum memory_number which, int64_t otherwise);

#endif /* VMSYNC_MEMORY_KINDS_H */
