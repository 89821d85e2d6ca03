// SPDX-License-Identifier: MIT
/*
 * cycle N TRACING BEACON FILE MODULE...: N times all of the modules are loaded, their
 * events recorded by ftrace's instance TRACING until there is a BEACON, and all of
 * them removed, recorded as they are. A line every 100 times, with the beacons so
 * far and the ms that each step takes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MOST 8
#define WAIT_MS 120000	/* for a beacon, however slow the machine is */

enum step { LOAD, ENABLE, BEACON, UNLOAD, STEPS };

static const char *const step_name[] = { "load", "enable", "beacon", "unload" };
static const char *tracing, *beacon, *name[MOST];
static int file[MOST], n_modules, trace_pipe;
static long cycle, beacons;
static int64_t spent_ms[STEPS];

static void die(const char *what)
{
	printf("cycle %ld: %s: %s\n", cycle, what, strerror(errno));
	exit(1);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int tracing_open(const char *path, int flags)
{
	char whole[256];
	int fd;

	snprintf(whole, sizeof(whole), "%s/%s", tracing, path);
	fd = open(whole, flags);
	if (fd < 0)
		die(whole);
	return fd;
}

static void load(void)
{
	for (int i = 0; i < n_modules; i++)
		if (syscall(SYS_finit_module, file[i], "", 0))
			die(name[i]);
}

static void enable(void)
{
	int fd = tracing_open("events/vmsync/enable", O_WRONLY);

	if (write(fd, "1", 1) != 1)
		die("events/vmsync/enable");
	close(fd);
}

/* Of what was recorded since it was last asked, lines that name it. */
static long beacons_new(void)
{
	static char text[65536];
	long n = 0;
	ssize_t got;

	while ((got = read(trace_pipe, text, sizeof(text) - 1)) > 0) {
		text[got] = '\0';
		for (char *at = text; (at = strstr(at, beacon)) != NULL; at++)
			n++;
	}
	return n;
}

static void beacon_wait(void)
{
	int64_t until = now_ms() + WAIT_MS;
	long n;

	while ((n = beacons_new()) == 0) {
		if (now_ms() > until) {
			errno = ETIMEDOUT;
			die("no beacon");
		}
		usleep(10000);
	}
	beacons += n;
}

static void unload(void)
{
	for (int i = n_modules; i--;)
		if (syscall(SYS_delete_module, name[i], O_NONBLOCK))
			die(name[i]);
	/* What came after the last look is no beacon of the next cycle. */
	beacons += beacons_new();
}

static void (*const steps[])(void) = { load, enable, beacon_wait, unload };

static void report(void)
{
	printf("cycles=%ld beacons=%ld", cycle, beacons);
	for (int s = 0; s < STEPS; s++)
		printf(" %s_ms=%lld", step_name[s],
		       (long long)(spent_ms[s] / cycle));
	printf("\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 0;

	if (n <= 0 || argc < 6 || argc % 2 || argc > 4 + 2 * MOST) {
		fprintf(stderr, "usage: cycle N TRACING BEACON FILE MODULE...\n");
		return 2;
	}
	tracing = argv[2];
	beacon = argv[3];
	trace_pipe = tracing_open("trace_pipe", O_RDONLY | O_NONBLOCK);
	for (int i = 4; i < argc; i += 2) {
		file[n_modules] = open(argv[i], O_RDONLY);
		if (file[n_modules] < 0)
			die(argv[i]);
		name[n_modules++] = argv[i + 1];
	}
	for (cycle = 1; cycle <= n; cycle++) {
		for (int s = 0; s < STEPS; s++) {
			int64_t begin = now_ms();

			steps[s]();
			spent_ms[s] += now_ms() - begin;
		}
		if (cycle == 10 || cycle % 100 == 0 || cycle == n)
			report();
	}
	return 0;
}
