// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/parquet_column.h"
#include "export/parquet_file.h"
#include "export/parquet_order.h"

#define MAGIC	   "PAR1"
#define ROOM	   (1u << 16)
#define LOOK_ROWS  64 /* from one look at the words to the next */
#define VERSION	   2  /* of the format */
#define UTF8	   0  /* what texts are, in its old and its new words */
#define STRING	   1
#define TYPE_ORDER 1 /* numbers are sorted as numbers */

/*
 * @column:	[@n] of the table, and then @constant
 * @group:	so many rows are one
 * @rows:	in the group that is being collected
 * @at:		bytes of the file so far, with those in @pages
 * @groups:	[@n_groups] what its end has to say of them
 */
struct parquet {
	enum export_table table;
	int fd;
	struct parquet_column column[EXPORT_COLUMNS];
	const struct export_value *constant[EXPORT_COLUMNS];
	int n;
	uint32_t group;
	uint32_t rows;
	int64_t at;
	struct out pages;
	struct out groups;
	size_t n_groups;
	int64_t all_rows;
};

static bool is_time(const char *name)
{
	const char *end = strrchr(name, '_');

	return end && !strcmp(end, "_ns");
}

/* Times are as good as never the same; other numbers of what happens often are.
 */
static struct parquet_column column_of(enum export_table t, int i)
{
	const struct export_columns *c = export_columns_of(t);
	bool is_text = c->texts & 1u << i;

	return (struct parquet_column){
		.name = c->column[i],
		.is_text = is_text,
		.by_words = is_text ||
			    ((t < EXPORT_MACHINES || t == EXPORT_CHANGES) &&
			     !is_time(c->column[i])),
		.may_be_none = c->nones & 1u << i,
	};
}

static bool columns_new(struct parquet *p)
{
	for (; p->n < export_columns_of(p->table)->n; p->n++) {
		p->column[p->n] = column_of(p->table, p->n);
		if (!parquet_column_new(&p->column[p->n]))
			return false;
	}
	return true;
}

struct parquet *parquet_new(enum export_table t, int fd, uint32_t group)
{
	struct parquet *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->table = t;
	p->fd = fd;
	p->group = group;
	if (!out_new(&p->pages, ROOM, -1) || !out_new(&p->groups, ROOM, -1) ||
	    !columns_new(p)) {
		parquet_free(p);
		return NULL;
	}
	out_put(&p->pages, MAGIC, 4);
	p->at = 4;
	return p;
}

void parquet_free(struct parquet *p)
{
	int i;

	if (!p)
		return;
	for (i = 0; i < EXPORT_COLUMNS; i++)
		parquet_column_free(&p->column[i]);
	out_free(&p->pages);
	out_free(&p->groups);
	free(p);
}

int parquet_constant(struct parquet *p, const char *name,
		     const struct export_value *v)
{
	p->column[p->n] = (struct parquet_column){
		.name = name,
		.is_text = v->text,
		.by_words = true,
		.may_be_none = true,
	};
	p->constant[p->n] = v;
	return parquet_column_new(&p->column[p->n++]) ? 0 : -ENOMEM;
}

/* ------------------------------------------------------------------ groups */

static int pages_write(struct parquet *p)
{
	return p->groups.error ? p->groups.error : out_write(&p->pages, p->fd);
}

static int group_write(struct parquet *p)
{
	struct thrift t = { .out = &p->groups };
	size_t bytes = 0;
	int i, ret = 0;

	if (p->table == EXPORT_CHANGES)
		ret = parquet_order(p->column, p->n);
	thrift_list(&t, 1, THRIFT_STRUCT, (size_t)p->n);
	for (i = 0; !ret && i < p->n; i++) {
		size_t n = parquet_column_write(&p->column[i], p->at, &p->pages,
						&t);

		p->at += (int64_t)n;
		bytes += n;
		ret = pages_write(p);
	}
	thrift_i64(&t, 2, (int64_t)bytes);
	thrift_i64(&t, 3, p->rows);
	thrift_end(&t);
	p->n_groups++;
	p->all_rows += p->rows;
	p->rows = 0;
	return ret;
}

