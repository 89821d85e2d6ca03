/* SPDX-License-Identifier: MIT */
/*
 * Sets of pages of a guest's physical memory, by page frame, and what is counted of
 * them: exact whole numbers.
 */
#ifndef VMSYNC_MEMORY_PAGES_H
#define VMSYNC_MEMORY_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctf/ctf.h"

#define MEMORY_PAGE UINT64_C(4096)

/* Of the JSON; goes up where a key is taken away or changes its meaning. */
#define MEMORY_SCHEMA 1

#define MEMORY_ORDERS 11 /* of the kernel's buddies: 0 to 10, 4 KiB to 4 MiB */

/** struct memory_pages - [@n] page frames, from 0; all 0 is none */
struct memory_pages {
	uint64_t *bits;
	uint64_t n;
};

/** memory_pages_init() - none of @n; 0 or -ENOMEM */
int memory_pages_init(struct memory_pages *p, uint64_t n);

/** memory_pages_free() - all 0 is fine */
void memory_pages_free(struct memory_pages *p);

/** memory_pages_add() - @count from @first, those that are beyond the end left out */
void memory_pages_add(struct memory_pages *p, uint64_t first, uint64_t count);

/** memory_pages_has() - is it in there? */
static inline bool memory_pages_has(const struct memory_pages *p, uint64_t page)
{
	return page < p->n && p->bits[page / 64] >> page % 64 & 1;
}

/** memory_pages_count() - how many */
uint64_t memory_pages_count(const struct memory_pages *p);

/** memory_pages_in() - how many of [@from, @until) */
uint64_t memory_pages_in(const struct memory_pages *p, uint64_t from,
			 uint64_t until);

/** memory_pages_and() - take away what is not in @q, which has as many frames */
void memory_pages_and(struct memory_pages *p, const struct memory_pages *q);

/** memory_pages_less() - take away what is in @q */
void memory_pages_less(struct memory_pages *p, const struct memory_pages *q);

/** memory_pages_xor() - what is in one of both */
void memory_pages_xor(struct memory_pages *p, const struct memory_pages *q);

/** memory_pages_copy() - a set like @q; 0 or -ENOMEM */
int memory_pages_copy(struct memory_pages *p, const struct memory_pages *q);

/**
 * memory_pages_next() - the next range
 * @first:	where to look from; set to where it begins
 * Return: its pages; 0: there is none.
 */
uint64_t memory_pages_next(const struct memory_pages *p, uint64_t *first);

/**
 * memory_pages_orders() - as blocks of 2^order pages that begin at multiples of that
 * @blocks:	as few as there can be, by order
 */
void memory_pages_orders(const struct memory_pages *p,
			 uint64_t blocks[MEMORY_ORDERS]);

/**
 * struct memory_look - a file as include/uapi/vmsync_pages.h has it
 * @begin_ns, @end_ns: on the guest's CLOCK_MONOTONIC
 * @free:	pages; those beyond the guest's memory are left out, and @strange of them
 */
struct memory_look {
	int64_t begin_ns;
	int64_t end_ns;
	uint8_t boot[16];
	uint64_t strange;
	struct memory_pages free;
};

/**
 * memory_look_read() - of a guest that has page frames up to @n
 * @path:	of the file; what is in it is believed in nothing
 * Return: 0 or a negative errno and @e.
 */
int memory_look_read(struct memory_look *l, const char *path, uint64_t n,
		     struct ctf_error *e);

/** memory_look_free() - all 0 is fine */
void memory_look_free(struct memory_look *l);

#endif /* VMSYNC_MEMORY_PAGES_H */
