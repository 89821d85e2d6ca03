/* SPDX-License-Identifier: MIT */
/* What the files of vmsync memory share. */
#ifndef VMSYNC_CMD_MEMORY_H
#define VMSYNC_CMD_MEMORY_H

#include "memory/metrics.h"
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

/**
 * struct cmd_memory_guests - guests of this host, and what they are looked at for
 * @metrics:	file of these, NULL: none
 * @done, @failed: guests
 */
struct cmd_memory_guests {
	VMSYNC_ARRAY(struct memory_source) source;
	const char *metrics;
	struct memory_metrics rows;
	bool json;
	size_t done;
	size_t failed;
};

/** cmd_memory_working_sets() - of all of them; 0, or the exit status */
int cmd_memory_working_sets(struct cmd_memory_guests *g, int64_t ns);

/** cmd_memory_say() - what was wrong with one guest of many: which one is said */
void cmd_memory_say(const struct memory_source *source, const struct ctf_error *e);

/** cmd_memory_next() - one more guest is printed now */
void cmd_memory_next(struct cmd_memory_guests *g);

#endif /* VMSYNC_CMD_MEMORY_H */
