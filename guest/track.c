// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reading is rounded down to a ns, so it tells where the host's clock is to half a
 * ns, and two of them its rate over 10 ms to 100 ppb only. The host's kernel itself may
 * change the rate at each tick, by the smallest step that its multiplier has: some 100 ppb.
 * A line by such a rate is off by 10 ns before the next reading, where that comes 100 ms
 * late: a virtual CPU waits so long on a busy host.
 *
 * So readings are weighed as least squares weigh the points of a straight line, the nth
 * since the rate is known to have changed the less the larger n is. By 64 of them the rate
 * is known to 1 ppb, and a reading that is late does no harm. That the rate has changed,
 * a reading tells that is farther from what was expected than they have been of late, or
 * two in a row that are so on the same side.
 *
 * A line is planned to meet the host's clock some periods later, and is kept up to then,
 * and the next one longer, as long as the clock is where it was expected.
 */
#include <linux/err.h>

#include "track.h"

#define HOLD_MIN 4	/* periods that a line is meant to hold */
#define HOLD_MAX 32
#define RATE_SHARE 1000	/* a rate is off by no more than one in so many */
#define RATE_BITS 16	/* of fraction: 1 ppb is about one unit of a line's slope */
#define STEP_NS 2000	/* no rate explains more, beyond RATE_SHARE */

/* Readings that are weighed, for the rate and for where the clock is. */
#define RATE_READINGS 64
#define PLACE_READINGS 16
/*
 * The clock begins by two readings that are 10 periods apart: they tell the rate about as
 * well as so many in a row, and count as that. With more, the first ones that follow correct it
 * too little.
 */
#define BEGIN_READINGS 6

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

static s64 magnitude(s64 v)
{
	return v < 0 ? -v : v;
}

/* @v of ns << shift, by the cycle. What is far needs no fractions. */
static s64 per_cycle(s64 v, s64 cycles)
{
	if (magnitude(v) >> (62 - RATE_BITS))
		return v / cycles * (1 << RATE_BITS);
	return v * (1 << RATE_BITS) / cycles;
}

/* The host's clock less the line at @tsc, if it is @lead at @from_tsc. */
static s64 lead_at(const struct track *t, s64 lead, u64 from_tsc, u64 tsc)
{
	s64 apart = t->rate - (s64)t->lines.now.mult * (1 << RATE_BITS);

	return saturated(lead +
			 ((__int128)apart * (s64)(tsc - from_tsc) >> RATE_BITS));
}

/* The slope with which the clock is where the host's will be after @cycles. */
static u32 slope_to_meet(const struct track *t, s64 cycles)
{
	s64 slope = t->rate + per_cycle(t->lead, cycles);
	s64 most = t->rate + t->rate / 16, least = t->rate - t->rate / 16;

	if (slope > most)
		slope = most;
	if (slope < least)
		slope = least;
	return (u32)((slope + (1 << (RATE_BITS - 1))) >> RATE_BITS);
}

/* A line from where the clock is at @start_tsc to where it is to meet the host's. */
static void line_begin(struct track *t, u64 start_tsc)
{
	struct vmsync_clock_line *now = &t->lines.now;
	s64 delta = (s64)(start_tsc - now->start_tsc);
	unsigned __int128 at = (__int128)delta * now->mult + now->frac;
	s64 cycles = t->hold * t->period_tsc;

	t->lead = lead_at(t, t->lead, t->last_tsc, start_tsc);
	t->lines.before = *now;
	now->start_tsc = start_tsc;
	now->base_ns += (u64)(at >> now->shift);
	now->frac = (u64)at & ((1ull << now->shift) - 1);
	now->mult = slope_to_meet(t, cycles);
	t->until_tsc = start_tsc + cycles;
	t->tilt = (s64)now->mult * (1 << RATE_BITS) - t->rate;
	t->lead = lead_at(t, t->lead, start_tsc, t->last_tsc);
	t->error_ns = 0;
}

/* How far from the host's clock the line was planned to be at @tsc. */
static s64 planned(const struct track *t, u64 tsc)
{
	s64 left = (s64)(t->until_tsc - tsc);

	return left <= 0 ? 0 : saturated((__int128)t->tilt * left >> RATE_BITS);
}

/* What the host's clock does over @delta cycles beyond what any rate explains. */
static bool is_step(const struct track *t, s64 ahead, u64 delta)
{
	__int128 most = (__int128)delta * (t->lines.now.mult / RATE_SHARE) +
			(__int128)STEP_NS * one_ns(t);

	return magnitude(ahead) > most;
}

/* @least ns, or as often what readings were off by of late; 6 ns are no noise. */
static s64 beyond(const struct track *t, s64 least, s64 often)
{
	s64 limit = often * t->noise;

	if (limit < least * one_ns(t))
		limit = least * one_ns(t);
	return limit < 6 * one_ns(t) ? limit : 6 * one_ns(t);
}

