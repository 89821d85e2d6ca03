/* SPDX-License-Identifier: MIT */
/*
 * Who steers a clock: chrony, ntpd's PLL, adjtime(), or somebody's script.
 */
#ifndef VMSYNC_SIM_STEER_H
#define VMSYNC_SIM_STEER_H

#include <stddef.h>

#include "rng.h"
#include "timekeeper.h"

enum sim_steer_kind {
	SIM_STEER_NONE,
	SIM_STEER_CONST,   /* one frequency, at the start */
	SIM_STEER_CHRONY,  /* frequency and slews from a noisy reference */
	SIM_STEER_SLEW,	   /* random jumps between -ppm and +ppm */
	SIM_STEER_PLL,	   /* ADJ_OFFSET with STA_PLL */
	SIM_STEER_ADJTIME, /* one-shot slews at 500 ppm */
};

/**
 * struct sim_oscillator - real time as a function of the host's TSC
 * @phase_ns:	real time less nominal time at each second
 */
struct sim_oscillator {
	double *phase_ns;
	size_t seconds;
	uint64_t start;
	double cycles_per_ns;
};

/**
 * sim_oscillator_init - a quartz: constant error, slow wave, random walk
 * @ppm:	constant error, up to +-@ppm
 * Returns 0 or -ENOMEM.
 */
int sim_oscillator_init(struct sim_oscillator *osc, struct sim_rng *rng,
			uint64_t start, size_t seconds, double cycles_per_ns,
			double ppm);
void sim_oscillator_free(struct sim_oscillator *osc);

/** sim_oscillator_ns - real time since the start at host TSC @h */
double sim_oscillator_ns(const struct sim_oscillator *osc, uint64_t h);

/**
 * struct sim_steer - one clock's steering
 * @ppm:	CONST: the frequency; SLEW: the largest
 * @interval_s:	mean time between two actions
 * @noise_ns:	error of the reference as the discipline sees it
 * @next:	host TSC of the next action
 */
struct sim_steer {
	enum sim_steer_kind kind;
	double ppm;
	double interval_s;
	double noise_ns;
	const struct sim_oscillator *osc;
	struct sim_rng rng;
	uint64_t next;
	double start_error_ns;
	double freq_ppm;
	double last_ns;
	bool started;
	bool slewing;
};

/**
 * sim_steer_act - what is done at host TSC @h = @next; sets the next time
 * @mono_ns: the clock then
 * Returns whether the kernel updates its line at once.
 */
bool sim_steer_act(struct sim_steer *st, struct sim_timekeeper *tk, uint64_t h,
		   int64_t mono_ns);

#endif /* VMSYNC_SIM_STEER_H */
