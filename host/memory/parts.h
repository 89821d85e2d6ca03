/* SPDX-License-Identifier: MIT */
/*
 * A guest's memory in parts of equal size, of each of which one page is watched, and what
 * may be concluded from these about the whole.
 */
#ifndef VMSYNC_MEMORY_PARTS_H
#define VMSYNC_MEMORY_PARTS_H

#include "memory/slots.h"

/** struct memory_part - addresses in QEMU's process, whole pages */
struct memory_part {
	uint64_t begin;
	uint64_t end;
};

/** struct memory_parts - [@n] of them, in order, none in another */
struct memory_parts {
	struct memory_part *part;
	size_t n;
};

/**
 * memory_parts_make() - of all slots, and of nothing else
 * @pages:	of each; the last one of what lies together may have fewer
 * Return: 0, to be freed, or a negative errno and @e.
 */
int memory_parts_make(struct memory_parts *p, const struct memory_slots *s,
		      uint64_t pages, struct ctf_error *e);

/** memory_parts_free() - all 0 is fine */
void memory_parts_free(struct memory_parts *p);

/** memory_parts_bytes() - all of them */
uint64_t memory_parts_bytes(const struct memory_parts *p);

/**
 * struct memory_estimate - bytes
 * @bytes:	parts whose page was touched; what is expected is the truth
 * @least, @most: between them the truth is, in at least 95 of 100 such looks
 */
struct memory_estimate {
	uint64_t bytes;
	uint64_t least;
	uint64_t most;
};

/** memory_parts_estimate() - of parts of @bytes in all the page was touched */
struct memory_estimate memory_parts_estimate(const struct memory_parts *p,
					     uint64_t bytes);

#endif /* VMSYNC_MEMORY_PARTS_H */
