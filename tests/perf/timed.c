// SPDX-License-Identifier: MIT
/*
 * timed FILE CPU COMMAND...: runs the command, on processor CPU alone unless it
 * is "all", and adds a line to FILE: microseconds from its start to its end, and
 * the most KiB it had in memory. Exit status: the command's, or 2.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ll + t.tv_nsec / 1000;
}

static int fail(const char *what)
{
	fprintf(stderr, "timed: %s: %s\n", what, strerror(errno));
	return 2;
}

static int pin(const char *cpu)
{
	cpu_set_t set;

	if (!strcmp(cpu, "all"))
		return 0;
	CPU_ZERO(&set);
	CPU_SET(atoi(cpu), &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

int main(int argc, char **argv)
{
	struct rusage used;
	long long began;
	int status;
	FILE *f;
	pid_t pid;

	if (argc < 4) {
		fprintf(stderr, "usage: timed FILE CPU COMMAND...\n");
		return 2;
	}
	if (pin(argv[2]))
		return fail(argv[2]);
	began = now_us();
	pid = fork();
	if (!pid) {
		execvp(argv[3], argv + 3);
		_exit(fail(argv[3]));
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) < 0)
		return fail(argv[3]);
	began = now_us() - began;
	f = fopen(argv[1], "a");
	if (!f || fprintf(f, "%lld %ld\n", began, used.ru_maxrss) < 0 ||
	    fclose(f))
		return fail(argv[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
