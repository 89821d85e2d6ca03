// SPDX-License-Identifier: MIT
/* Rows as text: a line of JSON each, or of one table a line of CSV. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export/digits.h"
#include "export/out.h"
#include "export/rows.h"

#define ROOM 65536

struct lines {
	struct export_rows rows;
	struct out out;
};

static void put_text(struct out *o, const char *s)
{
	out_put(o, s, strlen(s));
}

static void put_number(struct out *o, int64_t n)
{
	out_reserve(o, 24);
	if (n < 0)
		*o->p++ = '-';
	o->p = put_decimal(o->p, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

/* Texts are without control characters, see export_text(). */
static void json_text(struct out *o, const char *s)
{
	out_put(o, "\"", 1);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			out_put(o, "\\", 1);
		out_put(o, s, 1);
	}
	out_put(o, "\"", 1);
}

static int json_row(void *ctx, enum export_table t,
		    const struct export_value *v)
{
	const struct export_columns *c = export_columns_of(t);
	struct lines *l = ctx;
	int i;

	put_text(&l->out, "{\"table\":\"");
	put_text(&l->out, c->name);
	out_put(&l->out, "\"", 1);
	for (i = 0; i < c->n; i++) {
		put_text(&l->out, ",\"");
		put_text(&l->out, c->column[i]);
		put_text(&l->out, "\":");
		if (v[i].none)
			put_text(&l->out, "null");
		else if (v[i].text && c->json & 1u << i)
			put_text(&l->out, v[i].text);
		else if (v[i].text)
			json_text(&l->out, v[i].text);
		else
			put_number(&l->out, v[i].number);
	}
	out_put(&l->out, "}\n", 2);
	return l->out.error;
}

static void csv_text(struct out *o, const char *s)
{
	if (!strpbrk(s, "\",\r\n") && *s && *s != ' ') {
		put_text(o, s);
		return;
	}
	out_put(o, "\"", 1);
	for (; *s; s++) {
		if (*s == '"')
			out_put(o, "\"", 1);
		out_put(o, s, 1);
	}
	out_put(o, "\"", 1);
}

static int csv_row(void *ctx, enum export_table t, const struct export_value *v)
{
	struct lines *l = ctx;
	int i, n = export_columns_of(t)->n;

	for (i = 0; i < n; i++) {
		if (i)
			out_put(&l->out, ",", 1);
		if (v[i].text)
			csv_text(&l->out, v[i].text);
		else if (!v[i].none)
			put_number(&l->out, v[i].number);
	}
	out_put(&l->out, "\n", 1);
	return l->out.error;
}

static void csv_head(struct lines *l)
{
	const struct export_columns *c = export_columns_of(l->rows.only);
	int i;

	for (i = 0; i < c->n; i++) {
		if (i)
			out_put(&l->out, ",", 1);
		put_text(&l->out, c->column[i]);
	}
	out_put(&l->out, "\n", 1);
}

static int begin(struct export_job *j, struct analysis_sink *sink,
		 int (*row)(void *, enum export_table,
			    const struct export_value *))
{
	struct lines *l = calloc(1, sizeof(*l));
	const char *table = j->options->table;
	int fd = STDOUT_FILENO;

	j->state = l;
	if (!l)
		return -ENOMEM;
	l->rows = (struct export_rows){
		row, l, table ? export_table_find(table) : EXPORT_TABLES};
	if (j->path)
		fd = open(j->path, O_WRONLY | O_CLOEXEC);
	l->out.fd = -1;
	if (fd < 0)
		return -errno;
	if (!out_new(&l->out, ROOM, fd))
		return -ENOMEM;
	*sink = export_rows_sink(j);
	return 0;
}

static int jsonl_begin(struct export_job *j, struct analysis_sink *sink)
{
	return begin(j, sink, json_row);
}

static int csv_begin(struct export_job *j, struct analysis_sink *sink)
{
	int ret = begin(j, sink, csv_row);
	struct lines *l = j->state;

	if (ret)
		return ret;
	if (l->rows.only == EXPORT_TABLES)
		l->rows.only = EXPORT_STATES;
	csv_head(l);
	return 0;
}

static int end(struct export_job *j)
{
	struct lines *l = j->state;
	int ret = export_rows_end(j);

	if (!ret)
		ret = out_write(&l->out, l->out.fd);
	/* Some file systems say only now that there is no room. */
	if (j->path && close(l->out.fd) && !ret)
		ret = -errno;
	l->out.fd = -1;
	return ret;
}

static void lines_free(struct export_job *j)
{
	struct lines *l = j->state;

	if (!l)
		return;
	if (j->path && l->out.fd >= 0)
		close(l->out.fd);
	out_free(&l->out);
	free(l);
}

const struct export_format export_jsonl = {
	.name = "jsonl",
	.stdout_too = true,
	.has_tables = true,
	.event_bytes = 110,
	.begin = jsonl_begin,
	.end = end,
	.free = lines_free,
};

const struct export_format export_csv = {
	.name = "csv",
	.stdout_too = true,
	.has_tables = true,
	.one_table = true,
	.begin = csv_begin,
	.end = end,
	.free = lines_free,
};
