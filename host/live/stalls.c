// SPDX-License-Identifier: MIT
#include "live/stalls.h"

#include <stdio.h>
#include <time.h>

/* So long, and some of a session's live timers. */
#define STALL_NS     2000000000
#define STALL_TIMERS 3

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

static void say(const struct live_member *m, const char *format, int64_t ns)
{
	char text[256];

	snprintf(text, sizeof(text), format, (double)ns / 1e9);
	m->source.say(m->source.say_ctx, text);
}

static void look(struct live_member *m, int64_t now)
{
	struct live_state s = live_source_state(&m->source);
	int64_t since_ns = now - m->came_ns;

	if (s.attached && s.until && s.until == m->until) {
		if (m->stalled ||
		    since_ns < STALL_NS + STALL_TIMERS * s.timer_us * 1000ll)
			return;
		m->stalled = true;
		say(m, "nothing has come for %.1f s, not even that it is idle: a guest "
		       "that is paused, or a consumer that is stuck; it is waited for",
		    since_ns);
		return;
	}
	if (m->stalled && s.attached)
		say(m, "it goes on, after %.1f s", since_ns);
	m->stalled = false;
	m->until = s.until;
	m->came_ns = now;
}

void live_stalls_look(struct live_member *m, size_t n)
{
	int64_t now = now_ns();
	size_t i;

	for (i = 0; i < n; i++) {
		if (m[i].source.url.kind == LIVE_RELAYD)
			look(&m[i], now);
	}
}
