// SPDX-License-Identifier: MIT
/*
 * touch-memory MIB [SECONDS]: has so much memory, writes to every page of it, and gives it
 * back. With SECONDS it says first how many of the machine's blocks of 2 MiB its pages are
 * in, and writes to all of them again and again for so long. Used in the guests of
 * tests/check/memory.sh and of the lab's scenario memory.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE	   4096
#define FRAME	   ((1ull << 55) - 1)
#define BLOCK	   9 /* order */
#define BLOCKS	   65536 /* 128 GiB */
#define NAP_NS	   50000000

/* Of the machine's own memory, as its kernel tells root. */
static long blocks_count(const char *p, size_t n)
{
	static char has[BLOCKS];
	int fd = open("/proc/self/pagemap", O_RDONLY);
	long blocks = 0;
	uint64_t map;
	size_t i;

	for (i = 0; i < n; i += PAGE) {
		if (pread(fd, &map, 8, (off_t)(((uintptr_t)p + i) / PAGE * 8)) != 8)
			return -1;
		map = (map & FRAME) >> BLOCK;
		if (!map || map >= BLOCKS)
			return -1;
		blocks += !has[map];
		has[map] = 1;
	}
	close(fd);
	return blocks;
}

static void again(char *p, size_t n, time_t seconds)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	time_t until = time(NULL) + seconds;
	size_t i;

	printf("touched %zu pages in %ld blocks\n", n / PAGE, blocks_count(p, n));
	fflush(stdout);
	while (time(NULL) < until) {
		for (i = 0; i < n; i += PAGE)
			p[i]++;
		nanosleep(&nap, NULL);
	}
}

int main(int argc, char **argv)
{
	size_t n = argc == 2 || argc == 3 ? strtoul(argv[1], NULL, 10) << 20 : 0;
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("touch-memory");
		return 2;
	}
	memset(p, 1, n);
	if (argc == 3)
		again(p, n, atol(argv[2]));
	return munmap(p, n) ? 2 : 0;
}
