// SPDX-License-Identifier: GPL-2.0-only
/* How long a thread had to wait: see wait.h. */
#include <linux/minmax.h>

#include "wait.h"

u64 host_wait_end(struct host_wait *wait, const struct host_queued *now)
{
	u64 ns = 0, all;

	/* CPUs' clocks may be apart by some microseconds. */
	if (now->since_ns && now->now_ns > now->since_ns)
		ns = now->now_ns - now->since_ns;
	all = now->delay_ns + ns;
	if (wait->tid == now->tid && wait->runs + 1 == now->runs &&
	    all > wait->delay_ns)
		ns = max(ns, all - wait->delay_ns);
	wait->delay_ns = all;
	wait->runs = now->runs;
	wait->tid = now->tid;
	return ns;
}
