// SPDX-License-Identifier: MIT
/*
 * Two runs at a time and without a branch on who comes first, which is as good
 * as random. What comes next depends on what came before, and so a merge is one
 * long chain that the processor waits for; several at once take no longer. So
 * each is cut in two, and each half merged from both ends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctf/sort.h"

/* What is left of two runs, and of where they go. */
struct pair {
	const uint64_t *a, *a_end, *b, *b_end;
	uint64_t *out, *out_end;
};

int sorter_reserve(struct sorter *s, size_t runs, size_t most)
{
	if (runs <= s->cap)
		return 0;
	sorter_free(s);
	if (runs < 2 * s->cap)
		runs = 2 * s->cap;
	s->run = calloc(runs, sizeof(*s->run));
	s->buf[0] = calloc(runs * most, sizeof(*s->buf[0]));
	s->buf[1] = calloc(runs * most, sizeof(*s->buf[1]));
	if (!s->run || !s->buf[0] || !s->buf[1])
		return -ENOMEM;
	s->cap = runs;
	return 0;
}

void sorter_free(struct sorter *s)
{
	free(s->run);
	free(s->buf[0]);
	free(s->buf[1]);
	s->run = NULL;
	s->buf[0] = s->buf[1] = NULL;
}

uint64_t *sorter_add(struct sorter *s, size_t n)
{
	uint64_t *key = s->buf[0] + s->keys;

	s->run[s->runs++] = (struct sorted_run){ key, n };
	s->keys += n;
	return key;
}

static inline void front(struct pair *p)
{
	uint64_t x = *p->a, y = *p->b;
	size_t second = y < x;

	*p->out++ = second ? y : x;
	p->a += !second;
	p->b += second;
}

static inline void back(struct pair *p)
{
	uint64_t x = p->a_end[-1], y = p->b_end[-1];
	size_t second = x < y;

	*--p->out_end = second ? y : x;
	p->a_end -= !second;
	p->b_end -= second;
}

static inline size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* So many keys can be taken from both ends before either run ends. */
static inline size_t safe(const struct pair *p)
{
	return min((size_t)(p->a_end - p->a), (size_t)(p->b_end - p->b)) / 2;
}

static void merge_rest(struct pair p)
{
	size_t n;

	while ((n = safe(&p))) {
		do {
			front(&p);
			back(&p);
		} while (--n);
	}
	while (p.a < p.a_end && p.b < p.b_end)
		front(&p);
	n = (size_t)(p.a_end - p.a);
	memcpy(p.out, p.a, n * sizeof(*p.out));
	memcpy(p.out + n, p.b, (size_t)(p.b_end - p.b) * sizeof(*p.out));
}

/* How many of the first @n keys of both are @a's. */
static size_t share(const struct sorted_run *a, const struct sorted_run *b, size_t n)
{
	size_t lo = n > b->n ? n - b->n : 0, hi = min(n, a->n);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (a->key[mid] < b->key[n - mid - 1])
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct sorted_run merge_two(const struct sorted_run *a, const struct sorted_run *b,
			      uint64_t *out)
{
	size_t total = a->n + b->n, half = total / 2, n = share(a, b, half);
	struct pair lo = { a->key, a->key + n, b->key, b->key + (half - n),
			   out, out + half };
	struct pair hi = { lo.a_end, a->key + a->n, lo.b_end, b->key + b->n,
			   out + half, out + total };

	while ((n = min(safe(&lo), safe(&hi)))) {
		do {
			front(&lo);
			back(&lo);
			front(&hi);
			back(&hi);
		} while (--n);
	}
	merge_rest(lo);
	merge_rest(hi);
	return (struct sorted_run){ out, total };
}

/* The runs in twos to @out; one without a partner has to be there, too. */
static size_t merge_level(struct sorted_run *run, size_t runs, uint64_t *out)
{
	size_t i, n = 0;

	for (i = 0; i + 1 < runs; i += 2) {
		run[n] = merge_two(&run[i], &run[i + 1], out);
		out += run[n++].n;
	}
	if (i < runs) {
		memcpy(out, run[i].key, run[i].n * sizeof(*out));
		run[n++] = (struct sorted_run){ out, run[i].n };
	}
	return n;
}

struct sorted_run sorter_merge(struct sorter *s)
{
	unsigned int level = 0;

	while (s->runs > 1)
		s->runs = merge_level(s->run, s->runs, s->buf[level ^= 1]);
	s->runs = s->keys = 0;
	return s->run[0];
}
