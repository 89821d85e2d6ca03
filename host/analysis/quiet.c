// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "analysis/quiet.h"
#include "sync/array.h"

/* A stretch of time in which events of the CPU may be missing. */
struct hole {
	int64_t from_ns;
	int64_t until_ns;
};

/*
 * What the events so far have told.
 * @told:	the thread that runs is known to the model: @current
 * @entered:	the last event was an entry
 * @lost_until_ns: the model passes over what is before
 */
struct analysis_quiet {
	bool wakeups;
	bool told;
	bool entered;
	int32_t current;
	VMSYNC_ARRAY(struct hole) holes;
	size_t next;
	int64_t lost_until_ns;
};

struct analysis_quiet *analysis_quiet_new(bool wakeups)
{
	struct analysis_quiet *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->wakeups = wakeups;
	q->lost_until_ns = INT64_MIN;
	return q;
}

void analysis_quiet_free(struct analysis_quiet *q)
{
	if (!q)
		return;
	vmsync_array_free(&q->holes);
	free(q);
}

int analysis_quiet_lost(struct analysis_quiet *q, int64_t from_ns,
			int64_t until_ns)
{
	struct hole *h = vmsync_array_add(&q->holes);

	if (!h)
		return -ENOMEM;
	*h = (struct hole){from_ns, until_ns};
	return 0;
}

/* Nothing is known where something may be missing. */
static void forget(struct analysis_quiet *q, int64_t ns)
{
	for (; q->next < q->holes.count && q->holes.at[q->next].from_ns <= ns;
	     q->next++) {
		if (q->holes.at[q->next].until_ns > q->lost_until_ns)
			q->lost_until_ns = q->holes.at[q->next].until_ns;
		q->told = false;
	}
}

bool analysis_quiet_skips(struct analysis_quiet *q, enum analysis_kind kind,
			  int32_t current, int64_t ns)
{
	forget(q, ns);
	if (kind == ANALYSIS_EV_WAKING && !q->wakeups)
		return false;
	return q->told && !q->entered &&
	       (current == ANALYSIS_NOT_SAID || current == q->current);
}

void analysis_quiet_passed(struct analysis_quiet *q, enum analysis_kind kind,
			   int32_t current, int32_t next, int64_t ns)
{
	bool is_switch = kind == ANALYSIS_EV_SWITCH;

	forget(q, ns);
	q->entered = kind == ANALYSIS_EV_ENTRY;
	if (ns < q->lost_until_ns ||
	    (!is_switch && current == ANALYSIS_NOT_SAID))
		return;
	q->current = is_switch ? next : current;
	q->told = true;
}
