// SPDX-License-Identifier: MIT
/*
 * How sure it is: the parts of a recording are drawn again and again, each as often as
 * chance will have it, and it is counted how often the hint would be the same. What is
 * in few parts is in few of these recordings, and in others several times.
 */
#include <stdlib.h>
#include <string.h>

#include "hints/parts.h"

#define TIMES 1000

/* Of these, that lie on either side of what is printed. */
#define ASIDE (TIMES / 20)

/* The same numbers for every hint and every run. */
static uint32_t draw(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*state >> 33) * HINTS_PARTS >> 31);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

void hints_resample(struct hint *hint, double least,
		    double (*value)(void *ctx, const uint32_t drawn[HINTS_PARTS]),
		    void *ctx)
{
	uint32_t drawn[HINTS_PARTS];
	double values[TIMES];
	uint64_t state = 1;
	int i, k, worth = 0;

	for (k = 0; k < HINTS_PARTS; k++)
		drawn[k] = 1;
	hint->gain = value(ctx, drawn);
	for (i = 0; i < TIMES; i++) {
		memset(drawn, 0, sizeof(drawn));
		for (k = 0; k < HINTS_PARTS; k++)
			drawn[draw(&state)]++;
		values[i] = value(ctx, drawn);
		worth += values[i] >= least;
	}
	qsort(values, TIMES, sizeof(*values), by_value);
	hint->low = values[ASIDE];
	hint->high = values[TIMES - 1 - ASIDE];
	hint->sure = (double)worth / TIMES;
}

static double mean(void *ctx, const uint32_t drawn[HINTS_PARTS])
{
	const struct hint *hint = ctx;
	double sum = 0;
	int i;

	for (i = 0; i < HINTS_PARTS; i++)
		sum += drawn[i] * hint->rate[i];
	return sum / HINTS_PARTS;
}

void hints_resample_rate(struct hint *hint, double least)
{
	hints_resample(hint, least, mean, hint);
}