static bool is_full(const struct parquet *p)
{
	size_t bytes = 0;
	int i;

	if (p->rows == p->group)
		return true;
	if (p->rows % LOOK_ROWS)
		return false;
	for (i = 0; i < p->n; i++) {
		const struct out *words = &p->column[i].words.bytes;

		bytes += (size_t)(words->p - words->start);
	}
	return bytes >= PARQUET_WORDS;
}

int parquet_row(struct parquet *p, const struct export_value *v)
{
	int i, ret = 0;

	for (i = 0; !ret && i < p->n; i++)
		ret = parquet_column_add(
			&p->column[i], p->constant[i] ? p->constant[i] : &v[i]);
	p->rows++;
	return !ret && is_full(p) ? group_write(p) : ret;
}

/* --------------------------------------------------------------------- end */

static void put_column(const struct parquet_column *c, struct thrift *t)
{
	thrift_begin(t);
	thrift_i32(t, 1, c->is_text ? PARQUET_BYTE_ARRAY : PARQUET_INT64);
	thrift_i32(t, 3, c->may_be_none ? PARQUET_OPTIONAL : PARQUET_REQUIRED);
	thrift_text(t, 4, c->name);
	if (c->is_text) {
		thrift_i32(t, 6, UTF8);
		thrift_open(t, 10);
		thrift_open(t, STRING);
		thrift_end(t);
		thrift_end(t);
	}
	thrift_end(t);
}

static void put_schema(const struct parquet *p, struct thrift *t)
{
	int i;

	thrift_list(t, 2, THRIFT_STRUCT, (size_t)p->n + 1);
	thrift_begin(t);
	thrift_text(t, 4, export_columns_of(p->table)->name);
	thrift_i32(t, 5, p->n);
	thrift_end(t);
	for (i = 0; i < p->n; i++)
		put_column(&p->column[i], t);
}

static void put_note(struct thrift *t, const char *key, const char *value)
{
	thrift_begin(t);
	thrift_text(t, 1, key);
	thrift_text(t, 2, value);
	thrift_end(t);
}

static void put_constant(struct thrift *t, const char *name,
			 const struct export_value *v)
{
	char number[24], key[64];

	snprintf(number, sizeof(number), "%" PRId64, v->number);
	snprintf(key, sizeof(key), "vmsync.%s", name);
	put_note(t, key, v->text ? v->text : number);
}

static void put_notes(const struct parquet *p, struct thrift *t)
{
	size_t n = 1;
	int i;

	for (i = 0; i < p->n; i++)
		n += p->constant[i] && !p->constant[i]->none;
	thrift_list(t, 5, THRIFT_STRUCT, n);
	put_note(t, "vmsync.table", export_columns_of(p->table)->name);
	for (i = 0; i < p->n; i++) {
		if (p->constant[i] && !p->constant[i]->none)
			put_constant(t, p->column[i].name, p->constant[i]);
	}
}

static void put_orders(const struct parquet *p, struct thrift *t)
{
	int i;

	thrift_list(t, 7, THRIFT_STRUCT, (size_t)p->n);
	for (i = 0; i < p->n; i++) {
		thrift_begin(t);
		thrift_open(t, TYPE_ORDER);
		thrift_end(t);
		thrift_end(t);
	}
}

int parquet_end(struct parquet *p)
{
	struct thrift t = { .out = &p->pages };
	size_t start, bytes;
	uint32_t length;
	int ret = p->rows ? group_write(p) : 0;

	if (ret)
		return ret;
	start = (size_t)(p->pages.p - p->pages.start);
	thrift_i32(&t, 1, VERSION);
	put_schema(p, &t);
	thrift_i64(&t, 3, p->all_rows);
	thrift_list(&t, 4, THRIFT_STRUCT, p->n_groups);
	out_put(&p->pages, p->groups.start,
		(size_t)(p->groups.p - p->groups.start));
	put_notes(p, &t);
	thrift_text(&t, 6, "vmsync version " VMSYNC_VERSION);
	put_orders(p, &t);
	thrift_end(&t);
	bytes = (size_t)(p->pages.p - p->pages.start) - start;
	length = htole32((uint32_t)bytes);
	out_put(&p->pages, (const char *)&length, sizeof(length));
	out_put(&p->pages, MAGIC, 4);
	return pages_write(p);
}
