// SPDX-License-Identifier: MIT
/*
 * libFuzzer: any bytes as a trace.dat, of which its options are looked for. What is
 * found was in it: never more samples than bytes for them, nothing of what is
 * damaged, and the same a second time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracedat/options.h"

static void wrong(const char *what)
{
	fprintf(stderr, "wrong: %s\n", what);
	abort();
}

static size_t samples(const struct dat_options *o)
{
	size_t i, k, n = 0;

	for (i = 0; i < o->n_cpus; i++) {
		for (k = 0; k < o->cpus[i].n; k++, n++) {
			if (o->cpus[i].at[k].fraction > 63)
				wrong("bits behind the point");
		}
	}
	return n;
}

static void compare(const struct dat_options *a, const struct dat_options *b)
{
	size_t i;

	if (a->mult != b->mult || a->has_samples != b->has_samples ||
	    a->n_cpus != b->n_cpus)
		wrong("another answer");
	for (i = 0; i < a->n_cpus; i++) {
		if (a->cpus[i].n != b->cpus[i].n ||
		    memcmp(a->cpus[i].at, b->cpus[i].at,
			   a->cpus[i].n * sizeof(*a->cpus[i].at)))
			wrong("other samples");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dat_options o, again;
	size_t n;

	if (dat_options_find(data, size, &o) || dat_options_find(data, size, &again))
		wrong("no memory");
	n = samples(&o);
	if (n * 24 > size)
		wrong("more than there is");
	if (o.has_samples != (n > 0) || (o.has_samples && o.bad_samples))
		wrong("samples of what is damaged");
	if (o.shift > 63)
		wrong("shift");
	compare(&o, &again);
	dat_options_free(&o);
	dat_options_free(&again);
	return 0;
}
