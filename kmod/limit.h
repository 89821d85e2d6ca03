/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one VM, and what all of them together, may have recorded. A guest makes
 * as many beacons and changes of its clock as it likes; what is over the limit
 * is counted or told later.
 *
 * A VM has a rate of its own. The first part of it, more than an honest guest
 * uses, is its share whatever the others do; what goes beyond comes out of what
 * all VMs have together.
 */
#ifndef _VMSYNC_LIMIT_H
#define _VMSYNC_LIMIT_H

#include <linux/atomic.h>
#include <linux/types.h>

/* Tokens, in the form of the time at which the next one would be due, ns. */
struct host_bucket {
	atomic64_t due_ns;
};

struct host_limit {
	struct host_bucket own;
	struct host_bucket share;
};

/**
 * host_limit_beacon() - may one more beacon be recorded?
 * @limit: of the VM's beacons, all zeros at first
 *
 * Any context. Takes no lock, and writes nothing where the answer is no.
 */
bool host_limit_beacon(struct host_limit *limit);

/* The same for a change of the TSC or of kvm-clock. */
bool host_limit_write(struct host_limit *limit);

/* The same for a wait that was too long. */
bool host_limit_slow(struct host_limit *limit);

#endif /* _VMSYNC_LIMIT_H */
