/* SPDX-License-Identifier: MIT */
/*
 * A kernel's timekeeper, in the same integers as Linux 6.1.
 *
 * CLOCK_MONOTONIC is base_ns + (((c - cycle_last) * mult + xtime_nsec) >>
 * shift). At an update whole ticks are accumulated, and mult is chosen from
 * the tick length that NTP asks for: the quotient rounded down, and one more
 * while the accumulated error says that the clock is behind. A change of mult
 * takes back from xtime_nsec what the counts since cycle_last would gain, so
 * the two lines cross at the reading of the counter that the update took.
 */
#ifndef VMSYNC_SIM_TIMEKEEPER_H
#define VMSYNC_SIM_TIMEKEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/base/evidence.h"
#include "uapi/vmsync.h"

#define SIM_HZ	      250
#define NS_PER_S      1000000000ull
#define SIM_PPM_SCALE (1000ll << 32) /* 1 ppm as ntp.freq, ns << 32 per s */

/**
 * struct sim_clocksource - a counter and the kernel's idea of it
 * @kind:	VMSYNC_CLOCKSOURCE_*
 * @mult:	nominal ns << @shift per count
 */
struct sim_clocksource {
	uint32_t kind;
	uint32_t mult;
	uint32_t shift;
};

/** sim_clocksource_init - mult and shift as registered for a counter of @hz */
void sim_clocksource_init(struct sim_clocksource *cs, uint32_t kind,
			  uint64_t hz);

/**
 * struct sim_ntp - what adjtimex() steers
 * @tick_us:	what a second is longer than one by, within +-10 %
 * @freq:	ns << 32 per second, within +-500 ppm
 * @offset:	phase still to be slewed by the PLL, ns << 32 / SIM_HZ
 * @adjust_us:	phase still to be slewed by adjtime(), us
 * @tick_length: what the next tick shall measure, ns << 32
 */
struct sim_ntp {
	int64_t tick_us;
	int64_t freq;
	int64_t offset;
	int64_t adjust_us;
	int time_constant;
	int64_t reftime_s;
	uint64_t tick_length;
	uint64_t tick_length_base;
};

struct sim_timekeeper {
	struct sim_clocksource cs;
	struct sim_ntp ntp;
	uint64_t cycle_last;
	int64_t base_ns;
	int64_t wall_s;
	uint64_t xtime_nsec;
	uint32_t mult;
	uint64_t cycle_interval;
	uint64_t xtime_interval;
	int64_t xtime_remainder;
	int64_t ntp_error;
	uint32_t ntp_error_shift;
	uint64_t ntp_tick;
	uint32_t ntp_err_mult;
	bool skip_second;
};

/**
 * sim_tk_init - a kernel that has just taken @cs
 * @c:		the counter's reading
 * @mono_ns:	CLOCK_MONOTONIC at that reading
 */
void sim_tk_init(struct sim_timekeeper *tk, const struct sim_clocksource *cs,
		 uint64_t c, int64_t mono_ns);

/**
 * sim_tk_advance - the timekeeping part of a tick
 * @c:		the counter's reading
 * @now:	update mult even if no whole tick has passed (adjtimex)
 * Returns whether the line changed.
 */
bool sim_tk_advance(struct sim_timekeeper *tk, uint64_t c, bool now);

/**
 * sim_tk_set_freq - ADJ_FREQUENCY
 * @freq:	ns << 32 per second; limited to +-500 ppm
 * The caller advances at once, as the system call does.
 */
void sim_tk_set_freq(struct sim_timekeeper *tk, int64_t freq);

/**
 * sim_tk_set_ticks - ADJ_TICK
 * @us:		the length of 100 ticks, less a second; limited to +-10 %
 * Before sim_tk_set_freq(), which makes it count.
 */
void sim_tk_set_ticks(struct sim_timekeeper *tk, int64_t us);

/** sim_tk_pll - ADJ_OFFSET with STA_PLL, @offset_ns limited to 0.5 s */
void sim_tk_pll(struct sim_timekeeper *tk, int64_t offset_ns);

/** sim_tk_adjtime - ADJ_OFFSET_SINGLESHOT: slew @us at 500 ppm */
void sim_tk_adjtime(struct sim_timekeeper *tk, int64_t us);

/**
 * sim_tk_change_clocksource - leave the counter at @c_old for @cs at @c_new
 */
void sim_tk_change_clocksource(struct sim_timekeeper *tk,
			       const struct sim_clocksource *cs, uint64_t c_old,
			       uint64_t c_new);

/** sim_tk_line - the line in force; sets neither seq nor since_tsc */
void sim_tk_line(const struct sim_timekeeper *tk, struct vmsync_line *line);

/**
 * sim_line_eval - what a reader of @line gets at counter reading @c, ns
 * A count before the anchor reads as the anchor, as in the kernel.
 */
int64_t sim_line_eval(const struct vmsync_line *line, uint64_t c);

#endif /* VMSYNC_SIM_TIMEKEEPER_H */
