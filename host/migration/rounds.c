// SPDX-License-Identifier: MIT
#include "migration/rounds.h"

#include <errno.h>

/*
 * QEMU prints pages found dirty since its period began. A period ends with the round
 * that ends more than 1000 ms after that, by QEMU's clock in whole ms, of which the log
 * does not tell the fraction: within a ms of it the next figure may be of either.
 */
#define PERIOD_NS 1000000000
#define MS_NS	  1000000

/* What QEMU's thread may be held up between its clock and its log, and not more. */
#define LATE_NS	  250000000

static void sync_begin(struct migration_rounds *r, int64_t ns)
{
	if (!r->begun)
		r->period_ns = ns;
	r->begun = r->asking = true;
	r->asked_ns = ns;
}

static void period_end(struct migration_rounds *r, int64_t ns)
{
	int64_t lasted_ns = ns - r->period_ns;

	r->unsure = lasted_ns >= PERIOD_NS - MS_NS &&
		    lasted_ns <= PERIOD_NS + 2 * MS_NS;
	if (lasted_ns <= PERIOD_NS)
		return;
	r->period_ns = ns;
	if (!r->unsure)
		r->sum = 0;
}

static int sync_end(struct migration_rounds *r,
		    const struct migration_told *told)
{
	const struct migration_round *last = vmsync_array_last(&r->list);
	int64_t last_ns = last ? last->ns : 0;
	uint64_t printed = told->number[0];
	bool anew = printed < r->sum;
	struct migration_round *round;

	/* The first one may have begun before the events were switched on. */
	if (!r->begun)
		r->period_ns = r->asked_ns = told->ns;
	round = vmsync_array_add(&r->list);
	if (!round)
		return -ENOMEM;
	*round = r->after;
	r->after = (struct migration_round){ 0 };
	round->ns = told->ns;
	round->asked_ns = r->asking ? told->ns - r->asked_ns : 0;
	round->since_ns = r->list.count > 1 ? told->ns - last_ns : 0;
	round->printed = printed;
	round->known = r->begun && (anew || !r->unsure);
	round->dirty_pages = anew ? printed : printed - r->sum;
	round->left_bytes = UINT64_MAX;
	round->allowed_bytes = r->allowed_bytes ? r->allowed_bytes : UINT64_MAX;
	r->sum = printed;
	r->begun = true;
	r->asking = false;
	r->pending = true;
	period_end(r, told->ns);
	return 0;
}

static void sent(struct migration_rounds *r, const struct migration_told *told)
{
	r->after.sent_bytes += told->number[0];
	r->after.sent_ms += told->number[1];
	/* Each time it measures from the last one on. */
	if (r->sent++)
		r->measured_ms += told->number[1];
	else
		r->first_sent_ns = told->ns;
	r->sent_ns = told->ns;
	if (told->has & 1u << 2 && (int64_t)told->number[2] >= 0)
		r->allowed_bytes = told->number[2];
}

static void pending(struct migration_rounds *r,
		    const struct migration_told *told)
{
	struct migration_round *last = vmsync_array_last(&r->list);

	if (r->pending && last)
		last->left_bytes = told->number[0];
	r->pending = false;
}

int migration_rounds_take(struct migration_rounds *r,
			  const struct migration_told *told)
{
	switch (told->kind) {
	case MIGRATION_SYNC_BEGIN:
		sync_begin(r, told->ns);
		return 0;
	case MIGRATION_SYNC_END:
		return sync_end(r, told);
	case MIGRATION_PENDING:
		pending(r, told);
		return 0;
	case MIGRATION_SENT:
		sent(r, told);
		return 0;
	case MIGRATION_WAIT:
		r->waiting = true;
		r->wait_ns = told->ns;
		return 0;
	case MIGRATION_GO_ON:
		if (r->waiting)
			r->after.waited_ns += told->ns - r->wait_ns;
		r->waiting = false;
		return 0;
	case MIGRATION_QMP_PASS:
		r->passes = told->number[0];
		return 0;
	default:
		return 0;
	}
}

int64_t migration_rounds_stepped(const struct migration_rounds *r)
{
	int64_t told_ns = r->sent_ns - r->first_sent_ns, off_ns;

	/* More than a log can last is no measurement. */
	if (r->measured_ms > INT64_MAX / MS_NS || r->sent > INT64_MAX / MS_NS)
		return 0;
	off_ns = told_ns - (int64_t)r->measured_ms * MS_NS;
	if (off_ns < -LATE_NS || off_ns > LATE_NS + (int64_t)r->sent * MS_NS)
		return off_ns;
	return 0;
}

uint64_t migration_rounds_dirty(const struct migration_rounds *r, bool *known)
{
	uint64_t pages = 0;
	size_t i;

	*known = r->list.count;
	for (i = 0; i < r->list.count; i++) {
		pages += r->list.at[i].dirty_pages;
		*known &= r->list.at[i].known;
	}
	return pages;
}
