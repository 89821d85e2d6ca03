// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "export/parquet_order.h"

/*
 * @order:	[rows] the row that is to be the first, the second and so on
 * @is, @word, @number: room for what a column has, in another order
 * @at:		[rows] where among the values of a column that of the row is, and, if it has
 *		none, that of the next one
 */
struct scratch {
	uint32_t *order;
	uint32_t *is;
	uint32_t *word;
	int64_t *number;
	uint32_t *at;
};

static bool scratch_new(struct scratch *s)
{
	s->order = malloc(PARQUET_ROWS * sizeof(*s->order));
	s->is = malloc(PARQUET_ROWS * sizeof(*s->is));
	s->word = malloc(PARQUET_ROWS * sizeof(*s->word));
	s->number = malloc(PARQUET_ROWS * sizeof(*s->number));
	s->at = malloc(PARQUET_ROWS * sizeof(*s->at));
	return s->order && s->is && s->word && s->number && s->at;
}

static void scratch_free(struct scratch *s)
{
	free(s->order);
	free(s->is);
	free(s->word);
	free(s->number);
	free(s->at);
}

#define SWAP(a, b) do { \
	__typeof__(a) was_ = (a); \
	(a) = (b); \
	(b) = was_; \
} while (0)

static bool has_value(const struct parquet_column *c, uint32_t row)
{
	return !c->may_be_none || c->is[row];
}

static void values_find(const struct parquet_column *c, uint32_t *at)
{
	uint32_t row, n = 0;

	for (row = 0; row < c->rows; row++) {
		at[row] = n;
		n += has_value(c, row);
	}
}

/* Of rows that were in order already, those whose word is the same stay so. */
static int sort_by(const struct parquet_column *c, struct scratch *s)
{
	uint32_t *next, i, row;

	if (c->words.ends.count < 2 && c->n == c->rows)
		return 0;
	/* Where the next row without a word comes, and then those of each word. */
	next = calloc(c->words.ends.count + 2, sizeof(*next));
	if (!next)
		return -ENOMEM;
	values_find(c, s->at);
	next[1] = c->rows - c->n;
	for (i = 0; i < c->n; i++)
		next[c->word[i] + 2]++;
	for (i = 1; i < c->words.ends.count + 2; i++)
		next[i] += next[i - 1];
	for (i = 0; i < c->rows; i++) {
		row = s->order[i];
		s->is[next[has_value(c, row) ? c->word[s->at[row]] + 1 : 0]++] = row;
	}
	free(next);
	SWAP(s->order, s->is);
	return 0;
}

static void column_order(struct parquet_column *c, struct scratch *s)
{
	uint32_t i, row, n = 0;

	values_find(c, s->at);
	for (i = 0; i < c->rows; i++) {
		row = s->order[i];
		s->is[i] = has_value(c, row);
		if (!s->is[i])
			continue;
		if (c->by_words)
			s->word[n++] = c->word[s->at[row]];
		else
			s->number[n++] = c->number[s->at[row]];
	}
	if (c->may_be_none)
		SWAP(c->is, s->is);
	if (c->by_words)
		SWAP(c->word, s->word);
	else
		SWAP(c->number, s->number);
}

int parquet_order(struct parquet_column *c, int n)
{
	struct scratch s = { 0 };
	int i, ret = scratch_new(&s) ? 0 : -ENOMEM;

	for (i = 0; !ret && i < (int)c->rows; i++)
		s.order[i] = (uint32_t)i;
	for (i = n - 1; !ret && i >= 0; i--) {
		if (c[i].by_words)
			ret = sort_by(&c[i], &s);
	}
	for (i = 0; !ret && i < n; i++)
		column_order(&c[i], &s);
	scratch_free(&s);
	return ret;
}
