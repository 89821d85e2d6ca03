/* SPDX-License-Identifier: MIT */
/*
 * Rows on their way into SQLite, many at a time: they are collected, and one
 * statement takes them from a virtual table. Less than half of what it takes
 * to bind the values of each row and to run a statement for it.
 */
#ifndef VMSYNC_EXPORT_BULK_H
#define VMSYNC_EXPORT_BULK_H

#include <sqlite3.h>

#include "export/rows.h"

struct bulk;
struct bulk_rows;
struct inserter;

/**
 * bulk_new() - for a table that was made
 * @inserter:	who puts rows into it
 * @result:	SQLite's, where it failed
 * Return: to be freed with bulk_free(), or NULL.
 */
struct bulk *bulk_new(sqlite3 *db, const struct export_columns *c,
		      struct inserter *inserter, int *result);

/** bulk_free() - before the database is closed; NULL is fine */
void bulk_free(struct bulk *b);

/** bulk_row() - one more row; SQLite's result, of rows before, perhaps */
int bulk_row(struct bulk *b, const struct export_value *v);

/** bulk_flush() - all that came is the inserter's; SQLite's result, as there */
int bulk_flush(struct bulk *b);

/** bulk_rows_new() - an empty block of rows, for any table; NULL: no memory */
struct bulk_rows *bulk_rows_new(void);

/** bulk_rows_free() - NULL is fine */
void bulk_rows_free(struct bulk_rows *rows);

/** bulk_rows_clear() - it is empty again */
void bulk_rows_clear(struct bulk_rows *rows);

/** bulk_insert() - the rows of a block go into their table; SQLite's result */
int bulk_insert(struct bulk_rows *rows);

#endif /* VMSYNC_EXPORT_BULK_H */
