// SPDX-License-Identifier: MIT
#include "timekeeper.h"

#include <string.h>

#define NTP_SHIFT    32
#define MAX_TICKS_US 100000 /* of a second */
#define MAX_FREQ     (500 * SIM_PPM_SCALE)
#define MAX_PHASE_NS 500000000ll
#define PLL_SHIFT    2
#define TICKADJ_US   500

static int log2_floor(uint64_t x)
{
	return 63 - __builtin_clzll(x);
}

static int64_t clamp64(int64_t x, int64_t lo, int64_t hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

/*
 * The largest shift with which mult stays so small that 600 s of counts still
 * fit into 64 bits, and mult itself may grow by 11 %.
 */
void sim_clocksource_init(struct sim_clocksource *cs, uint32_t kind,
			  uint64_t hz)
{
	uint64_t khz = hz / 1000, mult;
	uint64_t high = (600000 * khz) >> 32;
	int bits = 32, shift;

	for (; high; high >>= 1)
		bits--;
	for (shift = 32; shift > 0; shift--) {
		mult = ((1000000ull << shift) + khz / 2) / khz;
		if (!(mult >> bits))
			break;
	}
	while (mult + mult * 11 / 100 > UINT32_MAX) {
		mult >>= 1;
		shift--;
	}
	cs->kind = kind;
	cs->mult = mult;
	cs->shift = shift;
}

static void take_clocksource(struct sim_timekeeper *tk,
			     const struct sim_clocksource *cs, uint64_t c)
{
	uint64_t tick = (NS_PER_S / SIM_HZ) << cs->shift;

	tk->cs = *cs;
	tk->cycle_last = c;
	tk->mult = cs->mult;
	tk->cycle_interval = (tick + cs->mult / 2) / cs->mult;
	tk->xtime_interval = tk->cycle_interval * cs->mult;
	tk->xtime_remainder = tick - tk->xtime_interval;
	tk->ntp_error = 0;
	tk->ntp_error_shift = NTP_SHIFT - cs->shift;
	tk->ntp_tick = tick << tk->ntp_error_shift;
	tk->ntp_err_mult = 0;
	tk->skip_second = false;
}

/* A new frequency changes the running second as well. */
static void update_tick_length(struct sim_ntp *ntp)
{
	uint64_t second = ((NS_PER_S + ntp->tick_us * 1000) << NTP_SHIFT) +
			  ntp->freq;
	uint64_t base = second / SIM_HZ;

	ntp->tick_length += base - ntp->tick_length_base;
	ntp->tick_length_base = base;
}

void sim_tk_init(struct sim_timekeeper *tk, const struct sim_clocksource *cs,
		 uint64_t c, int64_t mono_ns)
{
	memset(tk, 0, sizeof(*tk));
	tk->ntp.time_constant = 2;
	tk->base_ns = mono_ns;
	update_tick_length(&tk->ntp);
	take_clocksource(tk, cs, c);
}

static int64_t shift_toward_zero(int64_t x, int by)
{
	return x < 0 ? -(-x >> by) : x >> by;
}

static int64_t take_adjtime(struct sim_ntp *ntp)
{
	int64_t us = clamp64(ntp->adjust_us, -TICKADJ_US, TICKADJ_US);

	ntp->adjust_us -= us;
	return (us * 1000 / SIM_HZ) * (1ll << NTP_SHIFT);
}

static void begin_second(struct sim_ntp *ntp)
{
	int64_t chunk =
		shift_toward_zero(ntp->offset, PLL_SHIFT + ntp->time_constant);

	ntp->offset -= chunk;
	ntp->tick_length = ntp->tick_length_base + chunk + take_adjtime(ntp);
}

static void carry_seconds(struct sim_timekeeper *tk)
{
	uint64_t second = NS_PER_S << tk->cs.shift;

	while (tk->xtime_nsec >= second) {
		tk->xtime_nsec -= second;
		tk->base_ns += NS_PER_S;
		tk->wall_s++;
		if (tk->skip_second)
			tk->skip_second = false;
		else
			begin_second(&tk->ntp);
	}
}

static void accumulate(struct sim_timekeeper *tk, int shift)
{
	tk->cycle_last += tk->cycle_interval << shift;
	tk->xtime_nsec += tk->xtime_interval << shift;
	carry_seconds(tk);
	tk->ntp_error += tk->ntp_tick << shift;
	tk->ntp_error -= (tk->xtime_interval + tk->xtime_remainder)
			 << (tk->ntp_error_shift + shift);
}

/* Idle ticks come many at a time: in powers of two, largest first. */
static uint64_t accumulate_all(struct sim_timekeeper *tk, uint64_t rest)
{
	int shift, limit;

	if (rest < tk->cycle_interval)
		return rest;
	shift = log2_floor(rest) - log2_floor(tk->cycle_interval);
	limit = 64 - (log2_floor(tk->ntp.tick_length) + 1) - 1;
	if (shift > limit)
		shift = limit;
	while (rest >= tk->cycle_interval) {
		if (rest >= tk->cycle_interval << shift) {
			accumulate(tk, shift);
			rest -= tk->cycle_interval << shift;
		}
		if (rest < tk->cycle_interval << shift && shift)
			shift--;
	}
	return rest;
}

/* @rest: counts since cycle_last. Returns whether mult changed. */
static bool adjust(struct sim_timekeeper *tk, uint64_t rest)
{
	uint32_t mult = tk->mult - tk->ntp_err_mult;
	int64_t change;

	if (tk->ntp_tick != tk->ntp.tick_length) {
		tk->ntp_tick = tk->ntp.tick_length;
		mult = ((tk->ntp_tick >> tk->ntp_error_shift) -
			tk->xtime_remainder) /
		       tk->cycle_interval;
	}
	tk->ntp_err_mult = tk->ntp_error > 0;
	mult += tk->ntp_err_mult;
	change = (int64_t)mult - tk->mult;
	tk->mult = mult;
	tk->xtime_interval += change * (int64_t)tk->cycle_interval;
	tk->xtime_nsec -= change * (int64_t)rest;
	if ((int64_t)tk->xtime_nsec < 0) {
		tk->xtime_nsec += NS_PER_S << tk->cs.shift;
		tk->base_ns -= NS_PER_S;
		tk->wall_s--;
		tk->skip_second = true;
	}
	return change != 0;
}

bool sim_tk_advance(struct sim_timekeeper *tk, uint64_t c, bool now)
{
	int64_t delta = c - tk->cycle_last;
	uint64_t rest = delta < 0 ? 0 : delta;
	bool changed;

	if (rest < tk->cycle_interval && !now)
		return false;
	rest = accumulate_all(tk, rest);
	changed = adjust(tk, rest);
	carry_seconds(tk);
	return changed;
}

void sim_tk_set_ticks(struct sim_timekeeper *tk, int64_t us)
{
	tk->ntp.tick_us = clamp64(us, -MAX_TICKS_US, MAX_TICKS_US);
}

void sim_tk_set_freq(struct sim_timekeeper *tk, int64_t freq)
{
	tk->ntp.freq = clamp64(freq, -MAX_FREQ, MAX_FREQ);
	update_tick_length(&tk->ntp);
}

/* The gain grows with the square root of the time since the last call. */
void sim_tk_pll(struct sim_timekeeper *tk, int64_t offset_ns)
{
	struct sim_ntp *ntp = &tk->ntp;
	int64_t longest = 1 << (PLL_SHIFT + 1 + ntp->time_constant);
	int64_t secs = tk->wall_s - ntp->reftime_s;
	int gain = NTP_SHIFT - 2 * (PLL_SHIFT + 2 + ntp->time_constant);
	int64_t freq;

	offset_ns = clamp64(offset_ns, -MAX_PHASE_NS, MAX_PHASE_NS);
	ntp->reftime_s = tk->wall_s;
	if (secs > longest)
		secs = longest;
	freq = ntp->freq + offset_ns * secs * (1ll << gain);
	ntp->freq = clamp64(freq, -MAX_FREQ, MAX_FREQ);
	ntp->offset = offset_ns * (1ll << NTP_SHIFT) / SIM_HZ;
	update_tick_length(ntp);
}

void sim_tk_adjtime(struct sim_timekeeper *tk, int64_t us)
{
	tk->ntp.adjust_us = us;
	update_tick_length(&tk->ntp);
}

void sim_tk_change_clocksource(struct sim_timekeeper *tk,
			       const struct sim_clocksource *cs, uint64_t c_old,
			       uint64_t c_new)
{
	int up = (int)cs->shift - (int)tk->cs.shift;

	tk->xtime_nsec += (c_old - tk->cycle_last) * tk->mult;
	while (tk->xtime_nsec >= NS_PER_S << tk->cs.shift) {
		tk->xtime_nsec -= NS_PER_S << tk->cs.shift;
		tk->base_ns += NS_PER_S;
		tk->wall_s++;
	}
	if (up < 0)
		tk->xtime_nsec >>= -up;
	else
		tk->xtime_nsec <<= up;
	take_clocksource(tk, cs, c_new);
	tk->ntp.offset = 0;
	tk->ntp.adjust_us = 0;
	tk->ntp.tick_length = tk->ntp.tick_length_base;
}

void sim_tk_line(const struct sim_timekeeper *tk, struct vmsync_line *line)
{
	memset(line, 0, sizeof(*line));
	line->clocksource = tk->cs.kind;
	line->cycle_last = tk->cycle_last;
	line->base_ns = tk->base_ns;
	line->xtime_nsec = tk->xtime_nsec;
	line->mult = tk->mult;
	line->shift = tk->cs.shift;
}

int64_t sim_line_eval(const struct vmsync_line *line, uint64_t c)
{
	int64_t delta = c - line->cycle_last;

	if (delta < 0)
		delta = 0;
	return line->base_ns +
	       (int64_t)(((unsigned __int128)delta * line->mult +
			  line->xtime_nsec) >>
			 line->shift);
}
