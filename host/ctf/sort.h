/* SPDX-License-Identifier: MIT */
/* Runs of numbers in order, made into one. */
#ifndef CTF_SORT_H
#define CTF_SORT_H

#include <stddef.h>
#include <stdint.h>

struct sorted_run {
	uint64_t *key;		/* in order, no two the same */
	size_t n;
};

struct sorter {
	struct sorted_run *run;
	size_t runs, keys;
	size_t cap;		/* runs that there is room for */
	uint64_t *buf[2];	/* levels of the merge take turns */
};

/*
 * Room for @runs runs of at most @most keys each, the same in all calls; nothing
 * that was added or given out is left. 0, or -ENOMEM.
 */
int sorter_reserve(struct sorter *s, size_t runs, size_t most);
void sorter_free(struct sorter *s);
/* Adds a run of @n keys, one at least. Return: where to put them. */
uint64_t *sorter_add(struct sorter *s, size_t n);
/* All that was added since the last call, in order. Valid until the next one. */
struct sorted_run sorter_merge(struct sorter *s);

#endif /* CTF_SORT_H */
