// SPDX-License-Identifier: MIT
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/clickhouse_load.h"
#include "export/thrift.h"

#define CHUNK_ROWS  65536u /* a server takes as many as this as one part */
#define CHUNK_BYTES (4u << 20)
#define DAY_NS	    86400000000000

/* What each row has besides its own columns, in this order. */
#define SAME_COLUMNS 6
#define SAME	     "host, " EXPORT_BOOT ", " EXPORT_REALTIME ", day, recording, chunk"
#define SAME_TYPES                                 \
	"('host','String'),('" EXPORT_BOOT         \
	"','Nullable(String)'),('" EXPORT_REALTIME \
	"','Nullable(Int64)'),('day','Date'),"     \
	"('recording','UInt64'),('chunk','UInt32')"

/*
 * @rows:	the chunk that is being collected; no room before the first row
 * @n:		of them
 * @chunk:	its number
 * @all:	rows of those before
 */
struct table {
	struct out rows;
	uint32_t n;
	uint32_t chunk;
	uint64_t all;
};

/*
 * @same:	what all rows have, in RowBinary, but for the number of the
 * chunk
 * @which:	rows of this recording, as a condition of SQL
 * @recording:	its number
 * @chunks:	all that there were
 * @old:	of them, those that the server had already
 */
struct clickhouse_load {
	struct clickhouse server;
	struct out same;
	char which[700];
	uint64_t recording;
	uint32_t chunks;
	uint32_t old;
	struct table table[EXPORT_ALL_TABLES];
	char why[HTTP_WHY];
};

/* --------------------------------------------------------------- RowBinary */

static void put_number(struct out *o, uint64_t n, size_t bytes)
{
	n = htole64(n);
	out_put(o, (const char *)&n, bytes);
}

static void put_value(struct out *o, const struct export_value *v,
		      bool may_be_none)
{
	if (may_be_none)
		out_put(o, v->none ? "\1" : "", 1);
	if (v->none)
		return;
	if (v->text)
		thrift_bytes(&(struct thrift){ .out = o }, v->text,
			     strlen(v->text));
	else
		put_number(o, (uint64_t)v->number, 8);
}

/* --------------------------------------------------------------------- SQL */

