// SPDX-License-Identifier: GPL-2.0-only
/* Token buckets for what guests cause to be recorded: see limit.h. */
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "limit.h"

static unsigned int beacon_rate = 1000;
module_param(beacon_rate, uint, 0644);
MODULE_PARM_DESC(beacon_rate, "beacons per second taken from one VM; more are dropped and counted (default 1000, 0: none)");

static unsigned int beacon_burst = 100;
module_param(beacon_burst, uint, 0644);
MODULE_PARM_DESC(beacon_burst, "beacons taken at once from a VM that was quiet (default 100)");

static unsigned int all_rate = 10000;
module_param(all_rate, uint, 0644);
MODULE_PARM_DESC(all_rate, "beacons per second taken from all VMs together, beyond the first 100 of each (default 10000)");

#define SHARE_RATE 100	/* as many as vmsync-guest.ko sends at most */
#define SHARE_BURST 100
#define TRIES 4		/* against other CPUs that take at the same time */

static struct host_bucket all_beacons;
static struct host_bucket all_writes;
static struct host_bucket all_slow;

static bool bucket_take(struct host_bucket *bucket, u64 now_ns, u64 rate,
			u64 burst)
{
	s64 old = atomic64_read(&bucket->due_ns);
	u64 step, due;
	int i;

	if (!rate)
		return false;
	step = max(NSEC_PER_SEC / rate, 1ULL);
	for (i = 0; i < TRIES; i++) {
		due = max((u64)old, now_ns);
		if (due - now_ns >= step * max(burst, 1ULL))
			return false;
		if (atomic64_try_cmpxchg(&bucket->due_ns, &old, due + step))
			return true;
	}
	return false;
}

static bool limit_take(struct host_limit *limit, struct host_bucket *all)
{
	u64 burst = READ_ONCE(beacon_burst), rate = READ_ONCE(all_rate);
	u64 now = ktime_get_mono_fast_ns();

	if (!bucket_take(&limit->own, now, READ_ONCE(beacon_rate), burst))
		return false;
	return bucket_take(&limit->share, now, SHARE_RATE, SHARE_BURST) ||
	       bucket_take(all, now, rate, rate / 10);
}

bool host_limit_beacon(struct host_limit *limit)
{
	return limit_take(limit, &all_beacons);
}

bool host_limit_write(struct host_limit *limit)
{
	return limit_take(limit, &all_writes);
}

bool host_limit_slow(struct host_limit *limit)
{
	return limit_take(limit, &all_slow);
}
