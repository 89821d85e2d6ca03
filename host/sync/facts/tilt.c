// SPDX-License-Identifier: MIT
#include "sync/facts/tilt.h"

#include <math.h>

#include "sync/base/drift.h"

/*
 * A kernel goes to and fro between two multipliers that are next to each other to be,
 * in the mean, between them: that does not take its clock anywhere.
 */
#define DITHER 1

/*
 * The line of number @seq, from that at @i on; the lines' count: not known. One that is
 * told late is put before others, which only moves these on.
 */
static size_t find(const struct vmsync_lines *lines, size_t i, uint32_t seq)
{
	while (i < lines->spans.count && lines->spans.at[i].line.seq != seq)
		i++;
	return i;
}

static uint32_t apart(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

/* From line @first to line @last of one kernel. */
static void add_side(const struct vmsync_lines *lines, size_t first, size_t last,
		     struct vmsync_beacon *b)
{
	const struct vmsync_line *from = &lines->spans.at[first].line;
	uint32_t lo = from->mult, hi = from->mult, was = from->mult;

	for (size_t i = first + 1; i <= last; i++) {
		const struct vmsync_line *l = &lines->spans.at[i].line;

		/* Of another counter: what that does is another matter. */
		if (l->clocksource != from->clocksource || l->shift != from->shift)
			return;
		b->bends += apart(l->mult, was) > DITHER;
		was = l->mult;
		lo = l->mult < lo ? l->mult : lo;
		hi = l->mult > hi ? l->mult : hi;
	}
	/* What a liar says may be any number. */
	if (lo && hi - lo > DITHER)
		b->tilt += fmin((double)(hi - lo) / lo, VMSYNC_DRIFT_TICKS);
}

static void find_side(struct vmsync_tilt_side *side, const struct vmsync_lines *lines,
		      uint32_t seq, struct vmsync_beacon *b)
{
	size_t last;

	if (!seq || seq == side->seq)
		return;
	last = find(lines, side->at, seq);
	if (last == lines->spans.count)
		return;
	if (side->seq) {
		size_t first = find(lines, side->at, side->seq);

		if (first < last)
			add_side(lines, first, last, b);
	}
	*side = (struct vmsync_tilt_side){seq, last};
}

void vmsync_tilt_find(struct vmsync_tilt *tilt, const struct vmsync_lines *host,
		      const struct vmsync_lines *guest, struct vmsync_beacon *b)
{
	b->bends = 0;
	b->tilt = 0;
	if (!b->gh)
		return;
	find_side(&tilt->host, host, b->host_seq, b);
	find_side(&tilt->guest, guest, b->guest_seq, b);
}
