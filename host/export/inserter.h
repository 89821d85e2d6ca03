/* SPDX-License-Identifier: MIT */
/*
 * A thread that does nothing but put rows into tables of SQLite, which takes longer
 * than all that finds them. It is given blocks of rows, a few of which may be on
 * their way, and takes them in that order: the file is the same as without it.
 */
#ifndef VMSYNC_EXPORT_INSERTER_H
#define VMSYNC_EXPORT_INSERTER_H

#include <stdbool.h>

#include "export/bulk.h"

struct inserter;

/**
 * inserter_new() - nothing is on its way
 * @apart:	there may be a thread for it; else inserter_put() does it at once
 * Until inserter_end() the database is the inserter's, once something was put.
 * Return: to be freed with inserter_free(); NULL if out of memory.
 */
struct inserter *inserter_new(bool apart);

/** inserter_free() - what is still on its way is dropped; NULL is fine */
void inserter_free(struct inserter *n);

/**
 * inserter_put() - one more block of rows
 * @rows:	these; then an empty block in exchange. NULL: nothing is put
 * Return: SQLite's result of this or of any block before; NULL in @rows then.
 */
int inserter_put(struct inserter *n, struct bulk_rows **rows);

/** inserter_end() - all rows are in their tables; SQLite's result */
int inserter_end(struct inserter *n);

#endif /* VMSYNC_EXPORT_INSERTER_H */
