/* SPDX-License-Identifier: MIT */
/*
 * What the host holds of a guest's memory: the pages that QEMU's process has, by page
 * frame of the guest.
 *
 * Only one process is looked at, and of it only which pages it has, never what is in
 * them: a guest, or a QEMU that a guest has taken over, cannot make this read anything
 * else, whatever addresses it tells.
 */
#ifndef VMSYNC_MEMORY_HELD_H
#define VMSYNC_MEMORY_HELD_H

#include "memory/pages.h"
#include "memory/slots.h"

/**
 * struct memory_process - a process that stays the same one, whoever gets its number
 * @scan:	the kernel tells ranges (PAGEMAP_SCAN, Linux 6.7), and there is nothing that
 *		only single pages tell; else each page is read
 */
struct memory_process {
	int32_t pid;
	bool scan;
	int dir;
	int pagemap;
	int flags;
};

/**
 * struct memory_held - one look
 * @begin_ns, @end_ns: on the host's CLOCK_MONOTONIC
 * @present:	pages of memory that are there for this guest alone
 * @swapped:	pages that are in the host's swap
 * @merged:	pages that KSM has it share
 * @zero:	pages that are the kernel's page of zeros: they cost nothing
 * @huge:	pages of @present in transparent huge pages
 * @hugetlb:	pages of @present in pages of hugetlbfs, which only go whole
 * @shared:	pages of @present that are a file's, or may be another process' too
 */
struct memory_held {
	int64_t begin_ns;
	int64_t end_ns;
	struct memory_pages present;
	struct memory_pages swapped;
	struct memory_pages merged;
	uint64_t zero;
	uint64_t huge;
	uint64_t hugetlb;
	uint64_t shared;
};

/** memory_process_open() - 0 or a negative errno and @e */
int memory_process_open(struct memory_process *p, int32_t pid, struct ctf_error *e);

/**
 * memory_process_check() - does the process have memory where its monitor says?
 *
 * Who listens at a monitor's socket need not be the QEMU that answers.
 */
int memory_process_check(const struct memory_process *p,
			 const struct memory_slots *s, struct ctf_error *e);

/** memory_process_close() - after an error too */
void memory_process_close(struct memory_process *p);

/** memory_scan_can() - would the kernel tell ranges of @p, and would they tell it all? */
bool memory_scan_can(const struct memory_process *p);

/** memory_scan_slot() - one slot's pages by ranges; for memory_held_look() only */
int memory_scan_slot(struct memory_held *h, const struct memory_process *p,
		     const struct memory_slot *slot, struct ctf_error *e);

/** memory_held_look() - one look at all of @s; 0 or a negative errno and @e */
int memory_held_look(struct memory_held *h, const struct memory_process *p,
		     const struct memory_slots *s, struct ctf_error *e);

/** memory_held_free() - all 0 is fine */
void memory_held_free(struct memory_held *h);

#endif /* VMSYNC_MEMORY_HELD_H */
