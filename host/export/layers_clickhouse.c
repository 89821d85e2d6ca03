// SPDX-License-Identifier: MIT
/* Layers in a server of ClickHouse: their states. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/clickhouse_load.h"
#include "export/layers_values.h"
#include "export/recording.h"

/* @load: made when the traces are known, which they are not at first */
struct state {
	struct http_url url;
	struct clickhouse_load *load;
	char uuid[37];
	struct layers_values row;
};

static int failed(struct layers_export *x, int ret)
{
	const struct state *d = x->state;

	if (ret)
		snprintf(x->why, sizeof(x->why), "%s",
			 clickhouse_load_why(d->load));
	return ret;
}

static int begin(struct layers_export *x, const char *path)
{
	struct state *d = calloc(1, sizeof(*d));

	x->state = d;
	if (!d)
		return -ENOMEM;
	/* It has been looked at. */
	clickhouse_url_parse(path, &d->url);
	return 0;
}

/* Of the same host, boot, time and layers rows are the same. */
static uint64_t recording_of(const struct layers_export *x)
{
	const struct layers_engine *g = x->engine;
	const struct state *d = x->state;
	uint64_t h = recording_text(RECORDING_NEW, x->host);
	size_t i;

	h = recording_text(h, d->uuid);
	h = recording_ns(h, g->from_ns);
	h = recording_ns(h, g->until_ns);
	for (i = 0; i < g->users.count; i++) {
		const struct layer_slice *name = &g->users.at[i].layer->name;

		h = recording_bytes(h, name->s, name->len);
		h = recording_text(h, "");
	}
	return recording_number(h);
}

static int load_new(struct layers_export *x)
{
	struct state *d = x->state;
	char name[280];
	struct clickhouse_recording r = {
		.host = export_text(x->host, name, sizeof(name)),
		.origin = layers_origin(x, d->uuid),
		.from_ns = x->engine->from_ns - x->offset_ns,
	};

	r.number = recording_of(x);
	d->load = clickhouse_load_new(&d->url, getenv("CLICKHOUSE_PASSWORD"), &r);
	return d->load ? 0 : -ENOMEM;
}

static int span(void *ctx, const struct layers_object *obj,
		const struct layers_span *s)
{
	struct layers_export *x = ctx;
	struct state *d = x->state;
	int ret = d->load ? 0 : load_new(x);

	if (ret)
		return ret;
	layers_values_make(&d->row, x, obj, s);
	return failed(x, clickhouse_load_row(d->load, EXPORT_LAYERS,
					     d->row.value));
}

static int object(void *ctx, struct layers_object *obj)
{
	(void)ctx;
	layers_object_free(obj);
	return 0;
}

static int end(struct layers_export *x)
{
	struct state *d = x->state;
	uint32_t all, old;
	int ret = d->load ? failed(x, clickhouse_load_end(d->load)) : 0;

	if (ret || !d->load)
		return ret;
	old = clickhouse_load_old(d->load, &all);
	if (old)
		snprintf(x->said, sizeof(x->said),
			 "%" PRIu32 " of %" PRIu32 " chunks were there already",
			 old, all);
	return 0;
}

static void state_free(struct layers_export *x)
{
	struct state *d = x->state;

	if (!d)
		return;
	clickhouse_load_free(d->load);
	free(d);
}

static const char *output_check(const char *output)
{
	struct http_url url;

	return clickhouse_url_parse(output, &url);
}

const struct layers_format layers_clickhouse = {
	.name = "clickhouse",
	.span = span,
	.object = object,
	.output_check = output_check,
	.begin = begin,
	.end = end,
	.free = state_free,
};
