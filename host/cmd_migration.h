/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_CMD_MIGRATION_H
#define VMSYNC_CMD_MIGRATION_H

#include "migration/migration.h"

/**
 * cmd_migration_guests() - have the host's and the guests' traces tell what they know
 * of migrations, where there are some: migrations_guests()
 * Return: 0 or a negative errno.
 */
int cmd_migration_guests(char *const *paths, size_t n, struct migrations *m,
			 struct ctf_error *e);

/**
 * cmd_migration_agree() - the option --agree
 * Return: 0, or EXIT_TROUBLE with the error said.
 */
int cmd_migration_agree(const char *command, const char *value, uint64_t *ns);

#endif /* VMSYNC_CMD_MIGRATION_H */
