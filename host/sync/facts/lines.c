// SPDX-License-Identifier: MIT
#include "sync/facts/lines.h"

#include <errno.h>
#include <string.h>

#include "sync/base/chain.h"
#include "uapi/vmsync.h"

/* How far back a record from another CPU may be late, in lines. */
#define MAX_LATE 8

/* Fewer are not worth it to be forgotten. */
#define FORGET 64

void vmsync_lines_free(struct vmsync_lines *lines)
{
	vmsync_array_free(&lines->spans);
}

/* TSCs of one CPU, modulo 2^64 */
static bool before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

/* The span of @line if it is one of the last few. */
static struct vmsync_line_span *find(struct vmsync_lines *lines,
				     const struct vmsync_line *line)
{
	for (size_t i = lines->spans.count, k = 0; i-- && k < MAX_LATE; k++) {
		struct vmsync_line_span *s = &lines->spans.at[i];

		if (s->line.seq == line->seq &&
		    vmsync_line_same(&s->line, line))
			return s;
	}
	return NULL;
}

/*
 * An older line, told late. Numbers alone do not say it: a module that is loaded
 * again begins anew, while the clock goes on.
 */
static bool is_late(const struct vmsync_line *last,
		    const struct vmsync_line *line)
{
	return line->seq < last->seq && last->seq - line->seq < MAX_LATE &&
	       line->base_ns <= last->base_ns;
}

/*
 * Where an older line belongs that is told late, as a knot is that waits for its
 * CPU while a beacon on another one names the line that followed: into the gap
 * before that, which may be the begin of all. NULL where there is none, or no
 * memory (sets @err).
 */
static struct vmsync_line_span *gap_for(struct vmsync_lines *lines,
					const struct vmsync_line *line, int *err)
{
	size_t i = lines->spans.count;
	struct vmsync_line_span *s;

	while (i && lines->spans.at[i - 1].line.seq > line->seq)
		i--;
	if (!lines->spans.at[i].gap ||
	    (i && lines->spans.at[i - 1].line.seq == line->seq))
		return NULL;
	if (!vmsync_array_add(&lines->spans)) {
		*err = -ENOMEM;
		return NULL;
	}
	s = &lines->spans.at[i];
	memmove(s + 1, s, (lines->spans.count - 1 - i) * sizeof(*s));
	s[1].gap = s[1].line.seq != line->seq + 1;
	return s;
}

static bool is_other(const struct vmsync_line *line)
{
	return line->clocksource != VMSYNC_CLOCKSOURCE_TSC &&
	       line->clocksource != VMSYNC_CLOCKSOURCE_KVMCLOCK;
}

/*
 * A record of an older line that comes late belongs before the last one; one
 * that was never seen and is not next in the row follows a gap.
 */
static int see(struct vmsync_lines *lines, const struct vmsync_line *line,
	       uint64_t tsc, uint32_t cpu, int64_t stamp_ns)
{
	struct vmsync_line_span *last = vmsync_array_last(&lines->spans);
	struct vmsync_line_span *s = find(lines, line);

	if (!line->seq)
		return 0;
	if (s) {
		if (s->cpu == cpu && before(s->seen, tsc)) {
			s->seen = tsc;
			s->seen_ns = stamp_ns;
		}
		return 0;
	}
	if (last && is_late(&last->line, line)) {
		int err = 0;

		lines->out_of_order++;
		s = gap_for(lines, line, &err);
		if (!s)
			return err;
	} else {
		s = vmsync_array_add(&lines->spans);
		if (!s)
			return -ENOMEM;
	}
	lines->other |= is_other(line);
	*s = (struct vmsync_line_span){
		.line = *line,
		.cpu = cpu,
		.stamp_ns = stamp_ns,
		.confirm = tsc,
		.over = INT64_MAX,
		.seen = tsc,
		.seen_ns = stamp_ns,
		.gap = s == lines->spans.at || line->seq != s[-1].line.seq + 1,
	};
	return 0;
}

static void confirm(struct vmsync_line_span *s, uint64_t tsc, uint32_t cpu,
		    int64_t stamp_ns)
{
	if (s->cpu != cpu || before(tsc, s->line.since_tsc) ||
	    (s->confirmed && !before(tsc, s->confirm)))
		return;
	s->confirmed = true;
	s->confirm = tsc;
	s->stamp_ns = stamp_ns;
}

