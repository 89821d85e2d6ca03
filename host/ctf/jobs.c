// SPDX-License-Identifier: MIT
#include <sched.h>

#include "ctf/ctf.h"

unsigned int ctf_jobs(unsigned int jobs)
{
	cpu_set_t set;

	if (jobs)
		return jobs;
	/* Fails with more processors than the set has room for. */
	return sched_getaffinity(0, sizeof(set), &set) ?
		       1 : (unsigned int)CPU_COUNT(&set);
}
