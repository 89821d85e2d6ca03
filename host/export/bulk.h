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

/**
 * bulk_new() - for a table that was made
 * @result:	SQLite's, where it failed
 * Return: to be freed with bulk_free(), or NULL.
 */
struct bulk *bulk_new(sqlite3 *db, const struct export_columns *c, int *result);

/** bulk_free() - before the database is closed; NULL is fine */
void bulk_free(struct bulk *b);

/** bulk_row() - one more row; SQLite's result */
int bulk_row(struct bulk *b, const struct export_value *v);

/** bulk_flush() - all that came is in the table; SQLite's result */
int bulk_flush(struct bulk *b);

#endif /* VMSYNC_EXPORT_BULK_H */
