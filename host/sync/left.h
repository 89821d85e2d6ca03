/* SPDX-License-Identifier: MIT */
/*
 * Left: KVM writes a virtual CPU's TSC offset and its kvm-clock page before the
 * virtual CPU enters the guest. So the change lies anywhere since its last exit,
 * which the host's record of the change does not tell: for as long as a guest is
 * stopped it reads nothing, neither by the old page nor by the new one.
 */
#ifndef VMSYNC_SYNC_LEFT_H
#define VMSYNC_SYNC_LEFT_H

#include "sync/sync.h"

/**
 * vmsync_last_exit - of a guest's CPU before a moment, from who has them
 * @ns:		by the host's clock
 * @exit_ns:	set to when the CPU had left the guest, if it was out at @ns
 * Returns 1, 0 if it is not known to have been out, or a negative errno.
 */
typedef int vmsync_last_exit(void *ctx, const struct vmsync_guest *guest,
			     uint32_t cpu, int64_t ns, int64_t *exit_ns);

/**
 * vmsync_guest_left - find since when KVM's changes of a guest's clock may hold
 * When, and what @find has to keep to, as vmsync_guest_second_look(). Returns 0,
 * -ENOMEM, or @find's error.
 */
int vmsync_guest_left(struct vmsync_guest *guest, vmsync_last_exit *find,
		      void *ctx);

#endif /* VMSYNC_SYNC_LEFT_H */