struct sql {
	char text[4096];
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void
sql_add(struct sql *q, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	q->n += (size_t)vsnprintf(q->text + q->n, sizeof(q->text) - q->n,
				  format, args);
	va_end(args);
	assert(q->n < sizeof(q->text));
}

static int ask(struct clickhouse_load *l, const struct sql *q, uint64_t *n)
{
	return clickhouse_count(&l->server, q->text, n, l->why);
}

/* Rows are numbers and texts without names: both sides have to mean the same.
 */
static int columns_check(struct clickhouse_load *l, enum export_table t)
{
	const struct export_columns *c = export_columns_of(t);
	struct sql q = { .n = 0 };
	uint64_t n = 0;
	int i, ret;

	sql_add(&q,
		"SELECT count() FROM system.columns WHERE "
		"database = currentDatabase() AND table = '%s' AND "
		"(name, type) IN (" SAME_TYPES,
		c->name);
	for (i = 0; i < c->n; i++) {
		bool none = c->nones & 1u << i;

		sql_add(&q, ",('%s','%s%s%s')", c->column[i],
			none ? "Nullable(" : "",
			c->texts & 1u << i ? "String" : "Int64",
			none ? ")" : "");
	}
	sql_add(&q, ")");
	ret = ask(l, &q, &n);
	if (ret || n == (uint64_t)c->n + SAME_COLUMNS)
		return ret;
	snprintf(l->why, sizeof(l->why),
		 "table %s %s: tools/fleet/clickhouse/schema.sql makes it",
		 c->name, n ? "has other columns there" : "is missing there");
	return -ENOENT;
}

static int rows_there(struct clickhouse_load *l, enum export_table t,
		      const char *chunk, uint64_t *n)
{
	struct sql q = { .n = 0 };

	sql_add(&q, "SELECT count() FROM %s WHERE %s%s",
		export_columns_of(t)->name, l->which, chunk);
	return ask(l, &q, n);
}

/* ------------------------------------------------------------------ chunks */

static int insert(struct clickhouse_load *l, enum export_table t)
{
	const struct export_columns *c = export_columns_of(t);
	struct sql q = { .n = 0 };
	char id[80];
	int i;

	sql_add(&q, "INSERT INTO %s (", c->name);
	for (i = 0; i < c->n; i++)
		sql_add(&q, "%s, ", c->column[i]);
	sql_add(&q, SAME ") FORMAT RowBinary");
	snprintf(id, sizeof(id), "vmsync-%016" PRIx64 "-%s-%" PRIu32,
		 l->recording, c->name, l->table[t].chunk);
	return clickhouse_insert(&l->server, q.text, id, &l->table[t].rows,
				 l->why);
}

/* Those that were there of one chunk are all of it, but if they are of others.
 */
static int others(struct clickhouse_load *l, enum export_table t, uint64_t n)
{
	snprintf(l->why, sizeof(l->why),
		 "of chunk %" PRIu32 " of recording %" PRIu64
		 " table %s has %" PRIu64 " rows, not %" PRIu32
		 ": it was made in another way",
		 l->table[t].chunk, l->recording, export_columns_of(t)->name, n,
		 l->table[t].n);
	return -EEXIST;
}

static int chunk_send(struct clickhouse_load *l, enum export_table t)
{
	struct table *table = &l->table[t];
	uint64_t n = 0;
	char chunk[40];
	int ret;

	if (table->rows.error)
		return table->rows.error;
	ret = table->chunk ? 0 : columns_check(l, t);
	snprintf(chunk, sizeof(chunk), " AND chunk = %" PRIu32, table->chunk);
	if (!ret)
		ret = rows_there(l, t, chunk, &n);
	if (!ret && !n)
		ret = insert(l, t);
	if (!ret && n && n != table->n)
		ret = others(l, t, n);
	l->chunks++;
	l->old += n != 0;
	table->all += table->n;
	table->n = 0;
	table->chunk++;
	table->rows.p = table->rows.start;
	return ret;
}

int clickhouse_load_row(struct clickhouse_load *l, enum export_table t,
			const struct export_value *v)
{
	const struct export_columns *c = export_columns_of(t);
	struct table *table = &l->table[t];
	struct out *o = &table->rows;
	int i;

	if (!o->start && !out_new(o, CHUNK_BYTES + 4096, -1))
		return -ENOMEM;
	for (i = 0; i < c->n; i++)
		put_value(o, &v[i], c->nones & 1u << i);
	out_put(o, l->same.start, (size_t)(l->same.p - l->same.start));
	put_number(o, table->chunk, 4);
	table->n++;
	if (table->n < CHUNK_ROWS && o->p - o->start < CHUNK_BYTES)
		return 0;
	return chunk_send(l, t);
}

/* ------------------------------------------------------------- begin, end */

/* As a text of SQL, in single quotes. */
static void quote(char *to, size_t size, const char *s)
{
	char *end = to + size - 3;

	*to++ = '\'';
	for (; *s && to < end; s++) {
		if (*s == '\'' || *s == '\\')
			*to++ = '\\';
		*to++ = *s;
	}
	*to++ = '\'';
	*to = '\0';
}

static void same_make(struct clickhouse_load *l,
		      const struct clickhouse_recording *r)
{
	const struct export_value *realtime = &r->origin.realtime;
	int64_t day =
		realtime->none ? 0 : (realtime->number + r->from_ns) / DAY_NS;
	const struct export_value host = { .text = r->host };
	char quoted[600];

	put_value(&l->same, &host, false);
	put_value(&l->same, &r->origin.boot, true);
	put_value(&l->same, realtime, true);
	put_number(&l->same, day > 0 ? (uint64_t)day : 0, 2);
	put_number(&l->same, r->number, 8);
	quote(quoted, sizeof(quoted), r->host);
	snprintf(l->which, sizeof(l->which),
		 "host = %s AND recording = %" PRIu64, quoted, r->number);
}

struct clickhouse_load *
clickhouse_load_new(const struct http_url *url, const char *password,
		    const struct clickhouse_recording *r)
{
	struct clickhouse_load *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->server.url = *url;
	l->server.password = password;
	l->recording = r->number;
	if (out_new(&l->same, 1024, -1) && out_new(&l->server.head, 4096, -1)) {
		same_make(l, r);
		if (!l->same.error)
			return l;
	}
	clickhouse_load_free(l);
	return NULL;
}

void clickhouse_load_free(struct clickhouse_load *l)
{
	int t;

	if (!l)
		return;
	for (t = 0; t < EXPORT_ALL_TABLES; t++)
		out_free(&l->table[t].rows);
	out_free(&l->same);
	out_free(&l->server.head);
	free(l);
}

/* Somebody else may have sent the same at the same time. */
static int whole_check(struct clickhouse_load *l, enum export_table t)
{
	uint64_t n = 0, all = l->table[t].all;
	int ret = rows_there(l, t, "", &n);

	if (ret || n == all)
		return ret;
	snprintf(l->why, sizeof(l->why),
		 "table %s has %" PRIu64 " rows of recording %" PRIu64
		 " and not %" PRIu64 ": another one has sent it, too",
		 export_columns_of(t)->name, n, l->recording, all);
	return -EEXIST;
}

int clickhouse_load_end(struct clickhouse_load *l)
{
	int t, ret = 0;

	for (t = 0; !ret && t < EXPORT_ALL_TABLES; t++) {
		if (l->table[t].n)
			ret = chunk_send(l, (enum export_table)t);
		if (!ret && l->table[t].all)
			ret = whole_check(l, (enum export_table)t);
	}
	return ret;
}

const char *clickhouse_load_why(const struct clickhouse_load *l)
{
	return l->why;
}

uint32_t clickhouse_load_old(const struct clickhouse_load *l, uint32_t *all)
{
	*all = l->chunks;
	return l->old;
}
