// SPDX-License-Identifier: MIT
/* random-trace DIR SEED [FLAGS]: writes a random trace; see random.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "random.h"

int main(int argc, char **argv)
{
	struct random_trace t;

	if (argc < 3) {
		fprintf(stderr, "usage: random-trace DIR SEED [FLAGS]\n");
		return 2;
	}
	if (mkdir(argv[1], 0777) && errno != EEXIST) {
		fprintf(stderr, "random-trace: %s: %s\n", argv[1],
			strerror(errno));
		return 1;
	}
	if (random_trace_write(argv[1], strtoull(argv[2], NULL, 0),
			       argc > 3 ? atoi(argv[3]) : 0, &t)) {
		fprintf(stderr, "random-trace: %s: %s\n", argv[1],
			strerror(errno));
		return 1;
	}
	printf("%zu\n", t.n_events);
	random_trace_free(&t);
	return 0;
}
