// SPDX-License-Identifier: MIT
#include "memory/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BITS 64

static uint64_t words(const struct memory_pages *p)
{
	return (p->n + BITS - 1) / BITS;
}

int memory_pages_init(struct memory_pages *p, uint64_t n)
{
	*p = (struct memory_pages){ .n = n };
	p->bits = calloc(words(p) + 1, sizeof(*p->bits));
	return p->bits ? 0 : -ENOMEM;
}

void memory_pages_free(struct memory_pages *p)
{
	free(p->bits);
	*p = (struct memory_pages){ 0 };
}

/* Bits @from to @until of one word, which are not all of none. */
static uint64_t mask(uint64_t from, uint64_t until)
{
	return (~0ull << from) & (~0ull >> (BITS - until));
}

void memory_pages_add(struct memory_pages *p, uint64_t first, uint64_t count)
{
	uint64_t until = first < p->n && count > p->n - first ? p->n : first + count;

	while (first < p->n && first < until) {
		uint64_t word = first / BITS;
		uint64_t end = (word + 1) * BITS;

		end = end < until ? end : until;
		p->bits[word] |= mask(first % BITS, end - word * BITS);
		first = end;
	}
}

uint64_t memory_pages_in(const struct memory_pages *p, uint64_t from,
			 uint64_t until)
{
	uint64_t n = 0;

	until = until < p->n ? until : p->n;
	while (from < until) {
		uint64_t word = from / BITS;
		uint64_t end = (word + 1) * BITS;

		end = end < until ? end : until;
		n += (uint64_t)__builtin_popcountll(
			p->bits[word] & mask(from % BITS, end - word * BITS));
		from = end;
	}
	return n;
}

uint64_t memory_pages_count(const struct memory_pages *p)
{
	return memory_pages_in(p, 0, p->n);
}

/*
 * A word that stays as it is is not written: of memory that nobody has, which may be
 * claimed to be any amount, the set is the kernel's page of zeros, and takes none.
 */
static void word_set(uint64_t *word, uint64_t value)
{
	if (*word != value)
		*word = value;
}

void memory_pages_and(struct memory_pages *p, const struct memory_pages *q)
{
	uint64_t i;

	for (i = 0; i < words(p); i++)
		word_set(&p->bits[i], p->bits[i] & q->bits[i]);
}

void memory_pages_less(struct memory_pages *p, const struct memory_pages *q)
{
	uint64_t i;

	for (i = 0; i < words(p); i++)
		word_set(&p->bits[i], p->bits[i] & ~q->bits[i]);
}

void memory_pages_xor(struct memory_pages *p, const struct memory_pages *q)
{
	uint64_t i;

	for (i = 0; i < words(p); i++)
		word_set(&p->bits[i], p->bits[i] ^ q->bits[i]);
}

int memory_pages_copy(struct memory_pages *p, const struct memory_pages *q)
{
	int ret = memory_pages_init(p, q->n);
	uint64_t i;

	for (i = 0; !ret && i < words(q); i++)
		word_set(&p->bits[i], q->bits[i]);
	return ret;
}

/* The first page from @from on that is in the set, or is not; or the end. */
static uint64_t find(const struct memory_pages *p, uint64_t from, bool in)
{
	while (from < p->n) {
		uint64_t word = p->bits[from / BITS];

		word = (in ? word : ~word) >> from % BITS;
		if (word) {
			from += (uint64_t)__builtin_ctzll(word);
			return from < p->n ? from : p->n;
		}
		from = (from / BITS + 1) * BITS;
	}
	return p->n;
}

uint64_t memory_pages_next(const struct memory_pages *p, uint64_t *first)
{
	*first = find(p, *first, true);
	return find(p, *first, false) - *first;
}

void memory_pages_orders(const struct memory_pages *p,
			 uint64_t blocks[MEMORY_ORDERS])
{
	uint64_t at = 0, n;

	memset(blocks, 0, MEMORY_ORDERS * sizeof(*blocks));
	for (; (n = memory_pages_next(p, &at)); at += n) {
		uint64_t page = at, end = at + n;

		while (page < end) {
			int order = page ? __builtin_ctzll(page) : MEMORY_ORDERS;

			order = order < MEMORY_ORDERS ? order : MEMORY_ORDERS - 1;
			while (1ull << order > end - page)
				order--;
			blocks[order]++;
			page += 1ull << order;
		}
	}
}
