/* SPDX-License-Identifier: MIT */
/* How well a guest's clock was known where it was analysed. */
#ifndef VMSYNC_ONLINE_BOUND_H
#define VMSYNC_ONLINE_BOUND_H

#include "sync/sync.h"

/** online_bound_ns() - the greatest bound of segments between two times; 0: there are none */
int64_t online_bound_ns(const struct vmsync_guest_map *maps, host_time from,
			host_time until);

#endif /* VMSYNC_ONLINE_BOUND_H */
