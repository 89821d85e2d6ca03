/* SPDX-License-Identifier: MIT */
/*
 * What the traces of host and guest add: when the guest really ran for the last time on
 * the source, and for the first time on the destination, which the sync engine knows;
 * and which of its threads ran meanwhile, one of which wrote to the pages that became
 * dirty.
 */
#ifndef VMSYNC_MIGRATION_GUESTS_H
#define VMSYNC_MIGRATION_GUESTS_H

#include "fuse/session.h"
#include "migration/migration.h"

/** migrations_have_host() - is there a trace of a host's kernel? */
bool migrations_have_host(const struct migrations *m);

/**
 * migrations_guests() - fill in @guest_down_ns and @threads of each migration
 * @s:		of the same traces, its maps are made
 * @progress:	may be NULL
 *
 * A virtual CPU is QEMU's by its process: the main thread, which logs, has the process's
 * number. Return: 0 or a negative errno.
 */
int migrations_guests(struct migrations *m, struct vmsync_session *s,
		      const struct vmsync_progress *progress,
		      struct ctf_error *e);

#endif /* VMSYNC_MIGRATION_GUESTS_H */
