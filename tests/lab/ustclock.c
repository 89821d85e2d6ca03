// SPDX-License-Identifier: MIT
/*
 * ustclock N: N events of LTTng-UST, a ms apart, each with the TSC from just before it.
 * The next one's is from after it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <x86intrin.h>

#include <lttng/tracef.h>

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 0;

	if (n <= 0) {
		fprintf(stderr, "usage: ustclock N\n");
		return 2;
	}
	while (n--) {
		unsigned long long before, after;

		_mm_lfence();
		before = __rdtsc();
		lttng_ust_tracef("from_tsc=%llu", before);
		_mm_lfence();
		after = __rdtsc();
		lttng_ust_tracef("until_tsc=%llu", after);
		usleep(1000);
	}
	return 0;
}
