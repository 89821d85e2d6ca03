// SPDX-License-Identifier: MIT
#include <endian.h>

#include "export/packed.h"
#include "export/thrift.h"

#define BLOCK 128 /* differences that have their smallest in common */
#define MINI  32  /* of these, those that are of one width */
#define GROUP 8	  /* numbers of a run are packed so many at a time */

/* Numbers of any width, the lowest bits first. There is room. */
struct bits {
	char *p;
	uint64_t word;
	unsigned int n;
};

static inline void bits_put(struct bits *b, uint64_t v, unsigned int width)
{
	uint64_t word;

	b->word |= v << b->n;
	b->n += width;
	if (b->n < 64)
		return;
	word = htole64(b->word);
	memcpy(b->p, &word, 8);
	b->p += 8;
	b->n -= 64;
	b->word = b->n ? v >> (width - b->n) : 0;
}

static inline char *bits_end(struct bits *b)
{
	uint64_t word = htole64(b->word);

	memcpy(b->p, &word, 8);
	return b->p + (b->n + 7) / 8;
}

/* ------------------------------------------------------------- differences */

static unsigned int width_of(const uint64_t *v, size_t n)
{
	uint64_t any = 0;
	size_t i;

	for (i = 0; i < n; i++)
		any |= v[i];
	return any ? 64 - (unsigned int)__builtin_clzll(any) : 0;
}

static void put_mini(struct out *o, const uint64_t *v, unsigned int width)
{
	struct bits b = { .p = o->p };
	int i;

	if (!width)
		return;
	for (i = 0; i < MINI; i++)
		bits_put(&b, v[i], width);
	o->p = bits_end(&b);
}

/* @d: [BLOCK] differences, of which @n are any; the others are written over. */
static void put_block(struct out *o, uint64_t *d, size_t n)
{
	int64_t least = (int64_t)d[0];
	unsigned int width[BLOCK / MINI];
	size_t i;

	for (i = 1; i < n; i++)
		least = (int64_t)d[i] < least ? (int64_t)d[i] : least;
	for (i = 0; i < n; i++)
		d[i] -= (uint64_t)least;
	for (; i < BLOCK; i++)
		d[i] = 0;
	out_reserve(o, PACKED_ROOM / 2);
	thrift_zigzag(o, least);
	for (i = 0; i < BLOCK / MINI; i++) {
		width[i] = width_of(d + i * MINI, MINI);
		*o->p++ = (char)width[i];
	}
	/* Of those that nothing is in the width is 0. */
	for (i = 0; i < BLOCK / MINI; i++)
		put_mini(o, d + i * MINI, width[i]);
}

void packed_delta(struct out *o, const int64_t *v, size_t n)
{
	uint64_t d[BLOCK];
	size_t i, k, m;

	thrift_varint(o, BLOCK);
	thrift_varint(o, BLOCK / MINI);
	thrift_varint(o, n);
	thrift_zigzag(o, n ? v[0] : 0);
	for (i = 1; i < n; i += m) {
		m = n - i < BLOCK ? n - i : BLOCK;
		for (k = 0; k < m; k++)
			d[k] = (uint64_t)v[i + k] - (uint64_t)v[i + k - 1];
		put_block(o, d, m);
	}
}

/* -------------------------------------------------------------------- runs */

static void put_run(struct out *o, uint32_t v, size_t n, unsigned int width)
{
	uint32_t value = htole32(v);

	thrift_varint(o, (uint64_t)n << 1);
	out_put(o, (const char *)&value, (width + 7) / 8);
}

/* Behind the last one there are zeros. */
static void put_group(struct out *o, const uint32_t *v, size_t n,
		      unsigned int width)
{
	struct bits b = { .p = o->p };
	size_t i;

	for (i = 0; i < GROUP; i++)
		bits_put(&b, i < n ? v[i] : 0, width);
	o->p = bits_end(&b);
}

static void put_groups(struct out *o, const uint32_t *v, size_t n,
		       unsigned int width)
{
	size_t i;

	if (!n)
		return;
	thrift_varint(o, (uint64_t)(n + GROUP - 1) / GROUP << 1 | 1);
	for (i = 0; i < n; i += GROUP) {
		out_reserve(o, GROUP * sizeof(*v) + 8);
		put_group(o, v + i, n - i, width);
	}
}

static size_t run_length(const uint32_t *v, size_t n)
{
	size_t i;

	for (i = 1; i < n && v[i] == v[0]; i++)
		;
	return i;
}

void packed_runs(struct out *o, const uint32_t *v, size_t n, unsigned int width)
{
	size_t from = 0, i = 0, run; /* From @from on they are to be packed. */

	while (i < n) {
		run = run_length(v + i, n - i);
		if (run < GROUP) {
			i += GROUP;
			continue;
		}
		put_groups(o, v + from, i - from, width);
		put_run(o, v[i], run, width);
		from = i += run;
	}
	if (from < n)
		put_groups(o, v + from, n - from, width);
}
