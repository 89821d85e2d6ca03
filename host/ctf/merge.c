// SPDX-License-Identifier: MIT
/*
 * Streams merged in the order of time, a block at a time.
 *
 * Each stream has a batch of events decoded and mapped. What comes before the
 * end of all batches cannot be overtaken any more: these events are merged
 * (sort.c). Then the batches that are used up are filled again (input.c): with
 * other threads to help, each stream's next batch is decoded while this one is
 * used.
 */
#include <stdlib.h>

#include "ctf/input.h"
#include "ctf/sort.h"

struct ctf_merge {
	struct input **in;
	size_t n, cap;
	struct sorter sorter;
	struct slice block;	/* being given out */
	size_t at;
	int sources;
	unsigned int jobs;
	struct ahead *ahead;	/* NULL: everything is done here */
	bool started;
	int error;
	struct ctf_error why;
};

struct ctf_merge *ctf_merge_new(void)
{
	return calloc(1, sizeof(struct ctf_merge));
}

void ctf_merge_free(struct ctf_merge *m)
{
	size_t i;

	if (!m)
		return;
	ahead_free(m->ahead);
	for (i = 0; i < m->n; i++)
		input_free(m->in[i]);
	sorter_free(&m->sorter);
	free(m->in);
	free(m);
}

static int add(struct ctf_merge *m, const struct ctf_stream *s,
	       const struct ctf_map *map, const uint8_t *want, int source,
	       struct ctf_error *e)
{
	struct input *in;

	if (m->started)
		return fail(e, -EBUSY, "%s: added to a merge that has begun",
			    s->path);
	if (m->n >= UINT32_MAX >> REF_BITS ||
	    vec_grow(&m->in, &m->cap, m->n + 1, sizeof(*m->in)))
		return fail_nomem(e);
	in = input_new(s, map, want, (uint32_t)source, e);
	if (!in)
		return -ENOMEM;
	m->in[m->n++] = in;
	return source;
}

int ctf_merge_add_stream(struct ctf_merge *m, const struct ctf_stream *s,
			 const struct ctf_map *map, const uint8_t *want,
			 struct ctf_error *e)
{
	int ret = add(m, s, map, want, m->sources, e);

	if (ret >= 0)
		m->sources++;
	return ret;
}

int ctf_merge_add_want(struct ctf_merge *m, const struct ctf_trace *t,
		       const struct ctf_map *map, const uint8_t *want,
		       struct ctf_error *e)
{
	size_t i;
	int ret;

	for (i = 0; i < t->n_streams; i++) {
		ret = add(m, &t->streams[i], map, want, m->sources, e);
		if (ret < 0)
			return ret;
	}
	return m->sources++;
}

int ctf_merge_add(struct ctf_merge *m, const struct ctf_trace *t,
		  const struct ctf_map *map, struct ctf_error *e)
{
	return ctf_merge_add_want(m, t, map, NULL, e);
}

void ctf_merge_jobs(struct ctf_merge *m, unsigned int jobs)
{
	m->jobs = jobs;
}

void ctf_merge_take(struct ctf_merge *m, int source,
		    int (*fn)(void *ctx, const struct ctf_event *ev,
			      struct ctf_error *e),
		    void *ctx)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (m->in[i]->source != (uint32_t)source)
			continue;
		m->in[i]->take = fn;
		m->in[i]->take_ctx = ctx;
	}
}

/* The first place at or behind @from whose time is >= @t, or > @t. */
static uint32_t find(const struct input *in, uint64_t t, bool above)
{
	const uint64_t *time = in->timed[in->now]->time;
	uint32_t lo = in->i, hi = in->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (time[mid] < t || (above && time[mid] == t))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/*
 * Cuts a run out of every batch: all that is before the end of the batch that
 * ends first. At that very time, inputs behind it have to wait: its next batch
 * may go on with the same time.
 */
static size_t cut_runs(struct ctf_merge *m)
{
	uint64_t t = UINT64_MAX;
	size_t first = SIZE_MAX, runs = 0, i;

	for (i = 0; i < m->n; i++) {
		const struct input *in = m->in[i];
		uint64_t last = in->done ? 0 :
					   in->timed[in->now]->time[in->n - 1];

		if (!in->done && (first == SIZE_MAX || last < t)) {
			t = last;
			first = i;
		}
	}
	for (i = 0; i < m->n && first != SIZE_MAX; i++) {
		struct input *in = m->in[i];
		const struct timed *now = in->timed[in->now];
		uint32_t from = in->i, to;

		if (in->done)
			continue;
		to = i == first ? in->n : find(in, t, i < first);
		if (to == from)
			continue;
		m->sorter.run[runs++] = (struct slice){ now->time + from,
						  now->ref + from, to - from };
		in->i = to;
	}
	return runs;
}

static int start(struct ctf_merge *m, struct ctf_error *e)
{
	uint32_t i;

	m->started = true;
	if (sorter_init(&m->sorter, m->n, BATCH))
		return fail_nomem(e);
	if (m->jobs > 1 && m->n)
		m->ahead = ahead_new(m->jobs - 1, (unsigned int)m->n);
	for (i = 0; i < m->n; i++) {
		if (input_start(m->in[i], i, m->ahead))
			return fail_nomem(e);
	}
	return 0;
}

/* The next block; an empty one at the end. Apart, to keep what calls it small. */
static __attribute__((noinline)) int fill_block(struct ctf_merge *m, struct ctf_error *e)
{
	size_t i, runs;
	int ret = m->started ? 0 : start(m, e);

	m->at = 0;
	m->block.n = 0;
	for (i = 0; i < m->n && !ret; i++) {
		struct input *in = m->in[i];

		if (!in->done && in->i == in->n)
			ret = input_refill(in, e);
	}
	if (ret)
		return ret;
	runs = cut_runs(m);
	if (runs)
		m->block = sorter_merge(&m->sorter, runs);
	return 0;
}

int ctf_merge_next(struct ctf_merge *m, const struct ctf_event **ev,
		   struct ctf_error *e)
{
	const struct batch *b;
	struct ctf_cursor *c;
	struct input *in;
	uint32_t ref, i;

	if (unlikely(m->at == m->block.n)) {
		if (!m->error)
			m->error = fill_block(m, &m->why);
		if (m->error && e)
			*e = m->why;
		if (m->error || !m->block.n)
			return m->error;
	}
	ref = m->block.ref[m->at];
	i = ref & (BATCH - 1);
	in = m->in[ref >> REF_BITS];
	c = in->cur;
	b = &in->timed[in->now]->block.batch;
	c->ev.cls = &c->classes[b->cls[i] & WALK_CLS]->pub;
	c->ev.clock = b->clock[i];
	c->ev.time = m->block.time[m->at++];
	c->ev.at = b->at[i];
	*ev = &c->ev;
	return 1;
}
