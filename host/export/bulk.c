// SPDX-License-Identifier: MIT
#ifdef VMSYNC_SQLITE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/inserter.h"

#define ROWS 512 /* that are collected in a block */

/* A value: of a text, where it is in the texts, and how long it is. */
struct cell {
	int64_t number;
	int length;
	enum { CELL_NONE, CELL_NUMBER, CELL_TEXT } kind;
};

/*
 * @of:		whose they are
 * @texts:	of all of them, the one behind the other; grows
 * @cells:	[@count * columns of the table]
 */
struct bulk_rows {
	struct bulk *of;
	int count;
	size_t used;
	size_t room;
	char *texts;
	struct cell cells[ROWS * EXPORT_COLUMNS];
};

/*
 * @filled:	rows that are being collected, NULL: none yet
 * @inserted:	the inserter's: those that the virtual table has
 */
struct bulk {
	struct inserter *inserter;
	sqlite3_stmt *take;
	int columns;
	struct bulk_rows *filled;
	const struct bulk_rows *inserted;
};

/* The virtual table: a block of rows, from the first one to the last. */
struct bulk_table {
	sqlite3_vtab base;
	const struct bulk *bulk;
};

struct bulk_cursor {
	sqlite3_vtab_cursor base;
	const struct bulk *bulk;
	int row;
};

static int table_connect(sqlite3 *db, void *bulk, int argc,
			 const char *const *argv, sqlite3_vtab **out,
			 char **why)
{
	const struct bulk *b = bulk;
	char declare[16 + 8 * EXPORT_COLUMNS] = "create table x (";
	struct bulk_table *t = calloc(1, sizeof(*t));
	size_t n = strlen(declare);
	int i;

	(void)argc;
	(void)argv;
	(void)why;
	if (!t)
		return SQLITE_NOMEM;
	for (i = 0; i < b->columns; i++)
		n += (size_t)snprintf(declare + n, sizeof(declare) - n,
				      i ? ", c%d" : "c%d", i);
	snprintf(declare + n, sizeof(declare) - n, ")");
	t->bulk = b;
	*out = &t->base;
	return sqlite3_declare_vtab(db, declare);
}

static int table_disconnect(sqlite3_vtab *t)
{
	free(t);
	return SQLITE_OK;
}

static int table_plan(sqlite3_vtab *t, sqlite3_index_info *plan)
{
	(void)t;
	plan->estimatedCost = ROWS;
	return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *t, sqlite3_vtab_cursor **out)
{
	struct bulk_cursor *c = calloc(1, sizeof(*c));

	if (!c)
		return SQLITE_NOMEM;
	c->bulk = ((struct bulk_table *)t)->bulk;
	*out = &c->base;
	return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *c)
{
	free(c);
	return SQLITE_OK;
}

static int cursor_first(sqlite3_vtab_cursor *c, int plan, const char *text,
			int argc, sqlite3_value **argv)
{
	(void)plan;
	(void)text;
	(void)argc;
	(void)argv;
	((struct bulk_cursor *)c)->row = 0;
	return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *c)
{
	((struct bulk_cursor *)c)->row++;
	return SQLITE_OK;
}

static int cursor_is_end(sqlite3_vtab_cursor *c)
{
	const struct bulk_cursor *cursor = (const struct bulk_cursor *)c;

	return cursor->row >= cursor->bulk->inserted->count;
}

static int cursor_column(sqlite3_vtab_cursor *c, sqlite3_context *to,
			 int column)
{
	const struct bulk_cursor *cursor = (const struct bulk_cursor *)c;
	const struct bulk_rows *rows = cursor->bulk->inserted;
	const struct cell *cell =
		&rows->cells[cursor->row * cursor->bulk->columns + column];

	/* Where nothing is said it is null. */
	if (cell->kind == CELL_NUMBER)
		sqlite3_result_int64(to, cell->number);
	else if (cell->kind == CELL_TEXT)
		sqlite3_result_text(to, rows->texts + cell->number, cell->length,
				    SQLITE_STATIC);
	return SQLITE_OK;
}

static int cursor_rowid(sqlite3_vtab_cursor *c, sqlite3_int64 *out)
{
	*out = ((struct bulk_cursor *)c)->row;
	return SQLITE_OK;
}