/* Where pages differ, a reading is not behind what another CPU has shown. */
static bool may_be_ahead(const struct vmsync_evidence *ev)
{
	return ev->line.clocksource == VMSYNC_CLOCKSOURCE_KVMCLOCK &&
	       !(ev->pvclock.flags & VMSYNC_PV_STABLE);
}

/*
 * May the clock have been on @line when the pair of @ev was read? @ahead: it may
 * have read more than @line tells.
 */
static bool pair_fits(const struct vmsync_line *line,
		      const struct vmsync_evidence *ev, bool ahead)
{
	int128 lo, hi, r = ev->pair.mono_ns * Q32;

	if (!vmsync_line_read(line, &ev->pvclock, ev->pair.tsc, &lo) ||
	    !vmsync_line_read(line, &ev->pvclock,
			      ev->pair.tsc + ev->pair.bracket, &hi))
		return true;
	/* Readings are rounded down, kvm-clock's before that. */
	return r > lo - 3 * Q32 && (ahead || r <= hi + Q32);
}

int vmsync_lines_beacon(struct vmsync_lines *lines,
			const struct vmsync_evidence *ev, uint32_t cpu)
{
	struct vmsync_line_span *s;
	int err = see(lines, &ev->line, ev->pair.tsc, cpu, ev->stamp_ns);

	s = vmsync_array_last(&lines->spans);
	if (err || !s || s->gap || s->line.seq != ev->line.seq ||
	    s == lines->spans.at)
		return err;
	if (!s->confirmed && !pair_fits(&s[-1].line, ev, may_be_ahead(ev)) &&
	    pair_fits(&s->line, ev, false))
		/* Read somewhere in the bracket. */
		confirm(s, ev->pair.tsc + ev->pair.bracket, cpu, ev->stamp_ns);
	return 0;
}

int vmsync_lines_knot(struct vmsync_lines *lines,
		      const struct vmsync_evidence *ev, uint32_t cpu)
{
	struct vmsync_line_span *s;
	int err = 0;

	/* The line that ended was in force until the new one's since_tsc. */
	if (ev->prev.seq)
		err = see(lines, &ev->prev, ev->line.since_tsc, cpu,
			  ev->stamp_ns);
	if (!err)
		err = see(lines, &ev->line, ev->confirm_tsc, cpu, ev->stamp_ns);
	s = err ? NULL : find(lines, &ev->line);
	if (s) {
		/* A beacon on another CPU named it before. */
		if (s->cpu != cpu && !s->told) {
			s->cpu = cpu;
			s->confirmed = false;
			s->seen = ev->confirm_tsc;
			s->seen_ns = ev->stamp_ns;
		}
		confirm(s, ev->confirm_tsc, cpu, ev->stamp_ns);
		s->told |= s->confirmed && s->confirm == ev->confirm_tsc;
	}
	return err;
}

size_t vmsync_lines_first(const struct vmsync_lines *lines, int64_t from_ns)
{
	size_t lo = 0, hi = lines->spans.count;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (lines->spans.at[mid].stamp_ns < from_ns)
			lo = mid;
		else
			hi = mid;
	}
	/* One more, which may be late. */
	return lo > 1 ? lo - 1 : 0;
}

size_t vmsync_lines_forget(struct vmsync_lines *lines, int64_t from_ns,
			   void (*drop)(void *ctx, const struct vmsync_line_span *s),
			   void *ctx)
{
	size_t first = vmsync_lines_first(lines, from_ns);

	/* So that each is moved once or twice, however many there are. */
	if (first < FORGET || first < lines->spans.count / 2)
		return 0;
	for (size_t i = 0; drop && i < first; i++)
		drop(ctx, &lines->spans.at[i]);
	lines->spans.count -= first;
	memmove(lines->spans.at, lines->spans.at + first,
		lines->spans.count * sizeof(*lines->spans.at));
	return first;
}

bool vmsync_lines_other_at(const struct vmsync_lines *lines, int64_t ns)
{
	size_t from = 0, until = lines->spans.count;

	if (!lines->other)
		return false;
	while (from < until) {
		size_t mid = from + (until - from) / 2;

		if (lines->spans.at[mid].stamp_ns <= ns)
			from = mid + 1;
		else
			until = mid;
	}
	return (from && is_other(&lines->spans.at[from - 1].line)) ||
	       (from < lines->spans.count &&
		is_other(&lines->spans.at[from].line));
}
