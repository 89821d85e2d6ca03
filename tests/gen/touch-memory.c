// SPDX-License-Identifier: MIT
/*
 * touch-memory MIB: has so much memory, writes to every page of it, and gives it back.
 * Used in the guest of tests/check/memory.sh.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
	size_t n = argc == 2 ? strtoul(argv[1], NULL, 10) << 20 : 0;
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("touch-memory");
		return 2;
	}
	memset(p, 1, n);
	return munmap(p, n) ? 2 : 0;
}
