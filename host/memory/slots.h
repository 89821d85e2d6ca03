/* SPDX-License-Identifier: MIT */
/*
 * Where a guest's physical memory lies in QEMU's: as QEMU itself says, which is right
 * for every machine, with memory that was plugged in as well. It is never guessed of
 * sizes, and nothing of the guest's takes part in it.
 */
#ifndef VMSYNC_MEMORY_SLOTS_H
#define VMSYNC_MEMORY_SLOTS_H

#include "memory/monitor.h"

#define MEMORY_SLOTS 512

/**
 * struct memory_slot - a part of it, in order, none in another
 * @page:	its first page frame in the guest
 * @pages:	how many
 * @address:	of the first one in QEMU's process
 * @name:	as QEMU calls the block that it is in
 */
struct memory_slot {
	uint64_t page;
	uint64_t pages;
	uint64_t address;
	char name[64];
};

/** struct memory_slots - [@n] of them, @pages in all */
struct memory_slots {
	struct memory_slot slot[MEMORY_SLOTS];
	size_t n;
	uint64_t pages;
};

/** memory_slots_ask() - ask QEMU; 0 or a negative errno and @e */
int memory_slots_ask(struct memory_slots *s, struct memory_monitor *m,
		     struct ctf_error *e);

/** memory_slots_parse() - of the text of "info mtree -f", but for addresses */
int memory_slots_parse(struct memory_slots *s, const char *text,
		       struct ctf_error *e);

/** memory_slots_pages() - the page frame behind the last one */
static inline uint64_t memory_slots_pages(const struct memory_slots *s)
{
	return s->n ? s->slot[s->n - 1].page + s->slot[s->n - 1].pages : 0;
}

#endif /* VMSYNC_MEMORY_SLOTS_H */
