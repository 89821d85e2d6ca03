/* SPDX-License-Identifier: MIT */
/*
 * A guest's agent is asked, through vmsyncd, which pages are free: two looks, and
 * between them the host takes its own. What the agent sends is bounded before it comes.
 */
#ifndef VMSYNC_MEMORY_ASK_H
#define VMSYNC_MEMORY_ASK_H

#include "memory/pages.h"

/** struct memory_asked - an agent that is being asked; @session is of our own making */
struct memory_asked {
	int fd;
	uint32_t session;
};

/** memory_ask_open() - the guest with @serial of the vmsyncd at @control */
int memory_ask_open(struct memory_asked *a, const char *control, uint64_t serial,
		    struct ctf_error *e);

/** memory_ask_look() - have it take look 1 or 2, and wait until that is done */
int memory_ask_look(struct memory_asked *a, uint8_t look, struct ctf_error *e);

/**
 * memory_ask_fetch() - have both looks
 * @pages:	page frames that the guest may have
 * @look:	[2], the earlier one first; to be freed
 */
int memory_ask_fetch(struct memory_asked *a, uint64_t pages,
		     struct memory_look look[2], struct ctf_error *e);

/** memory_ask_close() - vmsyncd has the agent forget; after an error too */
void memory_ask_close(struct memory_asked *a);

#endif /* VMSYNC_MEMORY_ASK_H */
