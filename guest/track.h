/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From readings of the host's clock to the line that the guest's stamps follow.
 *
 * Nothing here is of the kernel's, so that it can be run on simulated clocks.
 */
#ifndef _VMSYNC_TRACK_H
#define _VMSYNC_TRACK_H

#include <linux/types.h>

#include "../include/uapi/vmsync_clock.h"

/**
 * struct track_reading - the host's clock at one TSC of the guest
 * @tsc:	guest TSC
 * @ns:		the host's clock at @tsc, rounded down
 * @frac:	what it lacks, ns << 32; where that is not known, half a ns
 */
struct track_reading {
	u64 tsc;
	u64 ns;
	u32 frac;
};

#define TRACK_HALF_NS (1u << 31)

/**
 * enum track_change - what a reading comes to
 * @TRACK_SAME:	the line holds
 * @TRACK_LINE:	a new one follows, which begins where the old one is
 * @TRACK_STEP:	the same, but the host's clock is another one than it was: @behind
 *		has changed
 */
enum track_change {
	TRACK_SAME,
	TRACK_LINE,
	TRACK_STEP,
};

/**
 * struct track - the state of the clock
 * @lines:	the line in force, or about to be, and the one before it
 * @behind_ns:	the clock is so far behind the one that was read, ns
 * @error_ns:	largest distance of @lines.now to a reading, rounded up, ns
 * @rate:	slope of the host's clock as far as it is known, ns << shift per cycle, with 16
 *		bits of fraction
 * @lead:	the host's clock less the line at @last_tsc, as far as readings tell, ns << shift
 * @tilt:	what the line was to make good of that a cycle, as @rate
 * @until_tsc:	where it is planned to meet the host's clock
 * @miss:	of the last reading, from what was expected, ns << shift
 * @noise:	of readings, how far they were off on average, ns << shift
 * @last_tsc:	of the last reading
 * @period_tsc:	between two readings, as planned
 * @n:		readings since the rate is known to have changed, as far as they count
 * @hold:	periods from a line's begin to @until_tsc
 */
struct track {
	struct vmsync_clock_lines lines;
	s64 behind_ns;
	u64 error_ns;
	s64 rate;
	s64 lead;
	s64 tilt;
	u64 until_tsc;
	s64 miss;
	s64 noise;
	u64 last_tsc;
	u64 period_tsc;
	u32 n;
	u32 hold;
};

/**
 * track_begin() - begin with two readings
 * @a, @b:	the second one some 100 ms behind the first, at most 2 s
 * @behind_ns:	the clock is to be so far behind the one that is read
 * @period_tsc:	cycles from one reading to the next
 *
 * Return: 0, or -EINVAL where they are of no clock that runs at 1 s per second by a
 * TSC of 100 MHz to 10 GHz.
 */
int track_begin(struct track *t, const struct track_reading *a,
		const struct track_reading *b, s64 behind_ns, u64 period_tsc);

/**
 * track_read() - the next reading
 * @start_tsc:	a TSC that has not come yet: a new line begins there
 */
enum track_change track_read(struct track *t, const struct track_reading *r,
			     u64 start_tsc);

/**
 * track_begin_anew() - the TSC has begun anew, as it does where a guest was suspended
 * @r:		the first reading since, which no stamp comes before
 * @least_ns:	what the clock was last
 *
 * The clock is as far behind the host's as it was, unless that would set it back.
 */
void track_begin_anew(struct track *t, const struct track_reading *r, u64 least_ns);

#endif /* _VMSYNC_TRACK_H */
