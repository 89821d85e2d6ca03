// SPDX-License-Identifier: MIT
/*
 * now: prints this machine's clocks at one moment, for the lab's notes.
 *
 *	mono_ns=N real_ns=N tsc=N
 *
 * The TSC is read before the clocks; what lies between is not bounded here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int main(void)
{
	uint64_t tsc = __rdtsc();
	int64_t mono = clock_ns(CLOCK_MONOTONIC);
	int64_t real = clock_ns(CLOCK_REALTIME);

	printf("mono_ns=%" PRId64 " real_ns=%" PRId64 " tsc=%" PRIu64 "\n",
	       mono, real, tsc);
	return 0;
}
