// SPDX-License-Identifier: MIT
/*
 * known NAME WHAT AMOUNT [FILE]: does so much of one thing, and nothing else, as a
 * thread of that name: what an analysis has to find again.
 *
 *	spin MS		computes for so long, by the machine's own clock
 *	nap N		sleeps N times for 2 ms
 *	write N FILE	writes N blocks, each past all caches
 *	cpuid N		asks so often what CPU it has: the hypervisor answers
 *	port N		writes so often to I/O port 0x80, which nobody listens to
 *
 * Before and after, it writes to that port once, so that a host sees both moments,
 * and then prints them by its own clock, with how long it had a CPU between them.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096
#define PORT  0x80

static int port = -1;

/*
 * One access, by the kernel: a hypervisor may not let programs do it. A host without
 * the device has nobody who would see it.
 */
static void port_write(void)
{
	if (port >= 0 && pwrite(port, "", 1, PORT) != 1) {
		perror("known: /dev/port");
		exit(1);
	}
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static long long ran_ns(void)
{
	long long ns = -1;
	FILE *f = fopen("/proc/self/schedstat", "r");

	if (f && fscanf(f, "%lld", &ns) != 1)
		ns = -1;
	if (f)
		fclose(f);
	return ns;
}

static int spin(long ms, const char *file)
{
	long long until = now_ns() + ms * 1000000ll;

	(void)file;
	while (now_ns() < until)
		;
	return 0;
}

static int nap(long n, const char *file)
{
	const struct timespec t = { .tv_nsec = 2000000 };

	(void)file;
	while (n--)
		nanosleep(&t, NULL);
	return 0;
}

static int write_blocks(long n, const char *file)
{
	int fd = file ? open(file, O_WRONLY | O_DIRECT) : -1;
	void *block;

	if (fd < 0 || posix_memalign(&block, BLOCK, BLOCK))
		return 1;
	memset(block, 0x5a, BLOCK);
	while (n--) {
		if (pwrite(fd, block, BLOCK, n * BLOCK) != BLOCK)
			return 1;
	}
	return 0;
}

static int ask_cpuid(long n, const char *file)
{
	unsigned int a, b, c, d;

	(void)file;
	while (n--)
		__cpuid(0, a, b, c, d);
	return 0;
}

static int write_port(long n, const char *file)
{
	(void)file;
	while (n--)
		port_write();
	return 0;
}

static const struct {
	const char *name;
	int (*run)(long amount, const char *file);
} things[] = {
	{ "spin", spin },	{ "nap", nap },		 { "write", write_blocks },
	{ "cpuid", ask_cpuid },	{ "port", write_port },
};

static int measured(int (*run)(long, const char *), const char *name,
		    long amount, const char *file)
{
	long long from, until, ran;
	int ret;

	ran = ran_ns();
	port_write();
	from = now_ns();
	ret = run(amount, file);
	until = now_ns();
	port_write();
	ran = ran_ns() - ran;
	printf("known=%s from_ns=%lld until_ns=%lld ran_ns=%lld\n", name, from,
	       until, ran);
	return ret;
}

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc >= 4 && i < sizeof(things) / sizeof(things[0]); i++) {
		if (strcmp(things[i].name, argv[2]))
			continue;
		prctl(PR_SET_NAME, argv[1]);
		port = open("/dev/port", O_WRONLY);
		if (measured(things[i].run, argv[1], atol(argv[3]),
			     argc > 4 ? argv[4] : NULL)) {
			perror(argv[2]);
			return 1;
		}
		return 0;
	}
	fprintf(stderr, "usage: known NAME WHAT AMOUNT [FILE]\n");
	return 2;
}
