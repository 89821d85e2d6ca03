// SPDX-License-Identifier: MIT
/* What the options mean that pair.c explains. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pair.h"

struct options opt = {
	.events = 100000,
	.guests = 1,
	.vcpus = GUEST_CPUS,
	.busy = 1,
	.beacon_cycles = TSC_KHZ * 100ull,
	.knot_cycles = TSC_KHZ * 1000ull,
	.gap_cycles = 1500.0 * TSC_KHZ / 1e6,
	.seed = 1,
	.packet = 1 << 20,
};

static void option(const char *arg)
{
	const char *value = strchr(arg, '=');
	uint64_t n;
	char *end;

	errno = 0;
	n = value ? (uint64_t)strtoll(value + 1, &end, 0) : 0;
	if (!value || errno || *end || end == value + 1) {
		fprintf(stderr, "pair: %s: not OPTION=NUMBER\n", arg);
		exit(2);
	}
	if (!strncmp(arg, "events=", 7))
		opt.events = n;
	else if (!strncmp(arg, "guests=", 7) && n && n <= GUESTS_MAX)
		opt.guests = n;
	else if (!strncmp(arg, "vcpus=", 6) && n && n <= GUEST_CPUS)
		opt.vcpus = n;
	else if (!strncmp(arg, "busy=", 5) && n)
		opt.busy = n;
	else if (!strncmp(arg, "beacons=", 8) && n)
		opt.beacon_cycles = TSC_KHZ * 1000ull / n;
	else if (!strncmp(arg, "knots=", 6) && n)
		opt.knot_cycles = TSC_KHZ * 1000ull / n;
	else if (!strncmp(arg, "gap=", 4))
		opt.gap_cycles = (double)n * TSC_KHZ / 1e6;
	else if (!strncmp(arg, "seed=", 5))
		opt.seed = n;
	else if (!strncmp(arg, "edge=", 5))
		opt.edge = n;
	else if (!strncmp(arg, "large=", 6))
		opt.large = n;
	else if (!strncmp(arg, "packet=", 7) && n && n % 4096 == 0)
		opt.packet = n;
	else if (!strncmp(arg, "timer=", 6))
		opt.timer = n;
	else if (!strncmp(arg, "early=", 6))
		opt.early_ns = n;
	else if (!strncmp(arg, "pause=", 6))
		opt.pause = n;
	else if (!strncmp(arg, "move=", 5))
		opt.move = n;
	else if (!strncmp(arg, "halts=", 6))
		opt.halts = n;
	else if (!strncmp(arg, "idle=", 5))
		opt.idle = n;
	else if (!strncmp(arg, "old=", 4))
		opt.old = n;
	else if (!strncmp(arg, "net=", 4))
		opt.old = opt.net = n;
	else if (!strncmp(arg, "clock=", 6) && n)
		opt.clock_cycles = TSC_KHZ * 1000ull / n;
	else if (!strncmp(arg, "ahead=", 6))
		opt.ahead_ns = n;
	else if (!strncmp(arg, "slew=", 5))
		opt.slew_ppm = (int64_t)n;
	else if (!strncmp(arg, "jump=", 5))
		opt.jump = n;
	else if (!strncmp(arg, "apart=", 6))
		opt.apart = n;
	else if (!strncmp(arg, "plain=", 6))
		opt.plain = n;
	else if (!strncmp(arg, "ust=", 4))
		opt.ust = n;
	else if (!strncmp(arg, "moved=", 6))
		opt.moved = n;
	else if (!strncmp(arg, "blocks=", 7))
		opt.blocks = n;
	else if (!strncmp(arg, "truth=", 6))
		opt.truth = n;
	else if (!strncmp(arg, "uid=", 4))
		opt.vm_uid = n;
	else if (!strncmp(arg, "offset=", 7))
		opt.wrong_offset = (int64_t)n;
	else {
		fprintf(stderr, "pair: %s: no such option\n", arg);
		exit(2);
	}
}

void options_read(int argc, char **argv)
{
	int i;

	if (argc < 2) {
		fprintf(stderr, "usage: pair OUT [OPTION=NUMBER]...\n");
		exit(2);
	}
	for (i = 2; i < argc; i++)
		option(argv[i]);
}
