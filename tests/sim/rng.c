// SPDX-License-Identifier: MIT
#include "rng.h"

#include <math.h>

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

void sim_rng_init(struct sim_rng *rng, uint64_t seed, uint64_t purpose)
{
	uint64_t x = seed * 0xd1342543de82ef95ull + purpose;

	for (int i = 0; i < 4; i++)
		rng->s[i] = splitmix(&x);
}

static uint64_t rotl(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

uint64_t sim_rng_u64(struct sim_rng *rng)
{
	uint64_t *s = rng->s;
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint64_t sim_rng_below(struct sim_rng *rng, uint64_t n)
{
	return (unsigned __int128)sim_rng_u64(rng) * n >> 64;
}

double sim_rng_unit(struct sim_rng *rng)
{
	return (sim_rng_u64(rng) >> 11) * 0x1p-53;
}

double sim_rng_between(struct sim_rng *rng, double lo, double hi)
{
	return lo + (hi - lo) * sim_rng_unit(rng);
}

double sim_rng_exp(struct sim_rng *rng, double mean)
{
	return -mean * log1p(-sim_rng_unit(rng));
}

double sim_rng_normal(struct sim_rng *rng, double sigma)
{
	double u = 1.0 - sim_rng_unit(rng), v = sim_rng_unit(rng);

	return sigma * sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

bool sim_rng_chance(struct sim_rng *rng, double p)
{
	return sim_rng_unit(rng) < p;
}
