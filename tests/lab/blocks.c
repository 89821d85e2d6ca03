// SPDX-License-Identifier: MIT
/*
 * blocks NAME FILE WHAT N BYTES AT AT_MIB: N requests to a block device, past all caches, by
 * AT processes at once, from AT_MIB on.
 *
 *	write	one behind the other
 *	read	in an order of its own
 *	sync	writes, each followed by fdatasync()
 *
 * Each is told with its place, and by this machine's own clock before and behind it: what
 * an analysis of the traces has to find again. No two have the same place.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct request {
	int64_t at;
	int64_t from_ns;
	int64_t until_ns;
};

static const char *what;
static long n, bytes, processes;
static int64_t base;
static struct request *requests;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Request number i of all; 7 has no divisor in common with what is asked for here. */
static int64_t place(long i)
{
	return base + (strcmp(what, "read") ? i : i * 7 % n) * bytes;
}

static int request_do(int fd, void *buf, struct request *r)
{
	ssize_t ret;

	r->from_ns = now_ns();
	ret = strcmp(what, "read") ? pwrite(fd, buf, (size_t)bytes, r->at) :
				     pread(fd, buf, (size_t)bytes, r->at);
	if (ret == bytes && !strcmp(what, "sync"))
		ret = fdatasync(fd) ? -1 : bytes;
	r->until_ns = now_ns();
	return ret == bytes ? 0 : -1;
}

/* Every process has a part of its own, in one piece. */
static int part_do(int fd, long part)
{
	long i, from = n * part / processes, until = n * (part + 1) / processes;
	void *buf;

	if (posix_memalign(&buf, 4096, (size_t)bytes))
		return 1;
	memset(buf, 0x5a, (size_t)bytes);
	for (i = from; i < until; i++) {
		requests[i].at = place(i);
		if (request_do(fd, buf, &requests[i])) {
			perror("blocks");
			return 1;
		}
	}
	return 0;
}

static int all_do(int fd)
{
	long i;
	int status, failed = 0;

	for (i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (!pid)
			_exit(part_do(fd, i));
	}
	while (wait(&status) > 0)
		failed |= status;
	return failed;
}

int main(int argc, char **argv)
{
	long i;
	int fd;

	if (argc != 8) {
		fprintf(stderr, "usage: blocks NAME FILE write|read|sync N BYTES AT AT_MIB\n");
		return 2;
	}
	what = argv[3];
	n = atol(argv[4]);
	bytes = atol(argv[5]);
	processes = atol(argv[6]);
	base = (int64_t)atol(argv[7]) << 20;
	fd = open(argv[2], O_RDWR | O_DIRECT);
	requests = mmap(NULL, (size_t)n * sizeof(*requests), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fd < 0 || requests == MAP_FAILED) {
		perror(argv[2]);
		return 1;
	}
	if (all_do(fd))
		return 1;
	for (i = 0; i < n; i++)
		printf("phase=%s file=%s what=%s at=%lld bytes=%ld from_ns=%lld until_ns=%lld\n",
		       argv[1], argv[2], what, (long long)requests[i].at, bytes,
		       (long long)requests[i].from_ns, (long long)requests[i].until_ns);
	return 0;
}
