// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "analysis/quiet.h"

struct analysis_quiet *analysis_quiet_new(bool wakeups)
{
	struct analysis_quiet *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->quiet = 1u << ANALYSIS_EV_OTHER;
	if (wakeups)
		q->quiet |= 1u << ANALYSIS_EV_WAKING;
	q->told = ANALYSIS_TOLD_NOBODY;
	q->lost_until_ns = INT64_MIN;
	q->next_ns = INT64_MAX;
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
	struct analysis_hole *h = vmsync_array_add(&q->holes);

	if (!h)
		return -ENOMEM;
	*h = (struct analysis_hole){from_ns, until_ns};
	q->next_ns = q->holes.at[q->next].from_ns;
	return 0;
}

void analysis_quiet_vcpu(struct analysis_quiet *q, int32_t tid)
{
	uint32_t bit = (uint32_t)tid % ANALYSIS_QUIET_TIDS;

	q->vcpus[bit / 64] |= 1ull << bit % 64;
}

/* Nothing is known where something may be missing. */
static void forget(struct analysis_quiet *q, int64_t ns)
{
	const struct analysis_hole *h;

	for (; q->next_ns <= ns; q->next++) {
		h = &q->holes.at[q->next];
		if (h->until_ns > q->lost_until_ns)
			q->lost_until_ns = h->until_ns;
		q->told |= ANALYSIS_TOLD_NOBODY;
		q->next_ns =
			q->next + 1 < q->holes.count ? h[1].from_ns : INT64_MAX;
	}
}

bool analysis_quiet_keeps(struct analysis_quiet *q,
			  const struct analysis_brief *b, int64_t ns)
{
	uint64_t told;
	bool keeps;

	forget(q, ns);
	told = q->told;
	keeps = analysis_quiet_keeps_calm(q, &told, b);
	if (ns < q->lost_until_ns)
		told = (q->told & ~ANALYSIS_TOLD_ENTERED) |
		       (told & ANALYSIS_TOLD_ENTERED);
	q->told = told;
	return keeps;
}
