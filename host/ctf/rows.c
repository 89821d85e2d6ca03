// SPDX-License-Identifier: MIT
/*
 * Events by their notes. Where other threads help, merging is theirs as well: what
 * the caller does with the events takes as long as decoding them, and it is the
 * caller who has no time to spare. So the events are put into rows, of which one is
 * being used and the next one merged.
 *
 * A row is far longer than a batch. How many events can be merged before some batch
 * is used up is as good as random: with rows of so many the caller would often use
 * up the few of one before the next one is there.
 *
 * Of each stream one batch is used up at most in a row. Then those that the row
 * before it refers to are there as long as it is used, if a stream has four of them:
 * being merged, being decoded, and the two that were used up last.
 */
#include <stdlib.h>

#include "ctf/rows.h"

#define ROW_MOST	8192	/* events; it ends with the first batch behind that */

/* Four batches of more streams take too much memory. */
#define STREAMS_MOST	32

/* @ret: as merge_more(), behind the last of its events. */
struct row {
	struct ctf_noted *at;
	size_t n, cap;
	int ret;
	struct ctf_error why;
};

struct rows {
	struct task merge;	/* the next row; first, see merge_task() */
	struct ctf_merge *m;
	struct row row[2];
	struct row *now, *next;	/* being used, being merged */
	size_t i;		/* the next one of @now */
	struct input **retired;	/* in order */
	size_t n_retired;
};

void rows_free(struct rows *r)
{
	if (!r)
		return;
	pool_cancel(r->m->pool, &r->merge);
	free(r->row[0].at);
	free(r->row[1].at);
	free(r->retired);
	free(r);
}

void rows_retire(struct rows *r, struct input *in)
{
	r->retired[r->n_retired++] = in;
}

/* No row that is used refers to them any more. */
static void end_retired(struct rows *r)
{
	size_t i, n = 0;

	while (n < r->n_retired && r->m->round - r->retired[n]->round >= 2)
		input_end(r->retired[n++]);
	r->n_retired -= n;
	for (i = 0; i < r->n_retired; i++)
		r->retired[i] = r->retired[n + i];
}

/* Whether some stream would use up its second batch in this row. */
static bool is_whole(const struct ctf_merge *m)
{
	size_t i;

	for (i = 0; i < m->n_live; i++) {
		const struct input *in = m->live[i];

		if (in->i == in->n && in->round == m->round)
			return true;
	}
	return false;
}

static int add_some(struct row *row, struct ctf_merge *m)
{
	size_t n = (size_t)(m->end - m->key);

	if (vec_grow(&row->at, &row->cap, row->n + n, sizeof(*row->at)))
		return fail_nomem(&row->why);
	merge_noted(m, row->at + row->n, n);
	row->n += n;
	return 1;
}

static bool merge_task(struct task *t)
{
	struct rows *r = (struct rows *)t;
	struct ctf_merge *m = r->m;
	struct row *row = r->next;

	m->round++;
	end_retired(r);
	row->n = 0;
	do {
		row->ret = merge_more(m, &row->why);
		if (row->ret > 0)
			row->ret = add_some(row, m);
	} while (row->ret > 0 && row->n < ROW_MOST && !is_whole(m));
	return true;
}

static bool may_begin(const struct ctf_merge *m)
{
	return m->pool && !m->rows && !m->started && m->n <= STREAMS_MOST;
}

static struct rows *rows_new(struct ctf_merge *m)
{
	struct rows *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->m = m;
	r->merge.run = merge_task;
	r->now = &r->row[0];
	r->next = &r->row[1];
	r->now->ret = 1;
	r->retired = calloc(m->n + 1, sizeof(*r->retired));
	if (r->retired)
		return r;
	rows_free(r);
	return NULL;
}

/* Before the first event: has the first row merged. */
static int begin(struct ctf_merge *m, struct ctf_error *e)
{
	size_t i;

	m->rows = rows_new(m);
	if (!m->rows)
		return fail_nomem(e);
	for (i = 0; i < m->n; i++)
		m->in[i]->lasts = true;
	pool_push(m->pool, &m->rows->merge);
	return 0;
}

/* The next row; no event is in it at the end, or after an error. */
static void turn(struct rows *r)
{
	struct row *used = r->now;

	pool_wait(r->m->pool, &r->merge);
	r->now = r->next;
	r->next = used;
	r->i = 0;
	if (r->now->ret > 0)
		pool_push(r->m->pool, &r->merge);
}

/*
 * They may be in the cache of who decoded them. Not for who only merges them: that would
 * take them away from there, and from who uses them next.
 */
static void fetch(const struct ctf_noted *some, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		__builtin_prefetch(some[i].note);
}

static int give_rows(struct rows *r, struct ctf_noted *out, uint32_t most,
		     struct ctf_error *e)
{
	uint32_t n;

	while (r->i == r->now->n && r->now->ret > 0)
		turn(r);
	if (r->i == r->now->n) {
		if (r->now->ret < 0 && e)
			*e = r->now->why;
		return r->now->ret;
	}
	n = r->now->n - r->i < most ? (uint32_t)(r->now->n - r->i) : most;
	memcpy(out, r->now->at + r->i, n * sizeof(*out));
	fetch(out, n);
	r->i += n;
	return (int)n;
}

int ctf_merge_notes(struct ctf_merge *m, struct ctf_noted *out, uint32_t most,
		    struct ctf_error *e)
{
	uint32_t n = most;
	int ret = 1;

	if (may_begin(m) && begin(m, e))
		return -ENOMEM;
	if (m->rows)
		return give_rows(m->rows, out, most, e);
	if (m->key == m->end)
		ret = merge_more(m, e);
	if (ret <= 0)
		return ret;
	if (n > (size_t)(m->end - m->key))
		n = (uint32_t)(m->end - m->key);
	merge_noted(m, out, n);
	fetch(out, n);
	return (int)n;
}
