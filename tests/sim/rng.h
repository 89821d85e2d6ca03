/* SPDX-License-Identifier: MIT */
/*
 * Seeded random numbers: the same on every machine, so that a seed is a run.
 */
#ifndef VMSYNC_SIM_RNG_H
#define VMSYNC_SIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

/** struct sim_rng - one stream (xoshiro256**) */
struct sim_rng {
	uint64_t s[4];
};

/**
 * sim_rng_init - start the stream that belongs to @seed and @purpose
 * @purpose: separates streams of one seed, so that a change of one part of a
 *	     simulation does not reshuffle the others
 */
void sim_rng_init(struct sim_rng *rng, uint64_t seed, uint64_t purpose);

/** sim_rng_u64 - 64 random bits */
uint64_t sim_rng_u64(struct sim_rng *rng);

/** sim_rng_below - uniform in [0, @n), @n > 0 */
uint64_t sim_rng_below(struct sim_rng *rng, uint64_t n);

/** sim_rng_unit - uniform in [0, 1) */
double sim_rng_unit(struct sim_rng *rng);

/** sim_rng_between - uniform in [@lo, @hi) */
double sim_rng_between(struct sim_rng *rng, double lo, double hi);

/** sim_rng_exp - exponential with that mean */
double sim_rng_exp(struct sim_rng *rng, double mean);

/** sim_rng_normal - normal with mean 0 and that deviation */
double sim_rng_normal(struct sim_rng *rng, double sigma);

/** sim_rng_chance - true with probability @p */
bool sim_rng_chance(struct sim_rng *rng, double p);

#endif /* VMSYNC_SIM_RNG_H */
