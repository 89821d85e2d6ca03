/* SPDX-License-Identifier: MIT */
/* A merge's inside, for who gives its events out. */
#ifndef CTF_MERGE_H
#define CTF_MERGE_H

#include "ctf/input.h"
#include "ctf/sort.h"

struct ctf_merge {
	struct input **in;
	size_t n, cap;
	struct input **later;	/* not begun, who begins last first */
	size_t n_later;
	struct input **live;	/* being read, in the order of @in */
	size_t n_live;
	uint32_t read;		/* bytes that each of these reads at a time */
	struct sorter sorter;
	const uint64_t *key, *end;	/* of the events being given out */
	uint64_t base;		/* no time is before it */
	unsigned int ref_bits;	/* of a key: where its event is */
	uint64_t ref_mask;
	int sources;
	struct ctf_pool *pool;	/* NULL: everything is done here */
	struct rows *rows;	/* NULL: events are given out as they are merged */
	unsigned int round;	/* of these, that is being merged */
	bool started;
	int error;
	struct ctf_error why;
};

/* The next keys, where there are none: 1, 0 after the last event, or an error. */
int merge_more(struct ctf_merge *m, struct ctf_error *e);

/* The events that the next @n keys are of, which are there. */
static inline void merge_noted(struct ctf_merge *m, struct ctf_noted *out, size_t n)
{
	/* Nobody else's: in registers. */
	struct input *const *const in = m->in;
	const uint64_t *key = m->key, mask = m->ref_mask, base = m->base;
	const unsigned int bits = m->ref_bits;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct input *of = in[(key[i] & mask) >> REF_BITS];

		out[i].time = base + (key[i] >> bits);
		out[i].note = of->now->note + (key[i] & (BATCH - 1)) * of->note;
	}
	m->key += n;
}

#endif /* CTF_MERGE_H */
