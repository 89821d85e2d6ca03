// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reading is rounded down to a ns, so it tells where the host's clock is to half a
 * ns, and its rate over 10 ms to 100 ppb only. The host's kernel itself changes the rate
 * all the time, by the smallest step that its multiplier has: some 100 ppb.
 *
 * So a line is kept as long as readings are where they were expected, and the longer
 * it was, the longer the next one is meant to be. When they are not, either the rate
 * has changed between the last two readings, or it was not known well enough since
 * the line began: the last two tell which.
 */
#include <linux/err.h>

#include "track.h"

#define HOLD_MIN 4	/* periods that a line is meant to hold */
#define HOLD_MAX 32
#define RATE_SHARE 1000	/* a rate is off by no more than one in so many */
#define STEP_NS 2000	/* no rate explains more, beyond RATE_SHARE */

/* A reading is somewhere in its ns, and expected to be in the middle. */
#define FITS(one) ((one) * 7 / 8)
/* Two readings in a row differ by less where the rate has not changed. */
#define SAME_RATE(one) (one)

static s64 one_ns(const struct track *t)
{
	return 1ll << t->lines.now.shift;
}

static s64 saturated(__int128 v)
{
	const s64 most = (s64)(~0ull >> 1);

	if (v == (s64)v)
		return (s64)v;
	return v < 0 ? -most : most;
}

/* ns << shift that @r is ahead of the line. */
static s64 ahead_of_line(const struct track *t, const struct track_reading *r)
{
	const struct vmsync_clock_line *line = &t->lines.now;
	__int128 at = (__int128)(s64)(r->tsc - line->start_tsc) * line->mult +
		      line->frac;
	__int128 is = (__int128)(s64)(r->ns - (u64)t->behind_ns -
				      line->base_ns) * one_ns(t);

	return saturated(is + (r->frac >> (32 - line->shift)) - at);
}

/* The slope with which the clock is where the host's will be at @until_tsc. */
static u32 slope_to_meet(const struct track *t, u64 start_tsc)
{
	s64 mult = t->rate + t->plan / (s64)(t->until_tsc - start_tsc);
	s64 most = t->rate + t->rate / 16, least = t->rate - t->rate / 16;

	if (mult > most)
		mult = most;
	return (u32)(mult < least ? least : mult);
}

/* A line from where the clock is at @start_tsc to where it is to meet the host's. */
static void line_begin(struct track *t, u64 start_tsc, s64 ahead, u64 at_tsc)
{
	struct vmsync_clock_line *now = &t->lines.now;
	s64 delta = (s64)(start_tsc - now->start_tsc);
	unsigned __int128 at = (__int128)delta * now->mult + now->frac;

	t->lines.before = *now;
	t->plan = ahead + (s64)(start_tsc - at_tsc) * (t->rate - now->mult);
	t->until_tsc = start_tsc + t->hold * t->period_tsc;
	now->start_tsc = start_tsc;
	now->base_ns += (u64)(at >> now->shift);
	now->frac = (u64)at & ((1ull << now->shift) - 1);
	now->mult = slope_to_meet(t, start_tsc);
	t->miss = 0;
	t->error_ns = 0;
}

static s64 magnitude(s64 v)
{
	return v < 0 ? -v : v;
}

/* How far from the host's clock the line was planned to be at @tsc. */
static s64 planned(const struct track *t, u64 tsc)
{
	const struct vmsync_clock_line *line = &t->lines.now;

	return saturated(t->plan + (__int128)(t->rate - line->mult) *
					   (s64)(tsc - line->start_tsc));
}

/* What the host's clock does over @delta cycles beyond what any rate explains. */
static bool is_step(const struct track *t, s64 ahead, u64 delta)
{
	__int128 most = (__int128)delta * (t->rate / RATE_SHARE) +
			(__int128)STEP_NS * one_ns(t);

	return magnitude(ahead) > most;
}

static void rate_correct(struct track *t, s64 miss, u64 delta, u64 age)
{
	s64 jump = miss - t->miss;

	if (magnitude(jump) > SAME_RATE(one_ns(t)))
		t->rate += jump / (s64)delta;
	else if (age)
		t->rate += miss / (s64)age;
}

/* It is the host's clock that is another one, or this guest that is elsewhere. */
static void step(struct track *t, const struct track_reading *r, u64 start_tsc)
{
	t->behind_ns = (s64)(r->ns - vmsync_clock_line_ns(&t->lines.now, r->tsc));
	t->hold = HOLD_MIN;
	line_begin(t, start_tsc, ahead_of_line(t, r), r->tsc);
}

static void error_note(struct track *t, s64 ahead)
{
	u64 ns = ((u64)magnitude(ahead) >> t->lines.now.shift) + 1;

	if (ns > t->error_ns)
		t->error_ns = ns;
}

enum track_change track_read(struct track *t, const struct track_reading *r,
			     u64 start_tsc)
{
	s64 ahead = ahead_of_line(t, r), miss;
	u64 delta = r->tsc - t->last_tsc;
	u64 age = r->tsc - t->lines.now.start_tsc;
	bool due = (s64)(r->tsc - t->until_tsc) >= 0, fits;

	/* Not while one is still to begin. */
	if ((s64)age <= 0 || (s64)delta <= 0)
		return TRACK_SAME;
	t->last_tsc = r->tsc;
	if (is_step(t, ahead, delta)) {
		step(t, r, start_tsc);
		return TRACK_STEP;
	}
	error_note(t, ahead);
	miss = ahead - planned(t, r->tsc);
	fits = magnitude(miss) <= FITS(one_ns(t));
	if (fits && !due) {
		t->miss = miss;
		return TRACK_SAME;
	}
	rate_correct(t, miss, delta, age);
	t->hold = fits ? t->hold * 2 : HOLD_MIN;
	if (t->hold > HOLD_MAX)
		t->hold = HOLD_MAX;
	line_begin(t, start_tsc, ahead, r->tsc);
	return TRACK_LINE;
}

int track_begin(struct track *t, const struct track_reading *a,
		const struct track_reading *b, s64 behind_ns, u64 period_tsc)
{
	u64 ns = b->ns - a->ns, cycles = b->tsc - a->tsc, mult;
	u32 shift = 32;

	if (ns - 1 > 2000000000 || cycles < ns / 10 || cycles / 10 > ns ||
	    !period_tsc || period_tsc > 1ull << 36)
		return -EINVAL;
	mult = (ns << 32) / cycles;
	while (mult >= 1ull << 31) {
		mult >>= 1;
		shift--;
	}
	*t = (struct track){
		.lines.now = {
			.start_tsc = b->tsc,
			.base_ns = b->ns - (u64)behind_ns,
			.frac = b->frac >> (32 - shift),
			.mult = (u32)mult,
			.shift = shift,
		},
		.behind_ns = behind_ns,
		.rate = (s64)mult,
		.until_tsc = b->tsc + HOLD_MIN * period_tsc,
		.last_tsc = b->tsc,
		.period_tsc = period_tsc,
		.hold = HOLD_MIN,
	};
	t->lines.before = t->lines.now;
	return 0;
}
