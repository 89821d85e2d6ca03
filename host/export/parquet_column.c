// SPDX-License-Identifier: MIT
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "export/packed.h"
#include "export/parquet_column.h"

#define PAGE_ROOM (1u << 16)

/* See enum parquet_type. */
enum encoding {
	PLAIN = 0,
	RLE = 3,
	DELTA_BINARY_PACKED = 5,
	RLE_DICTIONARY = 8,
};

enum page {
	DATA_PAGE = 0,
	DICTIONARY_PAGE = 2,
};

#define UNCOMPRESSED 0

bool parquet_column_new(struct parquet_column *c)
{
	if (c->may_be_none)
		c->is = malloc(PARQUET_ROWS * sizeof(*c->is));
	if (c->by_words)
		c->word = malloc(PARQUET_ROWS * sizeof(*c->word));
	else
		c->number = malloc(PARQUET_ROWS * sizeof(*c->number));
	return (c->is || !c->may_be_none) && (c->word || c->number) &&
	       words_new(&c->words);
}

void parquet_column_free(struct parquet_column *c)
{
	free(c->is);
	free(c->number);
	free(c->word);
	words_free(&c->words);
}

static int word_add(struct parquet_column *c, const struct export_value *v)
{
	uint64_t number = htole64((uint64_t)v->number);

	return words_number(&c->words, v->text ? v->text : (char *)&number,
			    v->text ? strlen(v->text) : sizeof(number),
			    &c->word[c->n++]);
}

int parquet_column_add(struct parquet_column *c, const struct export_value *v)
{
	int64_t number = v->number;

	if (c->may_be_none)
		c->is[c->rows] = !v->none;
	c->rows++;
	if (v->none) {
		assert(c->may_be_none);
		return 0;
	}
	if (!c->n || number < c->least)
		c->least = number;
	if (!c->n || number > c->most)
		c->most = number;
	if (c->by_words)
		return word_add(c, v);
	c->number[c->n++] = number;
	return 0;
}

/* ------------------------------------------------------------------- pages */

static void put_u32(struct out *o, uint32_t v)
{
	v = htole32(v);
	out_put(o, (const char *)&v, sizeof(v));
}

/* What comes before a page of @bytes. */
static void put_head(struct out *o, enum page page, size_t bytes, uint32_t n,
		     enum encoding encoding)
{
	struct thrift t = { .out = o };

	thrift_i32(&t, 1, page);
	thrift_i32(&t, 2, (int32_t)bytes);
	thrift_i32(&t, 3, (int32_t)bytes);
	thrift_open(&t, page == DATA_PAGE ? 5 : 7);
	thrift_i32(&t, 1, (int32_t)n);
	thrift_i32(&t, 2, encoding);
	if (page == DATA_PAGE) {
		thrift_i32(&t, 3, RLE); /* which rows have a value, */
		thrift_i32(&t, 4, RLE); /* and what is in lists: nothing is */
	}
	thrift_end(&t);
	thrift_end(&t);
}

static void put_page(struct out *o, enum page page, const struct out *body,
		     uint32_t n, enum encoding encoding)
{
	size_t bytes = (size_t)(body->p - body->start);

	put_head(o, page, bytes, n, encoding);
	out_put(o, body->start, bytes);
}

/* Texts have their length before them, numbers do not. */
static void put_words(const struct parquet_column *c, struct out *body)
{
	uint32_t i;

	for (i = 0; i < c->words.ends.count; i++) {
		const char *s;
		size_t n = words_at(&c->words, i, &s);

		if (c->is_text)
			put_u32(body, (uint32_t)n);
		out_put(body, s, n);
	}
}

/* Which rows have a value, with the length of that before it. */
static void put_is(const struct parquet_column *c, struct out *body)
{
	size_t at = (size_t)(body->p - body->start);
	uint32_t bytes;

	put_u32(body, 0);
	packed_runs(body, c->is, c->rows, 1);
	bytes = htole32((uint32_t)((size_t)(body->p - body->start) - at - 4));
	if (!body->error)
		memcpy(body->start + at, &bytes, sizeof(bytes));
}

