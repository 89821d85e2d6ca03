// SPDX-License-Identifier: MIT
/*
 * recorded [--both] OUT SCENARIO [SEED [clones]]: a scenario of the simulator as LTTng
 * would have recorded it: traces OUT/host, OUT/g0, ...; property/record.h says what each
 * event carries besides, and what clones are. --both: OUT/host2 is that of the host that
 * guests are away on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "property/record.h"
#include "scenario.h"
#include "world.h"

int main(int argc, char **argv)
{
	bool both = argc > 1 && !strcmp(argv[1], "--both");
	struct record_plan plan = {
		.packet = 8192,
		.beacons = true,
		.knots = true,
		.module = true,
	};
	static struct sim_world world;
	struct sim_scenario sc;
	uint64_t seed;
	char error[512];

	argc -= both;
	argv += both;
	seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;
	plan.both = both;
	plan.clones = argc > 4 && !strcmp(argv[4], "clones");

	if (argc < 3) {
		fprintf(stderr, "usage: recorded [--both] OUT SCENARIO [SEED [clones]]\n");
		return 2;
	}
	if (sim_scenario_load(&sc, argv[2], error, sizeof(error))) {
		fprintf(stderr, "recorded: %s\n", error);
		return 2;
	}
	if (mkdir(argv[1], 0755) && errno != EEXIST) {
		fprintf(stderr, "recorded: %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	plan.folder = argv[1];
	plan.knots = sc.knots;
	plan.module = sc.host_tsc;
	sim_world_build(&world, &sc, seed);
	record_world(&world, &plan);
	sim_world_free(&world);
	return 0;
}
