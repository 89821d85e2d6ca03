// SPDX-License-Identifier: MIT
#include "live/marks.h"

#include <string.h>

void live_marks_seen(struct live_marks *m, uint64_t time)
{
	if (time > m->newest)
		m->newest = time;
}

/* So far apart that all of one settle_ns are kept. */
static void mark(struct live_marks *m, int64_t now_ns)
{
	if (m->n && (m->at[m->n - 1].time == m->newest ||
		     now_ns - m->at[m->n - 1].seen_ns <
			     m->settle_ns / (LIVE_MARKS / 2)))
		return;
	if (m->n == LIVE_MARKS || !m->newest)
		return;
	m->at[m->n].seen_ns = now_ns;
	m->at[m->n++].time = m->newest;
}

uint64_t live_marks_settled(struct live_marks *m, int64_t now_ns)
{
	unsigned int over = 0;

	while (over < m->n && now_ns - m->at[over].seen_ns >= m->settle_ns)
		m->settled = m->at[over++].time;
	/* The last one stays, for no time is to be marked twice. */
	if (over && over == m->n)
		over--;
	m->n -= over;
	memmove(m->at, m->at + over, m->n * sizeof(m->at[0]));
	mark(m, now_ns);
	return m->settled;
}
