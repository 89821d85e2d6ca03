// SPDX-License-Identifier: MIT
#include "live/pace.h"

/* Who sent nothing for so long is not waited for. */
#define GONE_NS 5000000000

/* By less than that another one is not better: moments are not as exact. */
#define BETTER_NS 10000000

/*
 * Who is to send so soon after the one that is followed is waited for, for so long, and no
 * longer than this after it was to: it is asked each 10 ms where its timer ends often.
 */
#define SOON_NS 20000000
#define LATE_NS 10000000

static bool is_gone(const struct live_paced *s, int64_t now_ns)
{
	return !s->came_ns || now_ns - s->came_ns > GONE_NS;
}

/* Its period: moments are not exact, so that it takes some to tell. */
static void every(struct live_paced *s, int64_t ns)
{
	if (s->every_ns && ns < 2 * s->every_ns)
		s->every_ns += (ns - s->every_ns) / 8;
	else
		s->every_ns = ns;
}

bool live_pace_came(struct live_pace *p, size_t i, int64_t now_ns)
{
	const struct live_paced *followed = &p->at[p->followed];
	int64_t oldest_ns = now_ns;
	size_t k;

	every(&p->at[i], now_ns - p->at[i].came_ns);
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

int64_t live_pace_soon_ns(const struct live_pace *p)
{
	int64_t followed_ns = p->at[p->followed].came_ns, soon_ns = 0;
	size_t k;

	for (k = 0; k < p->n; k++) {
		const struct live_paced *s = &p->at[k];
		int64_t late_ns = s->came_ns + s->every_ns + LATE_NS;

		if (s->came_ns < followed_ns && late_ns > soon_ns &&
		    late_ns <= followed_ns + LATE_NS + SOON_NS)
			soon_ns = late_ns;
	}
	return soon_ns < followed_ns + SOON_NS ? soon_ns : followed_ns + SOON_NS;
}
