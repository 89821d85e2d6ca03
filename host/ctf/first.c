// SPDX-License-Identifier: MIT
/*
 * Whether a trace holds an event of some classes, without reading all of it:
 * the streams' first packets, then their second ones, and so on.
 */
#include <stdlib.h>

#include "ctf/cursor.h"

struct search {
	struct ctf_cursor **cursor;
	size_t n;
	struct block block;
};

/* A step in every stream: 1 where that met one, 0 at the end of all, or error. */
static int step_all(struct search *s, const struct ctf_class **cls,
		    bool *ended, struct ctf_error *e)
{
	size_t i;
	int ret;

	*ended = true;
	for (i = 0; i < s->n; i++) {
		ret = cursor_step(s->cursor[i], &s->block, e);
		if (ret < 0)
			return ret;
		if (ret)
			*ended = false;
		if (s->block.batch.n) {
			ret = (int)(s->block.batch.cls[0] & WALK_CLS);
			*cls = &s->cursor[i]->classes[ret]->pub;
			return 0;
		}
	}
	return 0;
}

static int search(struct search *s, const struct ctf_trace *t,
		  const uint8_t *want, const struct ctf_class **cls,
		  struct ctf_error *e)
{
	bool ended = false;
	int ret = 0;

	for (; s->n < t->n_streams; s->n++) {
		s->cursor[s->n] = ctf_cursor_new(&t->streams[s->n], want, e);
		if (!s->cursor[s->n])
			return -ENOMEM;
	}
	while (!ret && !ended && !*cls)
		ret = step_all(s, cls, &ended, e);
	return ret;
}

int ctf_trace_first(const struct ctf_trace *t, const uint8_t *want,
		    const struct ctf_class **cls, struct ctf_error *e)
{
	struct search *s = calloc(1, sizeof(*s));
	int ret;

	*cls = NULL;
	if (s)
		s->cursor = calloc(t->n_streams + 1, sizeof(*s->cursor));
	ret = s && s->cursor ? search(s, t, want, cls, e) : fail_nomem(e);
	while (s && s->n)
		ctf_cursor_free(s->cursor[--s->n]);
	if (s)
		free(s->cursor);
	free(s);
	return ret;
}
