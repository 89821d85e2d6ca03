// SPDX-License-Identifier: MIT
/*
 * clock WHAT NUMBER: what people and daemons do to this machine's clock.
 *
 *	step SECONDS	adjtimex(), CLOCK_REALTIME moves at once
 *	set SECONDS	settimeofday(), to what it shows and so much more
 *	tick US		adjtimex(), length of a tick, 9000 to 11000
 *	offset US	adjtimex(), the kernel moves it there slowly, by a PLL
 *
 * None of them may move CLOCK_MONOTONIC at once; the last two change its speed.
 * Only ever run inside the lab's machines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timex.h>

static int set_by(double seconds)
{
	struct timeval tv;
	long us = (long)(seconds * 1e6);

	gettimeofday(&tv, NULL);
	us += tv.tv_usec;
	tv.tv_sec += us / 1000000;
	tv.tv_usec = us % 1000000;
	if (tv.tv_usec < 0) {
		tv.tv_usec += 1000000;
		tv.tv_sec--;
	}
	return settimeofday(&tv, NULL);
}

static int step_by(double seconds)
{
	long ns = (long)(seconds * 1e9);
	struct timex tx = {
		.modes = ADJ_SETOFFSET | ADJ_NANO,
		.time = { .tv_sec = ns / 1000000000,
			  .tv_usec = ns % 1000000000 },
	};

	if (tx.time.tv_usec < 0) {
		tx.time.tv_usec += 1000000000;
		tx.time.tv_sec--;
	}
	return adjtimex(&tx) < 0 ? -1 : 0;
}

static int tick_of(double us)
{
	struct timex tx = { .modes = ADJ_TICK, .tick = (long)us };

	return adjtimex(&tx) < 0 ? -1 : 0;
}

static int offset_of(double us)
{
	struct timex tx = {
		.modes = ADJ_STATUS | ADJ_OFFSET | ADJ_MICRO | ADJ_TIMECONST,
		.status = STA_PLL,
		.offset = (long)us,
		.constant = 3,	/* the fastest that ntpd uses */
	};

	return adjtimex(&tx) < 0 ? -1 : 0;
}

static const struct {
	const char *name;
	int (*change)(double number);
} changes[] = {
	{ "step", step_by },
	{ "set", set_by },
	{ "tick", tick_of },
	{ "offset", offset_of },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 3 && i < sizeof(changes) / sizeof(*changes);
	     i++) {
		if (strcmp(argv[1], changes[i].name))
			continue;
		if (!changes[i].change(atof(argv[2])))
			return 0;
		perror("clock");
		return 1;
	}
	fprintf(stderr, "usage: clock step|set|tick|offset NUMBER\n");
	return 2;
}
