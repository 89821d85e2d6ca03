// SPDX-License-Identifier: MIT
/*
 * slew PPM [SECONDS]...: moves this machine's clock frequency, as NTP would.
 *
 * Each PPM, from -500 to 500, is set with adjtimex() and held for the SECONDS
 * that follow it. The last one stays. Only ever run inside the lab's machines.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#define MAX_PPM 500.0

static int frequency_set(double ppm)
{
	struct timex tx = {
		.modes = ADJ_FREQUENCY,
		/* ppm with 16 bits of fraction */
		.freq = (long)(ppm * 65536),
	};

	if (adjtimex(&tx) >= 0)
		return 0;
	fprintf(stderr, "slew: %g ppm: %s\n", ppm, strerror(errno));
	return -1;
}

static void hold(double seconds)
{
	struct timespec ts = {
		.tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (time_t)seconds) * 1e9),
	};

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 2) {
		fprintf(stderr, "usage: slew PPM [SECONDS PPM]...\n");
		return 2;
	}
	for (i = 1; i < argc; i++) {
		double v = atof(argv[i]);

		if (i % 2 == 0) {
			hold(v);
			continue;
		}
		if (v < -MAX_PPM || v > MAX_PPM || frequency_set(v))
			return 1;
		printf("slew: %g ppm\n", v);
		fflush(stdout);
	}
	return 0;
}
