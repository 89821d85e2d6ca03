/* SPDX-License-Identifier: MIT */
/* What a guest's balloon says of its memory: numbers, and no pages. */
#ifndef VMSYNC_MEMORY_BALLOON_H
#define VMSYNC_MEMORY_BALLOON_H

#include "memory/monitor.h"

/**
 * struct memory_balloon - as QEMU tells it
 * @there:	there is one
 * @reports:	it has the guest report free pages
 * @actual:	bytes that the guest has been left
 * @told_s:	when the guest last told of itself, REALTIME; 0: never did
 * @free, @available, @total: bytes, as the guest told
 */
struct memory_balloon {
	bool there;
	bool reports;
	uint64_t actual;
	uint64_t told_s;
	uint64_t free;
	uint64_t available;
	uint64_t total;
};

/** memory_balloon_ask() - 0, also where there is none, or a negative errno and @e */
int memory_balloon_ask(struct memory_balloon *b, struct memory_monitor *m,
		       struct ctf_error *e);

#endif /* VMSYNC_MEMORY_BALLOON_H */
