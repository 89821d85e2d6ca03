/* SPDX-License-Identifier: MIT */
/*
 * Which threads of a guest ran while it was being migrated, where host and guest were
 * traced as well: one of them wrote to the pages that became dirty.
 */
#ifndef VMSYNC_MIGRATION_GUESTS_H
#define VMSYNC_MIGRATION_GUESTS_H

#include "fuse/session.h"
#include "migration/migration.h"

/** migrations_have_guests() - are there traces of a host, and of more than that? */
bool migrations_have_guests(const struct migrations *m);

/**
 * migrations_guests() - fill in @threads of each migration
 * @s:		of the same traces, its maps are made
 * @progress:	may be NULL
 *
 * A guest is that of a source by its process: the main thread of QEMU, which logs, has
 * the process's number. Return: 0 or a negative errno.
 */
int migrations_guests(struct migrations *m, const struct vmsync_session *s,
		      const struct vmsync_progress *progress,
		      struct ctf_error *e);

#endif /* VMSYNC_MIGRATION_GUESTS_H */
