// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/hist.h"

/*
 * The first 16 buckets hold one value each; from there on each power of two has
 * 16 buckets of equal width.
 */
#define SUB_BITS 4
#define SUB	 (1u << SUB_BITS)

static uint32_t bucket_of(uint64_t ns)
{
	uint32_t power;

	if (ns < SUB)
		return (uint32_t)ns;
	power = 63 - (uint32_t)__builtin_clzll(ns) - SUB_BITS;
	return (power + 1) * SUB + (uint32_t)((ns >> power) & (SUB - 1));
}

/* The longest that falls into it. */
static uint64_t bucket_end(uint32_t b)
{
	uint32_t power;

	if (b < SUB)
		return b;
	power = b / SUB - 1;
	return (((uint64_t)SUB + b % SUB) << power) +
	       ((UINT64_C(1) << power) - 1);
}

/* Up to the next power of two at least, so that it does not happen often. */
static int grow(struct analysis_hist *h, uint32_t bucket)
{
	uint32_t n = (bucket / SUB + 2) * SUB;
	uint32_t *buckets = realloc(h->buckets, n * sizeof(*buckets));

	if (!buckets)
		return -ENOMEM;
	memset(buckets + h->n_buckets, 0,
	       (n - h->n_buckets) * sizeof(*buckets));
	h->buckets = buckets;
	h->n_buckets = n;
	return 0;
}

int analysis_hist_add(struct analysis_hist *h, uint64_t ns)
{
	uint32_t bucket = bucket_of(ns);

	if (bucket >= h->n_buckets && grow(h, bucket))
		return -ENOMEM;
	h->buckets[bucket]++;
	h->count++;
	h->sum_ns += ns;
	if (ns > h->max_ns)
		h->max_ns = ns;
	return 0;
}

uint64_t analysis_hist_percentile(const struct analysis_hist *h,
				  unsigned int percent)
{
	uint64_t seen = 0, wanted, end;
	uint32_t b;

	if (!h->count)
		return 0;
	/* Rounded up: of 3 the 50th percentile is the second. */
	wanted = h->count / 100 * percent +
		 (h->count % 100 * percent + 99) / 100;
	for (b = 0; b < h->n_buckets; b++) {
		seen += h->buckets[b];
		if (seen >= wanted && seen)
			break;
	}
	end = bucket_end(b);
	return end < h->max_ns ? end : h->max_ns;
}

void analysis_hist_free(struct analysis_hist *h)
{
	free(h->buckets);
	*h = (struct analysis_hist){0};
}
