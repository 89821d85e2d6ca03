// SPDX-License-Identifier: MIT
/*
 * Two runs at a time and without a branch on who comes first, which is as good
 * as random.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctf/sort.h"

int sorter_init(struct sorter *s, size_t runs, size_t most)
{
	int i;

	s->run = calloc(runs + 1, sizeof(*s->run));
	/* One run is in order as it is. */
	for (i = 0; i < 2 && runs > 1; i++) {
		s->buf[i].time = malloc(runs * most * sizeof(*s->buf[i].time));
		s->buf[i].ref = malloc(runs * most * sizeof(*s->buf[i].ref));
		if (!s->buf[i].time || !s->buf[i].ref)
			return -ENOMEM;
	}
	return s->run ? 0 : -ENOMEM;
}

void sorter_free(struct sorter *s)
{
	int i;

	for (i = 0; i < 2; i++) {
		free(s->buf[i].time);
		free(s->buf[i].ref);
	}
	free(s->run);
}

/* The one of @x and @y that @second tells, 0 or all ones. */
#define CHOOSE(x, y, second) ((x) ^ (((x) ^ (y)) & (second)))

/*
 * At equal times the first run comes first. From both ends at once: what comes
 * next depends on what came before, and so two such chains take no longer than
 * one.
 */
static struct slice merge_two(const struct slice *a, const struct slice *b,
			      uint64_t *time, uint32_t *ref)
{
	const uint64_t *ta = a->time, *tb = b->time;
	const uint32_t *ra = a->ref, *rb = b->ref;
	size_t i = 0, k = 0, n = 0, rest;
	size_t ie = a->n, ke = b->n, total = ie + ke, end = total;

	while (i + 1 < ie && k + 1 < ke) {
		uint64_t x = ta[i], y = tb[k], second = -(uint64_t)(y < x);
		uint64_t u = ta[ie - 1], v = tb[ke - 1];
		uint64_t last = -(uint64_t)(u <= v);

		time[n] = CHOOSE(x, y, second);
		ref[n++] = CHOOSE(ra[i], rb[k], (uint32_t)second);
		k -= second;
		i += second + 1;
		time[--end] = CHOOSE(u, v, last);
		ref[end] = CHOOSE(ra[ie - 1], rb[ke - 1], (uint32_t)last);
		ke += last;
		ie -= last + 1;
	}
	while (i < ie && k < ke) {
		uint64_t second = -(uint64_t)(tb[k] < ta[i]);

		time[n] = CHOOSE(ta[i], tb[k], second);
		ref[n++] = CHOOSE(ra[i], rb[k], (uint32_t)second);
		k -= second;
		i += second + 1;
	}
	rest = ie - i;
	memcpy(time + n, ta + i, rest * sizeof(*time));
	memcpy(ref + n, ra + i, rest * sizeof(*ref));
	n += rest;
	rest = ke - k;
	memcpy(time + n, tb + k, rest * sizeof(*time));
	memcpy(ref + n, rb + k, rest * sizeof(*ref));
	return (struct slice){ time, ref, total };
}

struct slice sorter_merge(struct sorter *s, size_t runs)
{
	unsigned int level = 0;

	for (; runs > 1; level ^= 1) {
		struct sorted *out = &s->buf[level];
		size_t i, n = 0, at = 0;

		for (i = 0; i + 1 < runs; i += 2) {
			s->run[n] = merge_two(&s->run[i], &s->run[i + 1],
					       out->time + at, out->ref + at);
			at += s->run[n++].n;
		}
		/* One without a partner has to be in the same buffer. */
		if (i < runs) {
			memcpy(out->time + at, s->run[i].time,
			       s->run[i].n * sizeof(*out->time));
			memcpy(out->ref + at, s->run[i].ref,
			       s->run[i].n * sizeof(*out->ref));
			s->run[n++] = (struct slice){ out->time + at,
						       out->ref + at,
						       s->run[i].n };
		}
		runs = n;
	}
	return s->run[0];
}
