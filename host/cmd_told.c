// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "analysis/layers/find.h"
#include "cmd_told.h"
#include "fuse/fail.h"

void cmd_told_init(struct cmd_told *t)
{
	layers_engine_init(&t->engine);
}

void cmd_told_free(struct cmd_told *t)
{
	cmd_traces_close(&t->traces);
	layers_engine_free(&t->engine);
}

static int layer_add(struct cmd_told *t, const char *what, struct ctf_error *e)
{
	struct layer *l = layer_find(what, e);

	int ret = l ? layers_engine_add(&t->engine, l) : e->code;

	if (ret != -EINVAL || !l)
		return ret == -ENOMEM && l ? vmsync_fail_memory(e) : ret;
	return vmsync_fail(e, ret, "use them apart",
			   "%.200s: a track of it has 'state' or 'seen' where "
			   "another layer has the other one",
			   what);
}

int cmd_told_layers(struct cmd_told *t, const char *const *layers, size_t count,
		    struct ctf_error *e)
{
	size_t i, n = 0;
	char **names = NULL;
	int ret = 0;

	for (i = 0; !ret && i < count; i++)
		ret = layer_add(t, layers[i], e);
	if (!count)
		names = layer_names(&n);
	for (i = 0; !ret && i < n; i++)
		ret = layer_add(t, names[i], e);
	for (i = 0; i < n; i++)
		free(names[i]);
	free(names);
	if (!ret && !t->engine.users.count)
		ret = vmsync_fail(e, -ENOENT, "name one with --layer",
				  "no layers are installed");
	return ret;
}

/* From its first packet to its last one, and what is missing between them. */
static int span_add(struct cmd_told *told, const struct ctf_trace *t,
		    struct ctf_error *e)
{
	size_t i;

	for (i = 0; i < ctf_trace_streams(t); i++) {
		const struct ctf_stream *s = ctf_trace_stream(t, i);
		const struct ctf_clock *clock = ctf_stream_clock(s);
		struct ctf_span span;
		int ret = ctf_stream_span(s, &span, e);

		if (ret)
			return ret;
		told->lost += span.discarded + span.lost;
		if (span.begin != UINT64_MAX && span.end)
			layers_engine_span(
				&told->engine,
				(int64_t)ctf_clock_ns(clock, span.begin),
				(int64_t)ctf_clock_ns(clock, span.end));
	}
	return 0;
}

static int wants(void *ctx, const struct ctf_trace *t, uint8_t *want,
		 struct ctf_error *e)
{
	struct cmd_told *told = ctx;
	int ret = span_add(told, t, e);

	if (ret)
		return ret;
	return layers_engine_trace(&told->engine, t, want) ?
		       vmsync_fail_memory(e) :
		       1;
}

int cmd_told_open(struct cmd_told *t, char *const *paths, size_t n,
		  struct ctf_error *e)
{
	int ret = cmd_traces_open(&t->traces, paths, n, wants, t, e);

	if (ret)
		return ret;
	return layers_engine_begin(&t->engine) ? vmsync_fail_memory(e) : 0;
}

int cmd_told_read(struct cmd_told *t, unsigned int jobs, struct ctf_error *e)
{
	struct layers_engine *g = &t->engine;
	struct ctf_pool *pool = ctf_pool_new(jobs);
	const struct ctf_event *ev;
	int ret, failed = 0;

	ctf_merge_pool(t->traces.merge, pool);
	while (!failed && (ret = ctf_merge_next(t->traces.merge, &ev, e)) > 0)
		failed = layers_engine_event(g, ev->source, ev);
	if (!failed && !ret)
		failed = layers_engine_end(g);
	ctf_merge_free(t->traces.merge);
	t->traces.merge = NULL;
	ctf_pool_free(pool);
	if (failed)
		return failed == -ENOMEM ? vmsync_fail_memory(e) :
					   CMD_TOLD_SINK;
	return ret;
}
