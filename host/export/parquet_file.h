/* SPDX-License-Identifier: MIT */
/*
 * A file of Parquet: the rows of one table, in groups; and what readers need to
 * know of these at its end, so that a file that was cut is none. What of the
 * format is used is flat tables of numbers and texts, one page a column of a
 * group and nothing compressed. See
 * https://parquet.apache.org/docs/file-format/
 */
#ifndef VMSYNC_EXPORT_PARQUET_FILE_H
#define VMSYNC_EXPORT_PARQUET_FILE_H

#include "export/rows.h"

struct parquet;

/**
 * parquet_new() - begin a file
 * @t:		the table
 * @fd:		where it goes, from the begin to the end; may be a pipe
 * @group:	rows of a group, at most PARQUET_ROWS: more take more memory, about 100
 *		bytes each, and less room
 * Return: to be freed with parquet_free(); NULL if out of memory.
 */
struct parquet *parquet_new(enum export_table t, int fd, uint32_t group);

/** parquet_free() - NULL is fine; does not close the file */
void parquet_free(struct parquet *p);

/**
 * parquet_constant() - a column more, behind those of the table, that is the
 * same in all rows, and is told at the end of the file, too. Before the first
 * row.
 * @name, @v:	must outlive the file
 * Return: 0 or -ENOMEM.
 */
int parquet_constant(struct parquet *p, const char *name,
		     const struct export_value *v);

/** parquet_row() - a row more; 0 or a negative errno */
int parquet_row(struct parquet *p, const struct export_value *v);

/** parquet_end() - that were all: the file is whole; 0 or a negative errno */
int parquet_end(struct parquet *p);

#endif /* VMSYNC_EXPORT_PARQUET_FILE_H */
