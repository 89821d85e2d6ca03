// SPDX-License-Identifier: MIT
#ifdef VMSYNC_SQLITE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "export/database.h"

static const char before[] = "pragma page_size = 65536;"
			     "pragma journal_mode = off;"
			     "pragma synchronous = off;"
			     "pragma locking_mode = exclusive;"
			     "begin;";

static int error_of(int result)
{
	return result == SQLITE_OK    ? 0 :
	       result == SQLITE_FULL  ? -ENOSPC :
	       result == SQLITE_NOMEM ? -ENOMEM :
					-EIO;
}

static int fail(struct database *d, int result)
{
	int ret = error_of(result & 0xff);

	if (ret == -EIO)
		snprintf(d->why, sizeof(d->why), "SQLite: %s",
			 d->db ? sqlite3_errmsg(d->db) :
				 sqlite3_errstr(result));
	return ret;
}

int database_open(struct database *d, const char *path, bool apart)
{
	int ret;

	d->inserter = inserter_new(apart);
	if (!d->inserter)
		return -ENOMEM;
	/* One thread at a time writes: locks would take a tenth of the time. */
	ret = sqlite3_open_v2(path, &d->db,
			      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				      SQLITE_OPEN_NOMUTEX,
			      NULL);
	return ret ? fail(d, ret) : database_do(d, before);
}

int database_table(struct database *d, const struct export_columns *c, bool key,
		   struct bulk **bulk)
{
	char make[2048];
	int i, ret, m;

	m = snprintf(make, sizeof(make), "create table %s (", c->name);
	for (i = 0; i < c->n; i++) {
		m += snprintf(make + m, sizeof(make) - (size_t)m, "%s%s %s",
			      i ? ", " : "", c->column[i],
			      c->texts & 1u << i ? "text" :
			      key && !i		 ? "integer primary key" :
						   "integer");
	}
	strcat(make, ");");
	ret = sqlite3_exec(d->db, make, NULL, NULL, NULL);
	if (!ret)
		*bulk = bulk_new(d->db, c, d->inserter, &ret);
	return fail(d, ret);
}

int database_row(struct database *d, struct bulk *b,
		 const struct export_value *v)
{
	return fail(d, bulk_row(b, v));
}

int database_flush(struct database *d, struct bulk *b)
{
	return fail(d, bulk_flush(b));
}

int database_rows_end(struct database *d)
{
	return fail(d, inserter_end(d->inserter));
}

int database_do(struct database *d, const char *sql)
{
	return fail(d, sqlite3_exec(d->db, sql, NULL, NULL, NULL));
}

void database_stop(struct database *d)
{
	inserter_free(d->inserter);
	d->inserter = NULL;
}

void database_close(struct database *d)
{
	database_stop(d);
	sqlite3_close(d->db);
}

#endif
