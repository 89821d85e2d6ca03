// SPDX-License-Identifier: MIT
/* Time, by the host's TSC: chance has it go on, and two clocks are lines over it. */
#include <math.h>

#include "follow.h"
#include "pair.h"

struct kernel host, guests[GUESTS_MAX];
struct kernel *guest = guests;
uint64_t now;

static uint64_t rng_state[2];

uint64_t rng(void)
{
	uint64_t a = rng_state[0], b = rng_state[1];

	rng_state[0] = b;
	a ^= a << 23;
	rng_state[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
	return rng_state[1] + b;
}

uint64_t rng_exp(double mean)
{
	double u = (double)(rng() >> 11) * 0x1.0p-53;

	return 1 + (uint64_t)(-log(1.0 - u) * mean);
}

void rng_begin(void)
{
	unsigned int i;

	rng_state[0] = opt.seed * 0x9e3779b97f4a7c15u + 1;
	rng_state[1] = opt.seed ^ 0xd1b54a32d192ed03u;
	for (i = 0; i < 20; i++)
		rng();
}

void step(double mean)
{
	now += rng_exp(mean) + 20;
}

uint64_t line_fixed(const struct line *l, uint64_t c)
{
	return (c - l->cycle_last) * l->mult + l->xtime_nsec;
}

int64_t line_eval(const struct line *l, uint64_t c)
{
	return l->base_ns + (int64_t)(line_fixed(l, c) >> SHIFT);
}

uint64_t stamp(const struct kernel *k, uint64_t host_tsc)
{
	if (k == guest && opt.clock_cycles)
		return follow_ns(host_tsc - k->tsc_offset);
	return (uint64_t)line_eval(&k->line, host_tsc - k->tsc_offset);
}

uint64_t ahead(const struct kernel *k, uint32_t cpu)
{
	return k == guest && cpu ? opt.apart : 0;
}

uint32_t guest_number(void)
{
	return (uint32_t)(guest - guests);
}
