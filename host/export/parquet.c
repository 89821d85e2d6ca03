// SPDX-License-Identifier: MIT
/*
 * One table as a file of Parquet. What is on which clock is told with each row,
 * so that rows of many hosts can be laid together and are right where they lie.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "export/origin.h"
#include "export/parquet_column.h"
#include "export/parquet_file.h"

struct state {
	struct export_rows rows;
	int fd;
	struct parquet *file;
	struct export_origin origin;
};

static int row(void *ctx, enum export_table t, const struct export_value *v)
{
	struct state *s = ctx;

	(void)t;
	return parquet_row(s->file, v);
}

static int constants(struct state *s, const struct vmsync_machine *host)
{
	int ret;

	s->origin = export_origin(host->clock, host->clock_uuid);
	ret = parquet_constant(s->file, EXPORT_BOOT, &s->origin.boot);
	return ret ? ret :
		     parquet_constant(s->file, EXPORT_REALTIME,
				      &s->origin.realtime);
}

static int begin(struct export_job *j, struct analysis_sink *sink)
{
	struct state *s = calloc(1, sizeof(*s));
	const char *table = j->options->table;

	j->state = s;
	if (!s)
		return -ENOMEM;
	s->rows = (struct export_rows){
		row, s, table ? export_table_find(table) : EXPORT_STATES};
	s->fd = STDOUT_FILENO;
	if (j->path)
		s->fd = open(j->path, O_WRONLY | O_CLOEXEC);
	if (s->fd < 0)
		return -errno;
	s->file = parquet_new(s->rows.only, s->fd, PARQUET_ROWS);
	if (!s->file)
		return -ENOMEM;
	*sink = export_rows_sink(j);
	return constants(s, j->analysis->session->host);
}

static int end(struct export_job *j)
{
	struct state *s = j->state;
	int ret = export_rows_end(j);

	if (!ret)
		ret = parquet_end(s->file);
	/* Some file systems say only now that there is no room. */
	if (j->path && close(s->fd) && !ret)
		ret = -errno;
	s->fd = -1;
	return ret;
}

static void state_free(struct export_job *j)
{
	struct state *s = j->state;

	if (!s)
		return;
	if (j->path && s->fd >= 0)
		close(s->fd);
	parquet_free(s->file);
	free(s);
}

const struct export_format export_parquet = {
	.name = "parquet",
	.stdout_too = true,
	.has_tables = true,
	.one_table = true,
	.begin = begin,
	.end = end,
	.free = state_free,
};
