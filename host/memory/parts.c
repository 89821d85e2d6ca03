// SPDX-License-Identifier: MIT
#include "memory/parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"
#include "memory/pages.h"

#define Z95 1.96 /* of the normal distribution, 95 of 100 are nearer than so many deviations */

static int by_begin(const void *a, const void *b)
{
	const struct memory_part *x = a, *y = b;

	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* What lies together in QEMU's memory is one range, wherever the guest has it. */
static size_t ranges_make(const struct memory_slots *s, struct memory_part *range)
{
	size_t i, n = 0;

	for (i = 0; i < s->n; i++)
		range[i] = (struct memory_part){
			s->slot[i].address,
			s->slot[i].address + s->slot[i].pages * MEMORY_PAGE,
		};
	qsort(range, s->n, sizeof(*range), by_begin);
	for (i = 0; i < s->n; i++) {
		if (n && range[i].begin < range[n - 1].end)
			return 0;
		if (n && range[i].begin == range[n - 1].end)
			range[n - 1].end = range[i].end;
		else
			range[n++] = range[i];
	}
	return n;
}

int memory_parts_make(struct memory_parts *p, const struct memory_slots *s,
		      uint64_t pages, struct ctf_error *e)
{
	struct memory_part range[MEMORY_SLOTS];
	size_t i, n = ranges_make(s, range);
	uint64_t at, size = pages * MEMORY_PAGE;

	*p = (struct memory_parts){ 0 };
	if (!n)
		return vmsync_fail(e, -EPROTO, "", "QEMU's monitor: two parts of the guest's "
				   "memory are at one place");
	p->part = malloc((s->pages / pages + n) * sizeof(*p->part));
	if (!p->part)
		return vmsync_fail_memory(e);
	for (i = 0; i < n; i++) {
		for (at = range[i].begin; range[i].end - at > size; at += size)
			p->part[p->n++] = (struct memory_part){ at, at + size };
		p->part[p->n++] = (struct memory_part){ at, range[i].end };
	}
	return 0;
}

void memory_parts_free(struct memory_parts *p)
{
	free(p->part);
	*p = (struct memory_parts){ 0 };
}

uint64_t memory_parts_bytes(const struct memory_parts *p)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < p->n; i++)
		bytes += p->part[i].end - p->part[i].begin;
	return bytes;
}

/*
 * Wilson's interval. One page of each part makes the sum vary less than as many pages of
 * the whole would, so that it holds more often than it says; parts that are smaller than
 * others make it vary more, as if there were fewer (Kish).
 */
struct memory_estimate memory_parts_estimate(const struct memory_parts *p,
					     uint64_t bytes)
{
	double all = (double)memory_parts_bytes(p), squares = 0, n, share, middle, half;
	size_t i;

	for (i = 0; i < p->n; i++) {
		double size = (double)(p->part[i].end - p->part[i].begin);

		squares += size * size;
	}
	n = all * all / squares;
	share = (double)bytes / all;
	middle = share + Z95 * Z95 / (2 * n);
	half = Z95 * sqrt(share * (1 - share) / n + Z95 * Z95 / (4 * n * n));
	n = 1 + Z95 * Z95 / n;
	return (struct memory_estimate){
		.bytes = bytes,
		.least = middle > half ? (uint64_t)((middle - half) / n * all) : 0,
		.most = (uint64_t)fmin((middle + half) / n * all, all),
	};
}
