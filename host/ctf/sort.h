/* SPDX-License-Identifier: MIT */
/* Sorted runs of times, made into one. */
#ifndef CTF_SORT_H
#define CTF_SORT_H

#include <stddef.h>
#include <stdint.h>

/* Times in order, and what each is of. */
struct slice {
	const uint64_t *time;
	const uint32_t *ref;
	size_t n;
};

struct sorted {
	uint64_t *time;
	uint32_t *ref;
};

/**
 * struct sorter - room for as many runs as were asked for
 * @run:	the runs, to be filled in
 */
struct sorter {
	struct slice *run;
	struct sorted buf[2];	/* levels of the merge take turns */
};

/* Room for @runs runs of at most @most each. 0, or -ENOMEM. */
int sorter_init(struct sorter *s, size_t runs, size_t most);
void sorter_free(struct sorter *s);
/*
 * All of @runs runs, at least one, in order, those of equal times in the order
 * of the runs. Valid until the next call, or as long as the run if it is one.
 */
struct slice sorter_merge(struct sorter *s, size_t runs);

#endif /* CTF_SORT_H */
