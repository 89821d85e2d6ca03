// SPDX-License-Identifier: MIT
/*
 * Streams merged in the order of time, a block at a time.
 *
 * Each stream has a batch of events decoded and mapped. What comes before the
 * end of all batches cannot be overtaken any more: these events are merged, by
 * keys that hold their times and their places (sort.c). Then the batches that
 * are used up are filled again (input.c): with other threads to help, each
 * stream's next batch is decoded while this one is used.
 *
 * A stream costs memory and a file from its first event to its last one only:
 * of the chunks of a rotated session few are read at any time.
 */
#include <stdlib.h>

#include "ctf/merge.h"
#include "ctf/rows.h"

/*
 * Bytes that all streams together read ahead, if each could do with so little.
 * More takes memory where many streams are read at once.
 */
#define READ_ALL	(8u << 20)
/* Without other threads the next blocks of so many streams are filled ahead. */
#define AHEAD_MOST	16

struct ctf_merge *ctf_merge_new(void)
{
	return calloc(1, sizeof(struct ctf_merge));
}

void ctf_merge_free(struct ctf_merge *m)
{
	size_t i;

	if (!m)
		return;
	rows_free(m->rows);
	for (i = 0; i < m->n; i++)
		input_free(m->in[i]);
	sorter_free(&m->sorter);
	free(m->later);
	free(m->live);
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

void ctf_merge_pool(struct ctf_merge *m, struct ctf_pool *pool)
{
	m->pool = pool;
}

/* The first input of a source; there are as many sources as streams, perhaps. */
static size_t first_of(const struct ctf_merge *m, int source)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->in[mid]->source < (uint32_t)source)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void ctf_merge_take(struct ctf_merge *m, int source,
		    int (*fn)(void *ctx, struct ctf_some *some,
			      struct ctf_error *e),
		    void *ctx)
{
	size_t i = first_of(m, source);

	for (; i < m->n && m->in[i]->source == (uint32_t)source; i++) {
		m->in[i]->take = fn;
		m->in[i]->take_ctx = ctx;
	}
}

void ctf_merge_note(struct ctf_merge *m, int source, size_t size)
{
	size_t i = first_of(m, source);

	for (; i < m->n && m->in[i]->source == (uint32_t)source; i++)
		m->in[i]->note = (size + 7) / 8;
}

void ctf_merge_passed(const struct ctf_merge *m, struct ctf_passed *by_source)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		ctf_passed_add(&by_source[m->in[i]->source], &m->in[i]->passed);
}

