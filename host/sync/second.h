/* SPDX-License-Identifier: MIT */
/*
 * The second look: a change of a guest's line may be confirmed late, and how
 * its virtual CPU left the guest meanwhile tells more.
 *
 * A kernel changes its clock's line with interrupts off, from before since_tsc
 * until after the change. So a virtual CPU that leaves the guest at a point where
 * it takes interrupts has changed it, or had not yet come to since_tsc.
 */
#ifndef VMSYNC_SYNC_SECOND_H
#define VMSYNC_SYNC_SECOND_H

#include "sync/sync.h"

/**
 * vmsync_open_exit - the first such exit of a guest's CPU, from who has them
 * @after_ns, @until_ns: by the host's clock, in (@after_ns, @until_ns)
 * @exit_ns:	set to when it was recorded
 * Returns 1, 0 if there is none, or a negative errno.
 */
typedef int vmsync_open_exit(void *ctx, const struct vmsync_guest *guest,
			     uint32_t cpu, int64_t after_ns, int64_t until_ns,
			     int64_t *exit_ns);

/**
 * vmsync_guest_second_look - narrow down when the guest's lines came into force
 * Between the end of all sides and vmsync_sync_finish(), or while they are pushed,
 * before each vmsync_sync_build_maps(): else what was settled before may change by it.
 * Whoever looks several times says the same each time, or nothing where it does not
 * know any more. Returns 0, -ENOMEM, or @find's error.
 */
int vmsync_guest_second_look(struct vmsync_guest *guest, vmsync_open_exit *find,
			     void *ctx);

#endif /* VMSYNC_SYNC_SECOND_H */
