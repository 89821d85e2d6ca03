/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long a thread that is about to run had to wait since it could have run: what
 * the scheduler counts of each thread, from one of its runs to the next.
 *
 * It counts the waits that ended (run_delay), and how often the thread ran
 * (pcount). A thread that is moved to another CPU while it waits is queued anew
 * there, so when it was last queued (last_queued) is only the end of its wait.
 */
#ifndef _VMSYNC_WAIT_H
#define _VMSYNC_WAIT_H

#include <linux/types.h>

/**
 * struct host_queued - a thread at the switch to it, before that is counted
 * @delay_ns: all its waits that ended, and those parts of the present one that
 *	were on other CPUs
 * @since_ns: when it was queued on this CPU, 0: it was not
 * @now_ns: the present, on the same clock
 * @runs: how often it ran before
 * @tid: its number
 */
struct host_queued {
	u64 delay_ns;
	u64 since_ns;
	u64 now_ns;
	unsigned long runs;
	s32 tid;
};

/**
 * struct host_wait - what is remembered of the last one, all zeros at first
 * @delay_ns: waits until then, its own with them
 * @runs: as in struct host_queued
 * @tid: of that thread
 */
struct host_wait {
	u64 delay_ns;
	unsigned long runs;
	s32 tid;
};

/**
 * host_wait_end() - how long the wait was that ends now
 * @wait: of the virtual CPU whose thread it is; changed
 * @now: that thread
 *
 * Where the thread also ran without being seen here, only the part on this CPU is
 * known to be of this wait. So what is returned is never more than it was, but for
 * what the CPUs' clocks are apart.
 */
u64 host_wait_end(struct host_wait *wait, const struct host_queued *now);

#endif /* _VMSYNC_WAIT_H */
