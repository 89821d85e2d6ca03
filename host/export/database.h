/* SPDX-License-Identifier: MIT */
/*
 * A new file of SQLite with tables that rows are put into. Nobody else has the
 * file, and an error removes it: no journal is kept. For what is compiled with
 * the library only.
 */
#ifndef VMSYNC_EXPORT_DATABASE_H
#define VMSYNC_EXPORT_DATABASE_H

#include "export/bulk.h"
#include "export/inserter.h"

#define DATABASE_WHY 200

/** struct database - all 0 is none; @why: SQLite's words, "" where errno says
 * all */
struct database {
	sqlite3 *db;
	struct inserter *inserter;
	char why[DATABASE_WHY];
};

/**
 * database_open() - make the file
 * @apart:	rows may be put in by a thread of their own
 * Return: 0 or a negative errno; database_close() either way.
 */
int database_open(struct database *d, const char *path, bool apart);

/**
 * database_table() - make a table
 * @key:	its first column is a number that tells its rows apart
 * @bulk:	what takes its rows; to be freed with bulk_free()
 * Return: 0 or a negative errno.
 */
int database_table(struct database *d, const struct export_columns *c, bool key,
		   struct bulk **bulk);

/** database_row() - one more row, or database_flush(): all that came */
int database_row(struct database *d, struct bulk *b,
		 const struct export_value *v);
int database_flush(struct database *d, struct bulk *b);

/** database_rows_end() - all tables were flushed: all rows are in them */
int database_rows_end(struct database *d);

/** database_do() - statements; 0 or a negative errno */
int database_do(struct database *d, const char *sql);

/** database_stop() - no row is on its way any more: before any of bulk_free() */
void database_stop(struct database *d);

/** database_close() - after all of bulk_free() */
void database_close(struct database *d);

#endif /* VMSYNC_EXPORT_DATABASE_H */
