/* SPDX-License-Identifier: MIT */
/*
 * A column of a group of rows: its values are collected, and become the pages
 * of Parquet: numbers as differences, or words of a dictionary and the
 * dictionary.
 */
#ifndef VMSYNC_EXPORT_PARQUET_COLUMN_H
#define VMSYNC_EXPORT_PARQUET_COLUMN_H

#include "export/rows.h"
#include "export/thrift.h"
#include "export/words.h"

/* Of a group: so many rows, or so many bytes of words. */
#define PARQUET_ROWS  (1u << 17)
#define PARQUET_WORDS (8u << 20)

/* Of what Parquet's own description has, that is used here. */
enum parquet_type {
	PARQUET_INT64 = 2,
	PARQUET_BYTE_ARRAY = 6,
};

enum parquet_repetition {
	PARQUET_REQUIRED = 0,
	PARQUET_OPTIONAL = 1,
};

/**
 * struct parquet_column - see above
 * @name:	of the column
 * @is_text:	values are texts, else numbers
 * @by_words:	a dictionary is made: texts, and numbers that are of few kinds
 * @may_be_none: not all rows have one
 * @rows:	that came
 * @is:		[@rows] has the row a value? If @may_be_none
 * @n:		values of these
 * @number:	[@n] unless @by_words
 * @word:	[@n] if @by_words
 * @least, @most: of numbers
 */
struct parquet_column {
	const char *name;
	bool is_text;
	bool by_words;
	bool may_be_none;
	uint32_t rows;
	uint32_t n;
	uint32_t *is;
	int64_t *number;
	uint32_t *word;
	struct words words;
	int64_t least;
	int64_t most;
};

/** parquet_column_new() - empty; what it is has been said; false: no memory */
bool parquet_column_new(struct parquet_column *c);

/** parquet_column_free() - also after a failed parquet_column_new() */
void parquet_column_free(struct parquet_column *c);

/**
 * parquet_column_add() - a value more, of at most PARQUET_ROWS
 * Return: 0 or -ENOMEM.
 */
int parquet_column_add(struct parquet_column *c, const struct export_value *v);

/**
 * parquet_column_write() - the column's part of a group; it is empty then
 * @c:		the column
 * @at:		where in the file it will be
 * @pages:	it is put behind what is there
 * @about:	what the file's end has to say of it is put here: a ColumnChunk
 * Return: its bytes.
 */
size_t parquet_column_write(struct parquet_column *c, int64_t at,
			    struct out *pages, struct thrift *about);

#endif /* VMSYNC_EXPORT_PARQUET_COLUMN_H */