/* The first place at or behind @from whose time is >= @t, or > @t. */
static uint32_t find(const struct input *in, uint64_t t, bool above)
{
	const uint64_t *time = in->now->time;
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

/* The keys of @in's events before @to: times since the base, and references. */
static void add_run(struct ctf_merge *m, struct input *in, uint32_t to)
{
	const uint64_t *time = in->now->time;
	uint64_t base = m->base, ref = in->ref, *key;
	unsigned int ref_bits = m->ref_bits;
	uint32_t i = in->i;

	if (i == to)
		return;
	key = sorter_add(&m->sorter, to - i);
	for (; i < to; i++)
		*key++ = (time[i] - base) << ref_bits | (ref + i);
	in->i = to;
}

static uint64_t time_of(const struct input *in, uint32_t i)
{
	return in->now->time[i];
}

/*
 * Cuts a run out of every batch: all that is before the end of the batch that
 * ends first. At that very time, inputs behind it have to wait: its next batch
 * may go on with the same time. Or the first event alone, where there is more
 * time between it and that end than keys have bits for.
 */
static void cut_runs(struct ctf_merge *m)
{
	struct input *early = NULL, *first = NULL, *in;
	uint64_t end;
	size_t i;

	for (i = 0; i < m->n_live; i++) {
		in = m->live[i];
		if (!early || time_of(in, in->i) < time_of(early, early->i))
			early = in;
		if (!first || time_of(in, in->n - 1) < time_of(first, first->n - 1))
			first = in;
	}
	if (!first)
		return;
	m->base = time_of(early, early->i);
	end = time_of(first, first->n - 1);
	if (end - m->base > UINT64_MAX >> m->ref_bits) {
		add_run(m, early, early->i + 1);
		return;
	}
	for (i = 0; i < m->n_live; i++) {
		in = m->live[i];
		if (in != first)
			add_run(m, in, find(in, end, in->ref < first->ref));
		else
			add_run(m, in, in->n);
	}
}

/* The end of the batch that ends first: what begins behind it can wait. */
static uint64_t horizon(const struct ctf_merge *m)
{
	uint64_t end = UINT64_MAX;
	size_t i;

	for (i = 0; i < m->n_live; i++) {
		const struct input *in = m->live[i];

		if (time_of(in, in->n - 1) < end)
			end = time_of(in, in->n - 1);
	}
	return end;
}

static int by_begin(const void *a, const void *b)
{
	const struct input *x = *(struct input *const *)a;
	const struct input *y = *(struct input *const *)b;

	if (x->from != y->from)
		return x->from < y->from ? 1 : -1;
	return x->ref < y->ref ? 1 : -1;
}

/* When each stream begins; those without an event are left out. */
static int find_begins(struct ctf_merge *m, struct ctf_error *e)
{
	struct timed *scratch = aligned_alloc(CACHE_LINE, sizeof(*scratch));
	size_t i;
	int ret = scratch ? 1 : fail_nomem(e);

	for (i = 0; i < m->n && ret >= 0; i++) {
		m->in[i]->ref = (uint64_t)i << REF_BITS;
		ret = input_peek(m->in[i], scratch, e);
		if (ret > 0)
			m->later[m->n_later++] = m->in[i];
	}
	free(scratch);
	qsort(m->later, m->n_later, sizeof(struct input *), by_begin);
	return ret < 0 ? ret : 0;
}

static int start(struct ctf_merge *m, struct ctf_error *e)
{
	m->started = true;
	m->ref_bits = REF_BITS;
	while (m->n > 1ull << (m->ref_bits - REF_BITS))
		m->ref_bits++;
	m->ref_mask = (1ull << m->ref_bits) - 1;
	m->later = calloc(m->n + 1, sizeof(*m->later));
	m->live = calloc(m->n + 1, sizeof(*m->live));
	if (!m->later || !m->live)
		return fail_nomem(e);
	return find_begins(m, e);
}

/* How much a stream reads at a time, with those that are about to begin. */
static uint32_t share(const struct ctf_merge *m)
{
	uint64_t end = horizon(m);
	size_t i = m->n_later, share;

	while (i && m->later[i - 1]->from <= end)
		i--;
	share = READ_ALL / (m->n_live + m->n_later - i);

	return share > READ_MOST ? READ_MOST :
	       share < READ_LEAST ? READ_LEAST : (uint32_t)share;
}

/* Takes input @i out of those that are read. */
static void retire(struct ctf_merge *m, size_t i)
{
	if (m->rows)
		rows_retire(m->rows, m->live[i]);
	else
		input_end(m->live[i]);
	m->n_live--;
	memmove(m->live + i, m->live + i + 1,
		(m->n_live - i) * sizeof(*m->live));
	if (m->n_live)
		m->read = share(m);
}

/* The next batch of input @i, which goes where it has none. */
static int refill(struct ctf_merge *m, size_t i, struct ctf_error *e)
{
	struct input *later = m->n_later ? m->later[m->n_later - 1] : NULL;
	int ret;

	m->live[i]->round = m->round;
	input_fill_ahead(m->live[i], m->live, m->n_live, later);
	ret = input_refill(m->live[i], m->read, e);

	if (!ret)
		retire(m, i);
	return ret;
}

/*
 * While a stream is read up to its first event, which may be far where few are
 * wanted, other threads do so with those that begin after it: as many as there are
 * threads, since each takes memory and a file from then on. Where there are none the
 * next one is read beside it.
 */
static int start_some(struct ctf_merge *m, struct ctf_error *e)
{
	size_t i, n = m->pool ? 1 + pool_threads(m->pool) : 2;
	bool apart = m->pool || m->n_live < AHEAD_MOST;

	for (i = 0; i < n && i < m->n_later; i++) {
		struct input *in = m->later[m->n_later - 1 - i];
		int ret = in->cur ? 0 :
				    input_start(in, m->read, apart, m->pool, e);

		if (ret)
			return ret;
	}
	return 0;
}

/* Who begins next is read from now on. */
static int begin_next(struct ctf_merge *m, struct ctf_error *e)
{
	struct input *in = m->later[m->n_later - 1];
	size_t i = m->n_live;
	int ret = start_some(m, e);

	if (ret)
		return ret;
	m->n_later--;
	if (sorter_reserve(&m->sorter, m->n_live + 1, BATCH))
		return fail_nomem(e);
	for (; i && m->live[i - 1]->ref > in->ref; i--)
		m->live[i] = m->live[i - 1];
	m->live[i] = in;
	m->n_live++;
	return refill(m, i, e);
}

static int refill_all(struct ctf_merge *m, struct ctf_error *e)
{
	size_t i = 0;
	int ret;

	while (i < m->n_live) {
		if (m->live[i]->i < m->live[i]->n) {
			i++;
			continue;
		}
		ret = refill(m, i, e);
		if (ret < 0)
			return ret;
		i += ret;
	}
	while (m->n_later && m->later[m->n_later - 1]->from <= horizon(m)) {
		m->read = share(m);
		ret = begin_next(m, e);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* The next block; an empty one at the end. */
static int fill_block(struct ctf_merge *m, struct ctf_error *e)
{
	struct sorted_run block;
	int ret = m->started ? 0 : start(m, e);

	m->key = m->end = NULL;
	if (!ret)
		ret = refill_all(m, e);
	if (ret)
		return ret;
	cut_runs(m);
	if (m->sorter.runs) {
		block = sorter_merge(&m->sorter);
		m->key = block.key;
		m->end = block.key + block.n;
	}
	return 0;
}

static inline int give(struct ctf_merge *m, const struct ctf_event **ev)
{
	uint64_t key = *m->key++;
	uint32_t i = key & (BATCH - 1);
	struct input *in = m->in[(key & m->ref_mask) >> REF_BITS];
	struct timed *now = in->now;
	const struct batch *b = &now->block.batch;
	struct ctf_cursor *c = in->cur;

	c->ev.cls = &c->classes[b->cls[i] & WALK_CLS]->pub;
	c->ev.clock = b->clock[i];
	c->ev.time = now->time[i];
	c->ev.at = b->at[i];
	c->ev.note = now->note + i * in->note;
	*ev = &c->ev;
	return 1;
}

int merge_more(struct ctf_merge *m, struct ctf_error *e)
{
	if (!m->error)
		m->error = fill_block(m, &m->why);
	if (m->error && e)
		*e = m->why;
	return m->error ? m->error : m->key != NULL;
}

/* Apart, to keep the way of all other events short. */
static __attribute__((noinline)) int
give_first(struct ctf_merge *m, const struct ctf_event **ev, struct ctf_error *e)
{
	int ret = merge_more(m, e);

	return ret > 0 ? give(m, ev) : ret;
}

int ctf_merge_next(struct ctf_merge *m, const struct ctf_event **ev,
		   struct ctf_error *e)
{
	return unlikely(m->key == m->end) ? give_first(m, ev, e) : give(m, ev);
}