static const sqlite3_module module = {
	.xConnect = table_connect,
	.xBestIndex = table_plan,
	.xDisconnect = table_disconnect,
	.xOpen = cursor_open,
	.xClose = cursor_close,
	.xFilter = cursor_first,
	.xNext = cursor_next,
	.xEof = cursor_is_end,
	.xColumn = cursor_column,
	.xRowid = cursor_rowid,
};

struct bulk *bulk_new(sqlite3 *db, const struct export_columns *c,
		      struct inserter *inserter, int *result)
{
	struct bulk *b = calloc(1, sizeof(*b));
	char name[64], take[160];

	*result = SQLITE_NOMEM;
	if (!b)
		return NULL;
	b->inserter = inserter;
	b->columns = c->n;
	/* Such a table is there by the name of its module, never in the file.
	 */
	snprintf(name, sizeof(name), "vmsync_%s", c->name);
	snprintf(take, sizeof(take), "insert into main.%s select * from %s",
		 c->name, name);
	*result = sqlite3_create_module(db, name, &module, b);
	if (!*result)
		*result = sqlite3_prepare_v2(db, take, -1, &b->take, NULL);
	if (!*result)
		return b;
	bulk_free(b);
	return NULL;
}

void bulk_free(struct bulk *b)
{
	if (!b)
		return;
	sqlite3_finalize(b->take);
	bulk_rows_free(b->filled);
	free(b);
}

struct bulk_rows *bulk_rows_new(void)
{
	struct bulk_rows *rows = malloc(sizeof(*rows));

	if (!rows)
		return NULL;
	rows->texts = NULL;
	rows->room = 0;
	bulk_rows_clear(rows);
	return rows;
}

void bulk_rows_free(struct bulk_rows *rows)
{
	if (!rows)
		return;
	free(rows->texts);
	free(rows);
}

void bulk_rows_clear(struct bulk_rows *rows)
{
	rows->count = 0;
	rows->used = 0;
}

static int text_add(struct bulk_rows *rows, struct cell *cell, const char *s)
{
	size_t n = strlen(s), room = 2 * (rows->used + n) + 4096;
	char *texts;

	if (rows->used + n > rows->room) {
		texts = n > INT32_MAX ? NULL : realloc(rows->texts, room);
		if (!texts)
			return SQLITE_NOMEM;
		rows->texts = texts;
		rows->room = room;
	}
	memcpy(rows->texts + rows->used, s, n);
	*cell = (struct cell){(int64_t)rows->used, (int)n, CELL_TEXT};
	rows->used += n;
	return SQLITE_OK;
}

/* The values of one more row behind the last one. */
static int row_add(const struct bulk *b, struct bulk_rows *rows,
		   const struct export_value *v)
{
	struct cell *cell = &rows->cells[rows->count * b->columns];
	int i, ret = SQLITE_OK;

	for (i = 0; !ret && i < b->columns; i++, cell++) {
		if (!v[i].none && v[i].text)
			ret = text_add(rows, cell, v[i].text);
		else
			*cell = (struct cell){ v[i].number, 0,
					       v[i].none ? CELL_NONE :
							   CELL_NUMBER };
	}
	rows->count++;
	return ret;
}

int bulk_row(struct bulk *b, const struct export_value *v)
{
	int ret = b->filled ? SQLITE_OK : inserter_put(b->inserter, &b->filled);

	if (!ret)
		ret = row_add(b, b->filled, v);
	return !ret && b->filled->count == ROWS ? bulk_flush(b) : ret;
}

int bulk_flush(struct bulk *b)
{
	if (!b->filled || !b->filled->count)
		return SQLITE_OK;
	b->filled->of = b;
	return inserter_put(b->inserter, &b->filled);
}

int bulk_insert(struct bulk_rows *rows)
{
	struct bulk *b = rows->of;
	int ret;

	b->inserted = rows;
	ret = sqlite3_step(b->take);
	sqlite3_reset(b->take);
	return ret == SQLITE_DONE ? SQLITE_OK : ret;
}

#endif /* VMSYNC_SQLITE */
