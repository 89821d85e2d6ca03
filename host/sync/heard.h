/* SPDX-License-Identifier: MIT */
/*
 * Where the host heard a guest. One that sends beacons which nobody answers, while the
 * host records, is not in its VM: it came from another host, or was moved to one, or
 * nobody listens. What the host knows of the VM says nothing of it then, and its clock
 * may have jumped.
 */
#ifndef VMSYNC_SYNC_HEARD_H
#define VMSYNC_SYNC_HEARD_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/session.h"

/**
 * struct vmsync_heard - guest times within which it was heard
 * @from_ns:	of its first answered beacon, if others were not before: else INT64_MIN
 * @until_ns:	of its last one, if others were not behind it: else INT64_MAX
 * @homes:	[@n_homes] where it was
 * @away:	bits: before this one it was not heard for a while
 */
struct vmsync_heard {
	int64_t from_ns;
	int64_t until_ns;
	const struct vmsync_home *homes;
	size_t n_homes;
	uint64_t away;
};

/** vmsync_heard_find - everything was pushed */
struct vmsync_heard vmsync_heard_find(const struct vmsync_guest *guest);

/** vmsync_heard_clip - leave of @map what lies within; 0 or -ENOMEM */
int vmsync_heard_clip(const struct vmsync_heard *h,
		       struct vmsync_map *map);

/** vmsync_heard_all - no beacon was left unanswered while the host recorded */
bool vmsync_heard_all(const struct vmsync_heard *h);

#endif /* VMSYNC_SYNC_HEARD_H */
