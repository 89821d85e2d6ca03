// SPDX-License-Identifier: MIT
/*
 * What all want, window by window: of virtual CPUs the time that they run, other than
 * idle, and the time that they wait; of the host's threads what they run.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hints/parts.h"

/* Of 1000 windows, that may want more than there is room for. */
#define BEYOND 10

int hints_demand_init(struct hints_state *s, int64_t window_ns)
{
	int64_t length = s->until_ns - s->from_ns;

	/* An hour has as many windows as a day. */
	while (length / window_ns > HINTS_MOST_WINDOWS)
		window_ns *= 2;
	s->window_ns = window_ns;
	s->n_windows = (uint32_t)(length / window_ns);
	s->windows = calloc(s->n_windows + 1u, sizeof(*s->windows));
	return s->windows ? 0 : -ENOMEM;
}

void hints_demand_add(struct hints_state *s, int64_t from_ns, int64_t until_ns)
{
	int64_t end_ns = s->from_ns + s->n_windows * s->window_ns;

	from_ns = from_ns < s->from_ns ? s->from_ns : from_ns;
	until_ns = until_ns > end_ns ? end_ns : until_ns;
	while (from_ns < until_ns) {
		int64_t i = (from_ns - s->from_ns) / s->window_ns;
		int64_t end = s->from_ns + (i + 1) * s->window_ns;

		end = end > until_ns ? until_ns : end;
		s->windows[i] += end - from_ns;
		from_ns = end;
	}
}

static bool wants(enum analysis_state state)
{
	return state == ANALYSIS_GUEST || state == ANALYSIS_HYPERVISOR ||
	       state == ANALYSIS_USER_SPACE || state == ANALYSIS_HOST_IRQ ||
	       analysis_state_waits(state);
}

void hints_demand_stay(struct hints_state *s, const struct analysis_stay *stay)
{
	int64_t from = stay->from_ns < s->from_ns ? s->from_ns : stay->from_ns;
	int64_t until = stay->until_ns > s->until_ns ? s->until_ns : stay->until_ns;

	if (from >= until)
		return;
	s->vcpu_ns += until - from;
	if (stay->state == ANALYSIS_UNKNOWN)
		s->unknown_ns += until - from;
	if (wants(stay->state))
		hints_demand_add(s, from, until);
}

/* A window, and the part of the recording that it is in. */
struct window {
	int64_t ns;
	uint32_t part;
};

struct sorted {
	const struct hints_state *s;
	struct window *at;
	uint32_t n;
};

static int by_demand(const void *a, const void *b)
{
	const struct window *x = a, *y = b;

	return x->ns < y->ns ? 1 : x->ns > y->ns ? -1 : 0;
}

/* The most that all but the greatest want, by nearest rank. */
static double p99(const struct sorted *w, const uint32_t drawn[HINTS_PARTS])
{
	uint64_t all = 0, above = 0;
	uint32_t i;

	for (i = 0; i < w->n; i++)
		all += drawn[w->at[i].part];
	for (i = 0; i < w->n; i++) {
		above += drawn[w->at[i].part];
		if (above * 1000 > all * BEYOND)
			break;
	}
	return i < w->n ? (double)w->at[i].ns / (double)w->s->window_ns : 0;
}

static double spare(void *ctx, const uint32_t drawn[HINTS_PARTS])
{
	const struct sorted *w = ctx;

	return 3600 * (w->s->h->room.n_cpus - p99(w, drawn));
}

static uint32_t cpus_seen(const struct hints_state *s)
{
	uint32_t i, n = 0;

	for (i = 0; i < s->cpus.count; i++)
		n += s->cpus.at[i].idle_ns + s->cpus.at[i].vcpu_ns +
			     s->cpus.at[i].task_ns > 0;
	return n;
}

void hints_room_hint(struct hints *h, struct hint *hint)
{
	struct hints_state *s = h->state;
	struct sorted w = {s, calloc(s->n_windows + 1u, sizeof(*w.at)), s->n_windows};
	uint32_t once[HINTS_PARTS], i;

	hint->kind = HINTS_ROOM;
	hint->vm = hint->by = ANALYSIS_NONE;
	if (!w.at) {
		s->failed = true;
		return;
	}
	for (i = 0; i < HINTS_PARTS; i++)
		once[i] = 1;
	for (i = 0; i < w.n; i++)
		w.at[i] = (struct window){s->windows[i],
					  (uint32_t)((uint64_t)i * HINTS_PARTS / w.n)};
	qsort(w.at, w.n, sizeof(*w.at), by_demand);
	h->room.n_cpus = cpus_seen(s);
	h->room.windows = w.n;
	h->room.p99 = p99(&w, once);
	h->room.most = w.n ? (double)w.at[0].ns / (double)s->window_ns : 0;
	/* One more virtual CPU at least. */
	hints_resample(hint, 3600, spare, &w);
	free(w.at);
}
