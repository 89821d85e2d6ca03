// SPDX-License-Identifier: MIT
/*
 * lag METRICS START BEGIN PID: how long after an event it is counted in the file
 * METRICS of vmsync live, while process PID is there. The recording's clock read BEGIN
 * when CLOCK_MONOTONIC read START, both ns. Prints, of all events but those of the
 * first 3 s: median, 99th percentile and worst, ms.
 *
 * Each time that the file is there anew all events since the last time count: of all
 * ms between the two as many, for events come evenly.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define FIRST_NS 3000000000
#define MOST_MS	 60000
#define MS	 1000000

static uint64_t count[MOST_MS];
static uint64_t all;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Up to when all is analysed; 0: it does not say. */
static int64_t analysed_ns(const char *path)
{
	static const char name[] = "vmsync_live_analysed_seconds ";
	FILE *f = fopen(path, "r");
	int64_t s, ns, found = 0;
	char line[1024];

	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, name, sizeof(name) - 1) &&
		    sscanf(line + sizeof(name) - 1, "%" SCNd64 ".%" SCNd64, &s,
			   &ns) == 2)
			found = s * 1000000000 + ns;
	}
	if (f)
		fclose(f);
	return found;
}

static void add(int64_t from_ns, int64_t until_ns, int64_t seen_ns)
{
	int64_t ns;

	for (ns = from_ns; ns < until_ns; ns += MS) {
		int64_t ms = (seen_ns - ns) / MS;

		count[ms < 0 ? 0 : ms < MOST_MS ? ms : MOST_MS - 1]++;
		all++;
	}
}

static unsigned int percentile(double share)
{
	uint64_t sum = 0;
	unsigned int ms = 0;

	while (ms < MOST_MS && (sum += count[ms]) < (uint64_t)(share * (double)all))
		ms++;
	return ms;
}

int main(int argc, char **argv)
{
	const struct timespec pause = { 0, MS };
	int64_t start, begin, last_ns = 0;
	ino_t last = 0;
	struct stat st;
	pid_t pid;

	if (argc != 5) {
		fprintf(stderr, "usage: lag METRICS START BEGIN PID\n");
		return 2;
	}
	start = strtoll(argv[2], NULL, 10);
	begin = strtoll(argv[3], NULL, 10);
	pid = (pid_t)atoi(argv[4]);
	for (; !kill(pid, 0); nanosleep(&pause, NULL)) {
		int64_t until_ns, seen_ns = now_ns() - start + begin;

		if (stat(argv[1], &st) || st.st_ino == last)
			continue;
		last = st.st_ino;
		until_ns = analysed_ns(argv[1]);
		if (last_ns >= begin + FIRST_NS)
			add(last_ns, until_ns, seen_ns);
		last_ns = until_ns;
	}
	printf("%u %u %u\n", percentile(0.5), percentile(0.99), percentile(1));
	return all ? 0 : 1;
}
