// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_traces.h"
#include "ctf/join.h"
#include "fuse/fail.h"

struct opening {
	struct cmd_traces *to;
	int (*wants)(void *ctx, const struct ctf_trace *t, uint8_t *want,
		     struct ctf_error *e);
	void *ctx;
};

static int keep(struct cmd_traces *c, struct ctf_trace *t, struct ctf_error *e)
{
	struct ctf_trace **traces =
		realloc(c->traces, (c->n + 1) * sizeof(*traces));
	uint8_t **want = realloc(c->want, (c->n + 1) * sizeof(*want));

	if (traces)
		c->traces = traces;
	if (want)
		c->want = want;
	if (!traces || !want ||
	    !(want[c->n] = calloc(ctf_trace_classes(t) + 1, 1))) {
		ctf_trace_close(t);
		return vmsync_fail_memory(e);
	}
	traces[c->n++] = t;
	return 0;
}

static int trace_add(struct opening *o, const char *path, struct ctf_error *e)
{
	struct cmd_traces *c = o->to;
	struct ctf_trace *last = c->n ? c->traces[c->n - 1] : NULL;
	struct ctf_trace *t = ctf_trace_open_like(path, last, e);
	uint8_t *want;
	int ret;

	if (!t)
		return e->code;
	ret = keep(c, t, e);
	if (ret)
		return ret;
	want = c->want[c->n - 1];
	ret = o->wants(o->ctx, t, want, e);
	if (ret <= 0)
		return ret;
	/* Where all are wanted the reader need not look. */
	return ctf_merge_add_want(
		c->merge, t, NULL,
		memchr(want, 0, ctf_trace_classes(t)) ? want : NULL, e);
}

static bool shares_uuid(const struct cmd_traces *c, size_t i)
{
	size_t k;

	for (k = 0; k < c->n; k++) {
		if (k != i && ctf_traces_share_uuid(c->traces[i], c->traces[k]))
			return true;
	}
	return false;
}

/* One that cannot be joined with the others is read as it is, as far as that
 * goes. */
static int join_all(const struct cmd_traces *c, struct ctf_error *e)
{
	struct ctf_joined *joined = ctf_joined_new();
	size_t i;
	int ret = joined ? 0 : -ENOMEM;

	for (i = 0; ret != -ENOMEM && i < c->n; i++) {
		if (shares_uuid(c, i))
			ret = ctf_joined_add(joined, c->traces[i], e);
	}
	if (ret != -ENOMEM)
		ret = ctf_joined_end(joined, e);
	ctf_joined_free(joined);
	return ret == -ENOMEM ? vmsync_fail_memory(e) : 0;
}

int cmd_traces_open(struct cmd_traces *c, char *const *paths, size_t n,
		    int (*wants)(void *ctx, const struct ctf_trace *t,
				 uint8_t *want, struct ctf_error *e),
		    void *ctx, struct ctf_error *e)
{
	struct opening o = {c, wants, ctx};
	size_t i, j;
	int ret = 0;

	c->merge = ctf_merge_new();
	if (!c->merge)
		return vmsync_fail_memory(e);
	for (i = 0; i < n && ret >= 0; i++) {
		struct ctf_paths found;

		ret = ctf_find(paths[i], &found, e);
		if (ret)
			return ret;
		for (j = 0; j < found.n && ret >= 0; j++)
			ret = trace_add(&o, found.path[j], e);
		ctf_paths_free(&found);
	}
	return ret < 0 ? ret : join_all(c, e);
}

void cmd_traces_close(struct cmd_traces *c)
{
	size_t i;

	ctf_merge_free(c->merge);
	for (i = 0; i < c->n; i++) {
		ctf_trace_close(c->traces[i]);
		free(c->want[i]);
	}
	free(c->traces);
	free(c->want);
}
