/* SPDX-License-Identifier: MIT */
/* Any traces as one row of events, for commands that need no maps. */
#ifndef VMSYNC_CMD_TRACES_H
#define VMSYNC_CMD_TRACES_H

#include "ctf/ctf.h"

/**
 * struct cmd_traces - all 0 is none
 * @traces:	[@n]
 * @want:	[@n] one byte a class
 * @merge:	of those that are taken, in the order of @traces
 */
struct cmd_traces {
	struct ctf_trace **traces;
	uint8_t **want;
	size_t n;
	struct ctf_merge *merge;
};

/**
 * cmd_traces_open() - open all traces at and below some paths
 * @c:		to be closed with cmd_traces_close(), after an error too
 * @paths:	[@n]
 * @wants:	sets the byte of each class that is wanted: 1: take these, 0:
 *take nothing of this trace, or a negative errno
 * @ctx:	its first argument
 *
 * Packets that several traces hold, as overlapping snapshots do, are there
 *once. Return: 0 or a negative errno.
 */
int cmd_traces_open(struct cmd_traces *c, char *const *paths, size_t n,
		    int (*wants)(void *ctx, const struct ctf_trace *t,
				 uint8_t *want, struct ctf_error *e),
		    void *ctx, struct ctf_error *e);

void cmd_traces_close(struct cmd_traces *c);

#endif /* VMSYNC_CMD_TRACES_H */
