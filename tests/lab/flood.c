// SPDX-License-Identifier: MIT
/*
 * flood SECONDS: a process in the guest that makes beacons as fast as it is let,
 * with numbers and names that change. Prints how many, and how many of them KVM
 * did not answer as it answers a process.
 *
 * It goes on after SECONDS until there were enough, so that a slow machine does not
 * see fewer, but no longer than ten times that.
 */
#include <cpuid.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../include/uapi/vmsync.h"

#define KVM_EPERM 1

#define ENOUGH	2000	/* calls */
#define LONGEST 10

static long hypercall(int amd, uint64_t cnt, uint64_t uid)
{
	long ret = VMSYNC_HC_BEACON;

	if (amd)
		__asm__ volatile("vmmcall"
				 : "+a"(ret)
				 : "b"(cnt), "c"(uid), "d"(0ul), "S"(0ul)
				 : "memory");
	else
		__asm__ volatile("vmcall"
				 : "+a"(ret)
				 : "b"(cnt), "c"(uid), "d"(0ul), "S"(0ul)
				 : "memory");
	return ret;
}

static int is_amd(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid(0, &a, &b, &c, &d) && c == signature_AMD_ecx;
}

int main(int argc, char **argv)
{
	time_t begin = time(NULL), seconds = argc > 1 ? atoi(argv[1]) : 1;
	uint64_t calls = 0, odd = 0;
	int amd = is_amd();

	while (time(NULL) - begin < (calls < ENOUGH ? LONGEST : 1) * seconds) {
		/* The guest has other things to do as well. */
		for (int i = 0; i < 50; i++) {
			odd += hypercall(amd, calls, 1 + calls % 3) != -KVM_EPERM;
			calls++;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	}
	printf("calls=%llu odd=%llu\n", (unsigned long long)calls,
	       (unsigned long long)odd);
	return odd != 0;
}