/*
 * How many readings are of the rate that the host's clock has now, if the last one, @miss
 * from what was expected, or two in a row tell that it is another one; else 0.
 */
static u32 of_new_rate(const struct track *t, s64 miss)
{
	s64 twice = beyond(t, 1, 1);

	if (magnitude(miss) > beyond(t, 2, 4))
		return 2;
	if ((miss > twice && t->miss > twice) || (miss < -twice && t->miss < -twice))
		return 3;
	return 0;
}

static void noise_note(struct track *t, s64 miss)
{
	s64 most = 6 * one_ns(t), off = magnitude(miss);

	t->noise += ((off < most ? off : most) - t->noise) / 16;
}

/*
 * The reading is @miss ahead of what was expected, @delta cycles after the last one. Of the
 * points of a line at 1, 2 ... n the last one weighs so much.
 */
static void weigh(struct track *t, s64 miss, s64 delta)
{
	s64 n = t->n, m = n < PLACE_READINGS ? n : PLACE_READINGS;

	if (n <= 2) {
		t->lead += miss;
		t->rate += per_cycle(miss, delta);
		return;
	}
	t->lead += miss * (4 * m - 2) / (m * (m + 1));
	t->rate += per_cycle(miss * 6 / (n * (n + 1)), delta);
}

/* True: the host's clock has another rate than before. */
static bool learn(struct track *t, s64 ahead, s64 delta)
{
	s64 miss = saturated((__int128)ahead - t->lead);
	u32 n = of_new_rate(t, miss);

	if (t->n < RATE_READINGS)
		t->n++;
	if (n && n < t->n)
		t->n = n;
	noise_note(t, miss);
	weigh(t, miss, delta);
	t->miss = miss;
	return n;
}

/* It is the host's clock that is another one, or this guest that is elsewhere. */
static void step(struct track *t, const struct track_reading *r, u64 start_tsc)
{
	t->behind_ns = (s64)(r->ns - vmsync_clock_line_ns(&t->lines.now, r->tsc));
	t->lead = ahead_of_line(t, r);
	t->miss = 0;
	t->n = 1;
	t->hold = HOLD_MIN;
	line_begin(t, start_tsc);
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
	s64 ahead = ahead_of_line(t, r);
	s64 delta = (s64)(r->tsc - t->last_tsc);
	bool due = (s64)(r->tsc - t->until_tsc) >= 0, changed;

	/* Not while one is still to begin. */
	if ((s64)(r->tsc - t->lines.now.start_tsc) <= 0 || delta <= 0)
		return TRACK_SAME;
	t->lead = lead_at(t, t->lead, t->last_tsc, r->tsc);
	t->last_tsc = r->tsc;
	if (is_step(t, ahead, (u64)delta)) {
		step(t, r, start_tsc);
		return TRACK_STEP;
	}
	error_note(t, ahead);
	changed = learn(t, ahead, delta);
	if (!changed && !due && magnitude(t->lead - planned(t, r->tsc)) <= one_ns(t) / 2)
		return TRACK_SAME;
	t->hold = due && !changed ? t->hold * 2 : HOLD_MIN;
	if (t->hold > HOLD_MAX)
		t->hold = HOLD_MAX;
	line_begin(t, start_tsc);
	return TRACK_LINE;
}

void track_begin_anew(struct track *t, const struct track_reading *r, u64 least_ns)
{
	struct vmsync_clock_line *now = &t->lines.now;

	t->lines.before = *now;
	now->start_tsc = r->tsc;
	now->base_ns = r->ns - (u64)t->behind_ns;
	now->frac = r->frac >> (32 - now->shift);
	now->mult = (u32)(t->rate >> RATE_BITS);
	/* On this host's clock it is earlier than where the clock has been. */
	if ((s64)(now->base_ns - least_ns) < 0) {
		now->base_ns = least_ns;
		t->behind_ns = (s64)(r->ns - least_ns);
	}
	t->lead = 0;
	t->miss = 0;
	t->n = 1;
	t->hold = HOLD_MIN;
	t->tilt = 0;
	t->error_ns = 0;
	t->last_tsc = r->tsc;
	t->until_tsc = r->tsc + t->hold * t->period_tsc;
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
		.rate = (s64)mult * (1 << RATE_BITS),
		.until_tsc = b->tsc + HOLD_MIN * period_tsc,
		.last_tsc = b->tsc,
		.period_tsc = period_tsc,
		.n = BEGIN_READINGS,
		.hold = HOLD_MIN,
	};
	t->lines.before = t->lines.now;
	return 0;
}
