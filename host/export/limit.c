// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "export/limit.h"

#define LOOK_ROWS 4096 /* from one look at the file to the next */

static unsigned int step_of(int64_t ns)
{
	unsigned int power;

	if (ns < 8)
		return ns > 0 ? (unsigned int)ns : 0;
	power = 63 - (unsigned int)__builtin_clzll((uint64_t)ns);
	return 8 * (power - 2) + (unsigned int)(ns >> (power - 3) & 7);
}

/* The shortest of a step. */
static int64_t step_ns(unsigned int step)
{
	return step < 8 ? (int64_t)step :
			  (int64_t)(8 + step % 8) << (step / 8 - 1);
}

static int64_t size_of(const struct export_limit *l)
{
	struct stat st;

	return stat(l->path, &st) ? 0 : st.st_size;
}

static bool has_room(struct export_limit *l)
{
	if (!l->full && (l->rows + l->events) % LOOK_ROWS == 0)
		l->full = size_of(l) > l->most_bytes;
	return !l->full;
}

bool export_limit_row(struct export_limit *l, int64_t ns)
{
	if (!l->most_bytes)
		return true;
	l->seen[step_of(ns)]++;
	if (ns < l->shortest_ns) {
		l->left_rows++;
		l->left_ns += ns;
		return false;
	}
	if (!has_room(l))
		return false;
	l->rows++;
	return true;
}

bool export_limit_event(struct export_limit *l)
{
	if (!l->most_bytes)
		return true;
	if (l->events >= l->most_events || !has_room(l)) {
		l->left_events++;
		return false;
	}
	l->events++;
	return true;
}

/* Rows that are not shorter than @shortest_ns, which begins a step. */
static uint64_t rows_from(const struct export_limit *l, int64_t shortest_ns)
{
	unsigned int i = step_of(shortest_ns);
	uint64_t n = 0;

	for (; i < EXPORT_LIMIT_STEPS; i++)
		n += l->seen[i];
	return n;
}

/* So that at most @want rows and events are written. */
static void choose(struct export_limit *l, uint64_t want)
{
	uint64_t rows = rows_from(l, l->shortest_ns);

	l->most_events = want > rows ? want - rows : 0;
	while (rows_from(l, l->shortest_ns) > want)
		l->shortest_ns = step_ns(step_of(l->shortest_ns) + 1);
}

int export_limit_again(struct export_limit *l)
{
	uint64_t n = l->rows + l->events, want;
	int64_t bytes;

	/* What has no limit may have no path either. */
	if (!l->most_bytes)
		return 0;
	bytes = size_of(l);
	if (!l->full && bytes <= l->most_bytes)
		return 0;
	if (!n)
		return -EFBIG;
	/* A round that did not do leaves out more than seems to be needed. */
	want = (uint64_t)((double)n * (double)l->most_bytes / (double)bytes *
			  (l->rounds < 8 ? 0.98 - 0.1 * l->rounds : 0));
	choose(l, want);
	l->rounds++;
	l->full = false;
	l->rows = l->events = l->left_rows = l->left_events = 0;
	l->left_ns = 0;
	memset(l->seen, 0, sizeof(l->seen));
	return 1;
}

void export_limit_text(const struct export_limit *l, char *buf, size_t size)
{
	int n = 0;

	*buf = '\0';
	if (l->left_rows)
		n = snprintf(buf, size,
			     "left out: %" PRIu64 " rows shorter than %" PRId64
			     " ns, of %" PRId64 " ns",
			     l->left_rows, l->shortest_ns, l->left_ns);
	if (l->left_events)
		snprintf(buf + n, size - (size_t)n,
			 "%s the last %" PRIu64 " of %" PRIu64 " events",
			 n ? ", and" : "left out:", l->left_events,
			 l->left_events + l->events);
}
