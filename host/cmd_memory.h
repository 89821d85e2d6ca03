/* SPDX-License-Identifier: MIT */
/* What the two files of vmsync memory share. */
#ifndef VMSYNC_CMD_MEMORY_H
#define VMSYNC_CMD_MEMORY_H

#include "memory/use_read.h"

/**
 * struct cmd_memory_events - of vmsync memory --events
 * @file:	[2] looks of vmsync-agent's, NULL: none
 */
struct cmd_memory_events {
	const char *file[2];
	int64_t window_ns;
	bool all;
	bool json;
};

/** cmd_memory_events() - do it for @traces, up to NULL; the exit status */
int cmd_memory_events(const struct cmd_memory_events *args, char *const *traces);

#endif /* VMSYNC_CMD_MEMORY_H */
