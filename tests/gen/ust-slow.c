// SPDX-License-Identifier: MIT
/*
 * ust-slow: an application that is asked for something by each line on its standard
 * input, "N NS RATE": N requests that took NS each, RATE of them a second. Each is an
 * event app:request of LTTng-UST; after a line it prints when the last one was, in ns of
 * CLOCK_MONOTONIC.
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "ust-slow.h"

#include <stdio.h>
#include <time.h>

static uint64_t mono_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int main(void)
{
	unsigned long n, ns, rate;

	while (scanf("%lu %lu %lu", &n, &ns, &rate) == 3 && rate) {
		struct timespec pause = { 0, 1000000000 / (long)rate };
		uint64_t now = 0;

		while (n--) {
			now = mono_ns();
			lttng_ust_tracepoint(app, request, ns, now);
			if (n)
				nanosleep(&pause, NULL);
		}
		printf("%lu\n", (unsigned long)now);
		fflush(stdout);
	}
	return 0;
}
