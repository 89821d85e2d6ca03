// SPDX-License-Identifier: MIT
/*
 * clock-page FILE: the page of /dev/vmsync-clock, as vmsync-clock.ko would show it, with
 * a clock that reads 10^18 ns now and counts the TSC's cycles. Prints the TSC of that.
 */
#include <stdio.h>
#include <string.h>
#include <x86intrin.h>

#include "uapi/vmsync_clock.h"

int main(int argc, char **argv)
{
	const struct vmsync_clock_line line = {
		.start_tsc = __rdtsc(),
		.base_ns = 1000000000000000000,
		.mult = 1u << 31,
		.shift = 31,
	};
	union {
		struct vmsync_clock_page page;
		char bytes[4096];
	} u;
	FILE *f = argc > 1 ? fopen(argv[1], "w") : NULL;

	memset(&u, 0, sizeof(u));
	u.page = (struct vmsync_clock_page){
		.magic = VMSYNC_CLOCK_MAGIC,
		.version = VMSYNC_CLOCK_VERSION,
		.copy = { { line, line }, { line, line } },
	};
	if (!f || fwrite(&u, sizeof(u), 1, f) != 1 || fclose(f)) {
		perror("clock-page");
		return 1;
	}
	printf("%llu\n", line.start_tsc);
	return 0;
}
