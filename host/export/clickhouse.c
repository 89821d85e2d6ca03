// SPDX-License-Identifier: MIT
/*
 * Rows of all tables, or of one, into a server of ClickHouse.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/clickhouse_load.h"
#include "export/events.h"
#include "export/recording.h"

struct state {
	struct export_rows rows;
	struct clickhouse_load *load;
};

static int failed(struct export_job *j, int ret)
{
	const struct state *s = j->state;

	if (ret)
		snprintf(j->why, sizeof(j->why), "%s",
			 clickhouse_load_why(s->load));
	return ret;
}

static int row(void *ctx, enum export_table t, const struct export_value *v)
{
	struct export_job *j = ctx;
	struct state *s = j->state;

	return failed(j, clickhouse_load_row(s->load, t, v));
}

/* Of the same host, boot, machines and time rows are the same. */
static uint64_t recording_of(const struct export_job *j)
{
	const struct analysis *a = j->analysis;
	const struct vmsync_session *s = a->session;
	const char *vm = j->options->analysis.vm;
	uint64_t h = recording_text(RECORDING_NEW, s->host->name);
	uint32_t i;

	h = recording_text(h, s->host->clock_uuid);
	for (i = 0; i < s->n_guests; i++)
		h = recording_text(h, s->guests[i].machine->name);
	h = recording_text(h, vm ? vm : "");
	h = recording_ns(h, a->totals.from_ns);
	h = recording_ns(h, a->totals.until_ns);
	return recording_number(h);
}

static struct clickhouse_load *load_new(const struct export_job *j)
{
	const struct vmsync_machine *host = j->analysis->session->host;
	char name[280];
	const struct clickhouse_recording r = {
		.host = export_text(host->name, name, sizeof(name)),
		.origin = export_origin(host->clock, host->clock_uuid),
		.from_ns = j->analysis->totals.from_ns,
		.number = recording_of(j),
	};
	struct http_url url;

	/* It has been looked at. */
	clickhouse_url_parse(j->options->output, &url);
	return clickhouse_load_new(&url, getenv("CLICKHOUSE_PASSWORD"), &r);
}

static int begin(struct export_job *j, struct analysis_sink *sink)
{
	struct state *s = calloc(1, sizeof(*s));
	const char *table = j->options->table;

	j->state = s;
	if (!s)
		return -ENOMEM;
	s->rows = (struct export_rows){
		row, j, table ? export_table_find(table) : EXPORT_TABLES};
	s->load = load_new(j);
	if (!s->load)
		return -ENOMEM;
	*sink = export_rows_sink(j);
	return 0;
}

static void old_tell(const struct export_job *j)
{
	const struct state *s = j->state;
	uint32_t all, old = clickhouse_load_old(s->load, &all);
	char text[100];

	if (!old || !j->options->tell)
		return;
	snprintf(text, sizeof(text),
		 "%" PRIu32 " of %" PRIu32 " chunks were there already", old,
		 all);
	j->options->tell(text);
}

static int end(struct export_job *j)
{
	struct state *s = j->state;
	int ret = export_rows_end(j);

	if (!ret)
		ret = failed(j, clickhouse_load_end(s->load));
	if (!ret)
		old_tell(j);
	return ret;
}

static void state_free(struct export_job *j)
{
	struct state *s = j->state;

	if (!s)
		return;
	clickhouse_load_free(s->load);
	free(s);
}

static const char *output_check(const char *output)
{
	struct http_url url;

	return clickhouse_url_parse(output, &url);
}

const struct export_format export_clickhouse = {
	.name = "clickhouse",
	.has_tables = true,
	.event_bytes = 130,
	.output_check = output_check,
	.begin = begin,
	.end = end,
	.free = state_free,
};
