/* SPDX-License-Identifier: MIT */
/* What the commands that write one file of an analysis have in common. */
#ifndef VMSYNC_CMD_EXPORT_H
#define VMSYNC_CMD_EXPORT_H

#include "cmd.h"
#include "export/export.h"

/** struct cmd_export - arguments of vmsync export and vmsync report */
struct cmd_export {
	struct cmd_session session;
	struct export_options options;
	const struct export_format *format;
};

/* --output, --vm, --since, --until; for a struct option table. */
#define CMD_EXPORT_OPTIONS \
	{ "output", required_argument, NULL, 'o' }, \
	{ "vm", required_argument, NULL, 'v' }, \
	{ "since", required_argument, NULL, 's' }, \
	{ "until", required_argument, NULL, 'u' }, \
	CMD_SESSION_OPTIONS

/** cmd_export_option() - take one of these, or one of a session; as cmd_options() */
int cmd_export_option(const char *command, int option, const char *value,
		      struct cmd_export *args);

/** cmd_export_check() - is there a file to make, not there yet, and a time? */
int cmd_export_check(const char *command, const struct cmd_export *args);

/** cmd_export_run() - write it of the traces @argv; returns the exit status */
int cmd_export_run(const char *command, char **argv, struct cmd_export *args);

#endif /* VMSYNC_CMD_EXPORT_H */
