// SPDX-License-Identifier: MIT
#include "steer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define WALK_PPM     0.005 /* random walk per square root of a second */
#define WAVE_PPM     0.2   /* the room's temperature */
#define WAVE_S	     600.0
#define CHRONY_GAIN  0.3
/* A tick of 10 ms is longer or shorter by whole us. */
#define MAX_PPM	 500
#define TICK_PPM 100
#define CHRONY_PPM   400.0
#define STEER_MAX_US 3000.0

int sim_oscillator_init(struct sim_oscillator *osc, struct sim_rng *rng,
			uint64_t start, size_t seconds, double cycles_per_ns,
			double ppm)
{
	double base = sim_rng_between(rng, -ppm, ppm), walk = 0;
	double wave = sim_rng_between(rng, 0, 2 * M_PI);

	osc->seconds = seconds + 2;
	osc->start = start;
	osc->cycles_per_ns = cycles_per_ns;
	osc->phase_ns = calloc(osc->seconds, sizeof(*osc->phase_ns));
	if (!osc->phase_ns)
		return -ENOMEM;
	for (size_t i = 1; i < osc->seconds; i++) {
		double at = 2 * M_PI * i / WAVE_S + wave;

		walk += sim_rng_normal(rng, WALK_PPM);
		osc->phase_ns[i] = osc->phase_ns[i - 1] +
				   1000 * (base + walk + WAVE_PPM * sin(at));
	}
	return 0;
}

void sim_oscillator_free(struct sim_oscillator *osc)
{
	free(osc->phase_ns);
	osc->phase_ns = NULL;
}

double sim_oscillator_ns(const struct sim_oscillator *osc, uint64_t h)
{
	double ns = (h - osc->start) / osc->cycles_per_ns;
	double s = ns / NS_PER_S;
	size_t i = s;
	double part = s - i;

	if (i + 1 >= osc->seconds)
		return ns + osc->phase_ns[osc->seconds - 1];
	return ns + osc->phase_ns[i] * (1 - part) + osc->phase_ns[i + 1] * part;
}

/* What frequencies do not reach is done by the length of ticks, as chrony does. */
static void set_ppm(struct sim_timekeeper *tk, double ppm)
{
	double ticks = fabs(ppm) > MAX_PPM ? round(ppm / TICK_PPM) : 0;

	sim_tk_set_ticks(tk, (int64_t)ticks * TICK_PPM);
	ppm -= ticks * TICK_PPM;
	/* adjtimex() takes 2^-16 ppm. */
	sim_tk_set_freq(tk, llround(ppm * 65536) * (SIM_PPM_SCALE >> 16));
}

static void wait_s(struct sim_steer *st, uint64_t h, double s)
{
	st->next = h + (uint64_t)(s * NS_PER_S * st->osc->cycles_per_ns);
}

/* How far the clock is ahead of real time, as the discipline believes. */
static double measure(struct sim_steer *st, uint64_t h, int64_t mono_ns)
{
	double error = mono_ns - sim_oscillator_ns(st->osc, h);

	if (!st->started)
		st->start_error_ns = error;
	st->started = true;
	return error - st->start_error_ns +
	       sim_rng_normal(&st->rng, st->noise_ns);
}

/*
 * Two calls an interval: the frequency with the slew that takes the offset
 * away, then the frequency alone.
 */
static void chrony(struct sim_steer *st, struct sim_timekeeper *tk, uint64_t h,
		   int64_t mono_ns)
{
	double interval = st->interval_s * sim_rng_between(&st->rng, 0.7, 1.3);
	double slew_s = interval * 0.4, error, slew;

	if (st->slewing) {
		set_ppm(tk, st->freq_ppm);
		st->slewing = false;
		wait_s(st, h, interval - slew_s);
		return;
	}
	error = measure(st, h, mono_ns);
	st->freq_ppm -= CHRONY_GAIN * error / st->interval_s / 1000;
	st->freq_ppm = fmax(fmin(st->freq_ppm, CHRONY_PPM), -CHRONY_PPM);
	slew = fmax(fmin(error / slew_s / 1000, 100), -100);
	set_ppm(tk, st->freq_ppm - slew);
	st->slewing = true;
	wait_s(st, h, slew_s);
}

/* Half of all jumps go from one end to the other. */
static void slew(struct sim_steer *st, struct sim_timekeeper *tk, uint64_t h)
{
	if (sim_rng_chance(&st->rng, 0.5))
		set_ppm(tk, sim_rng_chance(&st->rng, 0.5) ? st->ppm : -st->ppm);
	else
		set_ppm(tk, sim_rng_between(&st->rng, -st->ppm, st->ppm));
	wait_s(st, h, st->interval_s * sim_rng_between(&st->rng, 0.5, 1.5));
}

bool sim_steer_act(struct sim_steer *st, struct sim_timekeeper *tk, uint64_t h,
		   int64_t mono_ns)
{
	switch (st->kind) {
	case SIM_STEER_CONST:
		set_ppm(tk, st->ppm);
		st->next = UINT64_MAX;
		return true;
	case SIM_STEER_CHRONY:
		chrony(st, tk, h, mono_ns);
		return true;
	case SIM_STEER_SLEW:
		slew(st, tk, h);
		return true;
	case SIM_STEER_PLL:
		sim_tk_pll(tk, llround(-measure(st, h, mono_ns)));
		wait_s(st, h, st->interval_s);
		return false;
	case SIM_STEER_ADJTIME:
		sim_tk_adjtime(tk, sim_rng_between(&st->rng, -STEER_MAX_US,
						   STEER_MAX_US));
		wait_s(st, h, st->interval_s);
		return false;
	case SIM_STEER_NONE:
		break;
	}
	st->next = UINT64_MAX;
	return false;
}
