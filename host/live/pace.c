// SPDX-License-Identifier: MIT
#include "live/pace.h"

/* Who sent nothing for so long is not waited for. */
#define GONE_NS 5000000000

/* By less than that another one is not better: moments are not as exact. */
#define BETTER_NS 10000000

static bool is_gone(const struct live_paced *s, int64_t now_ns)
{
	return !s->came_ns || now_ns - s->came_ns > GONE_NS;
}

bool live_pace_came(struct live_pace *p, size_t i, int64_t now_ns)
{
	const struct live_paced *followed = &p->at[p->followed];
	int64_t oldest_ns = now_ns;
	size_t k;

	p->at[i].came_ns = now_ns;
	for (k = 0; k < p->n; k++) {
		if (!is_gone(&p->at[k], now_ns) && p->at[k].came_ns < oldest_ns)
			oldest_ns = p->at[k].came_ns;
	}
	p->at[i].behind_ns = now_ns - oldest_ns;
	if (is_gone(followed, now_ns) ||
	    p->at[i].behind_ns + BETTER_NS < followed->behind_ns)
		p->followed = i;
	return i == p->followed;
}
