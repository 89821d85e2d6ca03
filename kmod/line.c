// SPDX-License-Identifier: GPL-2.0-only
/*
 * The line of CLOCK_MONOTONIC over its counter, and its changes.
 *
 * The timekeeper calls back at each of its updates, under its lock, interrupts
 * off. Nearly all of them only move the anchor along the line; what is looked
 * for is an update after which the clock is another function of the counter.
 * The comparison is exact, in the timekeeper's own fixed point, which takes
 * more than 64 bits.
 */
#include <linux/export.h>
#include <linux/math64.h>
#include <linux/pvclock_gtod.h>
#include <linux/seqlock.h>
#include <linux/string.h>
#include <linux/timekeeper_internal.h>

#include "compat.h"
#include "core.h"
#include "vmsync.h"

/* Written only by the callback, so the timekeeper's lock guards these. */
static struct vmsync_line current_line;
static struct vmsync_line anchor;	/* same line, anchored at the last update */
static const struct clocksource *anchor_clock;

/* The line in force, for readers that cannot wait for a writer. */
static seqcount_latch_t latch = SEQCNT_LATCH_ZERO(latch);
static struct vmsync_line latched[2];

static void publish(const struct vmsync_line *line)
{
	raw_write_seqcount_latch(&latch);
	latched[0] = *line;
	raw_write_seqcount_latch(&latch);
	latched[1] = *line;
}

void vmsync_line_get(struct vmsync_line *line)
{
	unsigned int seq;

	do {
		seq = raw_read_seqcount_latch(&latch);
		/* Whether it was written meanwhile is asked below. */
		*line = data_race(latched[seq & 1]);
	} while (vmsync_latch_retry(&latch, seq));
}
EXPORT_SYMBOL_GPL(vmsync_line_get);

static u32 clocksource_kind(const struct clocksource *clock)
{
	if (!strcmp(clock->name, "tsc") || !strcmp(clock->name, "tsc-early"))
		return VMSYNC_CLOCKSOURCE_TSC;
	if (!strcmp(clock->name, "kvm-clock"))
		return VMSYNC_CLOCKSOURCE_KVMCLOCK;
	return VMSYNC_CLOCKSOURCE_OTHER;
}

static void line_read(struct vmsync_line *line, const struct tk_read_base *tkr)
{
	line->cycle_last = tkr->cycle_last;
	line->base_ns = ktime_to_ns(tkr->base);
	line->xtime_nsec = tkr->xtime_nsec;
	line->mult = tkr->mult;
	line->shift = tkr->shift;
	/* Names are compared once per clocksource, not at each tick. */
	line->clocksource = tkr->clock == anchor_clock ?
				    anchor.clocksource :
				    clocksource_kind(tkr->clock);
}

/* The clock @delta counts after @line's anchor, in ns << line->shift. */
static __int128 line_at(const struct vmsync_line *line, u64 delta)
{
	return ((__int128)line->base_ns << line->shift) + line->xtime_nsec +
	       (__int128)delta * line->mult;
}

/*
 * When the timekeeper changes the slope, it lets both lines meet at the count
 * that it has just read, up to one tick after the new anchor. So two lines
 * that are @gap apart at the anchor (new less old), with slopes @tilt apart,
 * are one continuous clock if they meet at a whole count within @limit.
 */
static bool lines_meet(__int128 gap, __int128 tilt, u64 limit)
{
	s64 rest;

	if (!gap)
		return true;
	if (gap != (s64)gap || tilt != (s64)tilt || !tilt)
		return false;
	if ((gap > 0) == (tilt > 0))
		return false;
	if (abs((s64)gap) / abs((s64)tilt) > limit)
		return false;
	rest = (s64)gap % (s64)tilt;
	return !rest;
}

/* VMSYNC_KNOT_*, or 0 where @new is only @old with another anchor. */
static u32 line_change(const struct vmsync_line *old,
		       const struct vmsync_line *new, u64 mask, u64 limit)
{
	u32 shift = max(old->shift, new->shift);
	u32 old_up = shift - old->shift, new_up = shift - new->shift;
	__int128 gap, tilt;

	gap = line_at(new, 0) << new_up;
	gap -= line_at(old, (new->cycle_last - old->cycle_last) & mask)
	       << old_up;
	tilt = ((__int128)new->mult << new_up) - ((__int128)old->mult << old_up);
	if (!gap && !tilt)
		return 0;
	if (!tilt || !lines_meet(gap, tilt, limit))
		return VMSYNC_KNOT_STEP;
	return VMSYNC_KNOT_SLOPE;
}

static u32 knot_why(const struct timekeeper *tk, const struct vmsync_line *new)
{
	if (!current_line.seq)
		return VMSYNC_KNOT_FIRST;
	if (tk->tkr_mono.clock != anchor_clock)
		return VMSYNC_KNOT_CLOCKSOURCE;
	return line_change(&anchor, new, tk->tkr_mono.mask, tk->cycle_interval);
}

static int timekeeper_updated(struct notifier_block *nb, unsigned long was_set,
			      void *data)
{
	const struct timekeeper *tk = data;
	struct vmsync_line new = { 0 }, prev;
	u32 why;

	line_read(&new, &tk->tkr_mono);
	why = knot_why(tk, &new);
	anchor = new;
	anchor_clock = tk->tkr_mono.clock;
	if (!why)
		return NOTIFY_OK;

	/*
	 * The clock gets onto this line only after all callbacks: later. But
	 * what may take long, because it exits to a busy host, comes before.
	 */
	vmsync_knot_announce();
	new.since_tsc = rdtsc_ordered();
	new.seq = current_line.seq + 1;
	prev = current_line;
	current_line = new;
	publish(&new);
	vmsync_knot_push(&new, &prev, why);
	return NOTIFY_OK;
}

static struct notifier_block timekeeper_nb = {
	.notifier_call = timekeeper_updated,
};

/* Registering calls back at once, which brings the first line. */
int vmsync_line_init(void)
{
	return pvclock_gtod_register_notifier(&timekeeper_nb);
}

void vmsync_line_exit(void)
{
	pvclock_gtod_unregister_notifier(&timekeeper_nb);
}
