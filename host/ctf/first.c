// SPDX-License-Identifier: MIT
/*
 * Whether a trace holds an event of some classes, without reading all of it:
 * the streams' first packets, then their second ones, and so on.
 */
#include <stdlib.h>

#include "ctf/cursor.h"

struct search {
	void (*see)(void *ctx, const struct ctf_event *ev);
	void *ctx;
	struct ctf_cursor **cursor;
	size_t n;
	struct block block;
};

static void see_all(const struct search *s, struct ctf_cursor *c)
{
	const struct block *b = &s->block;
	struct reader reader = { .slot = c->slot };
	struct ctf_event ev = {
		.stream = c->stream,
		.packet = &c->packet,
		.cpu = c->packet.cpu,
		.data = c->data,
		.state = &reader,
	};
	uint32_t i;

	for (i = 0; s->see && i < b->batch.n; i++) {
		ev.cls = &c->classes[b->batch.cls[i] & WALK_CLS]->pub;
		ev.clock = b->batch.clock[i];
		ev.at = b->batch.at[i];
		s->see(s->ctx, &ev);
	}
	reader_free(&reader);
}

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
			see_all(s, s->cursor[i]);
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

static int first(const struct ctf_trace *t, const uint8_t *want,
		 struct search *s, const struct ctf_class **cls,
		 struct ctf_error *e)
{
	int ret;

	*cls = NULL;
	s->cursor = calloc(t->n_streams + 1, sizeof(*s->cursor));
	ret = s->cursor ? search(s, t, want, cls, e) : fail_nomem(e);
	while (s->n)
		ctf_cursor_free(s->cursor[--s->n]);
	free(s->cursor);
	return ret;
}

int ctf_trace_first_events(const struct ctf_trace *t, const uint8_t *want,
			   void (*see)(void *ctx, const struct ctf_event *ev),
			   void *ctx, struct ctf_error *e)
{
	struct search *s = calloc(1, sizeof(*s));
	const struct ctf_class *cls;
	int ret;

	if (!s)
		return fail_nomem(e);
	s->see = see;
	s->ctx = ctx;
	ret = first(t, want, s, &cls, e);
	free(s);
	return ret;
}

int ctf_trace_first(const struct ctf_trace *t, const uint8_t *want,
		    const struct ctf_class **cls, struct ctf_error *e)
{
	struct search *s = calloc(1, sizeof(*s));
	int ret;

	*cls = NULL;
	if (!s)
		return fail_nomem(e);
	ret = first(t, want, s, cls, e);
	free(s);
	return ret;
}
