// SPDX-License-Identifier: MIT
#include "migration/verdict.h"

/*
 * The first figures that count: what the first round found is all memory, and what was
 * sent until the second is that, with pages of zeros that take next to nothing.
 */
#define FIRST 2

#define PAGE_SIZE_MAX (1ull << 30)

uint64_t migration_page_size(const struct migration_side *s)
{
	uint64_t size = s->has_answer ? s->answer.number[MIGRATION_PAGE_SIZE] :
					0;

	return size && size <= PAGE_SIZE_MAX ? size : 4096;
}

/* While the guest runs no more: QEMU asks once again, and sends the rest. */
static bool is_while_running(const struct migration_side *s,
			     const struct migration_round *r)
{
	return s->stop_ns == MIGRATION_NEVER || r->ns <= s->stop_ns;
}

/* Rounds up to the stop, [0, Return). */
static size_t running(const struct migration_side *s)
{
	size_t n = s->rounds.list.count;

	while (n && !is_while_running(s, &s->rounds.list.at[n - 1]))
		n--;
	return n;
}

static uint64_t whole(double v)
{
	return v < 1e18 ? (uint64_t)v : (uint64_t)1e18;
}

static void rates(const struct migration_side *s, size_t from, size_t until,
		  struct migration_verdict *v)
{
	double ns = 0, pages = 0, bytes = 0, ms = 0, waited_ns = 0;
	bool known = true;
	size_t i;

	for (i = from; i < until; i++) {
		const struct migration_round *r = &s->rounds.list.at[i];

		ns += (double)r->since_ns;
		pages += (double)r->dirty_pages;
		bytes += (double)r->sent_bytes;
		ms += (double)r->sent_ms;
		waited_ns += (double)r->waited_ns;
		known &= r->known;
		if (r->left_bytes < v->least_left_bytes)
			v->least_left_bytes = r->left_bytes;
	}
	if (known && ns > 0)
		v->dirty_bytes_s = pages * (double)migration_page_size(s) * 1e9 /
				   ns;
	if (ms > 0)
		v->link_bytes_s = bytes * 1e3 / ms;
	if (ns > 0)
		v->waited = waited_ns / ns;
	if (v->least_left_bytes != UINT64_MAX && v->link_bytes_s >= 1)
		v->enough_ms = whole((double)v->least_left_bytes * 1e3 /
				     v->link_bytes_s) + 1;
}

static enum migration_why why(const struct migration_side *s,
			      const struct migration_verdict *v)
{
	if (!s->rounds.list.count)
		return MIGRATION_WHY_UNKNOWN;
	if (s->postcopy)
		return MIGRATION_WHY_POSTCOPY;
	if (s->result == MIGRATION_COMPLETED)
		return MIGRATION_WHY_CONVERGED;
	if (!v->rounds)
		return MIGRATION_WHY_FIRST;
	if (v->dirty_bytes_s >= 0 && v->dirty_bytes_s >= v->link_bytes_s &&
	    v->link_bytes_s >= 0)
		return MIGRATION_WHY_FASTER;
	if (v->least_left_bytes != UINT64_MAX &&
	    v->least_left_bytes > v->allowed_bytes)
		return MIGRATION_WHY_LEFT;
	return MIGRATION_WHY_UNKNOWN;
}

void migration_judge(const struct migration_side *s,
		     struct migration_verdict *v)
{
	size_t until = running(s), from;

	*v = (struct migration_verdict){
		.dirty_bytes_s = -1,
		.link_bytes_s = -1,
		.least_left_bytes = UINT64_MAX,
		.allowed_bytes = UINT64_MAX,
		.enough_ms = UINT64_MAX,
	};
	from = until > MIGRATION_LAST_ROUNDS + FIRST ?
		       until - MIGRATION_LAST_ROUNDS : FIRST;
	if (until > from) {
		v->rounds = until - from;
		v->allowed_bytes = s->rounds.list.at[until - 1].allowed_bytes;
		rates(s, from, until, v);
	}
	v->why = why(s, v);
}