static void put_values(const struct parquet_column *c, struct out *body)
{
	size_t words = c->words.ends.count;
	unsigned int width = packed_width(words ? (uint32_t)words - 1 : 0);

	if (c->may_be_none)
		put_is(c, body);
	if (!c->by_words) {
		packed_delta(body, c->number, c->n);
		return;
	}
	out_put(body, &(char){(char)width}, 1);
	packed_runs(body, c->word, c->n, width);
}

/* ------------------------------------------------------------------- about */

/* How many have none, and between what the others are, of numbers. */
static void put_statistics(const struct parquet_column *c, struct thrift *t)
{
	uint64_t least = htole64((uint64_t)c->least);
	uint64_t most = htole64((uint64_t)c->most);

	thrift_open(t, 12);
	thrift_i64(t, 3, c->rows - c->n);
	if (!c->is_text && c->n) {
		thrift_binary(t, 5, &most, sizeof(most));
		thrift_binary(t, 6, &least, sizeof(least));
	}
	thrift_end(t);
}

static void put_encodings(const struct parquet_column *c, struct thrift *t)
{
	thrift_list(t, 2, THRIFT_I32, c->by_words ? 3 : 2);
	thrift_zigzag(t->out, RLE);
	if (c->by_words)
		thrift_zigzag(t->out, PLAIN);
	thrift_zigzag(t->out,
		      c->by_words ? RLE_DICTIONARY : DELTA_BINARY_PACKED);
}

/* @dictionary: bytes of the dictionary, which comes first; 0: there is none */
static void put_about(const struct parquet_column *c, struct thrift *t,
		      int64_t at, size_t dictionary, size_t bytes)
{
	thrift_begin(t);
	thrift_i64(t, 2, at);
	thrift_open(t, 3);
	thrift_i32(t, 1, c->is_text ? PARQUET_BYTE_ARRAY : PARQUET_INT64);
	put_encodings(c, t);
	thrift_list(t, 3, THRIFT_BINARY, 1);
	thrift_bytes(t, c->name, strlen(c->name));
	thrift_i32(t, 4, UNCOMPRESSED);
	thrift_i64(t, 5, c->rows);
	thrift_i64(t, 6, (int64_t)bytes);
	thrift_i64(t, 7, (int64_t)bytes);
	thrift_i64(t, 9, at + (int64_t)dictionary);
	if (dictionary)
		thrift_i64(t, 11, at);
	put_statistics(c, t);
	thrift_end(t);
	thrift_end(t);
}

static void clear(struct parquet_column *c)
{
	words_clear(&c->words);
	c->rows = c->n = 0;
	c->least = c->most = 0;
}

size_t parquet_column_write(struct parquet_column *c, int64_t at,
			    struct out *pages, struct thrift *about)
{
	size_t start = (size_t)(pages->p - pages->start), dictionary = 0, bytes;
	struct out body;

	if (!out_new(&body, PAGE_ROOM, -1)) {
		pages->error = -ENOMEM;
		return 0;
	}
	if (c->by_words) {
		put_words(c, &body);
		put_page(pages, DICTIONARY_PAGE, &body,
			 (uint32_t)c->words.ends.count, PLAIN);
		dictionary = (size_t)(pages->p - pages->start) - start;
		body.p = body.start;
	}
	put_values(c, &body);
	put_page(pages, DATA_PAGE, &body, c->rows,
		 c->by_words ? RLE_DICTIONARY : DELTA_BINARY_PACKED);
	if (!pages->error)
		pages->error = body.error;
	out_free(&body);
	bytes = (size_t)(pages->p - pages->start) - start;
	put_about(c, about, at, dictionary, bytes);
	clear(c);
	return bytes;
}
