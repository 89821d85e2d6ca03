/* SPDX-License-Identifier: MIT */
/* Layers, and the traces that they read: for commands that need what was told. */
#ifndef VMSYNC_CMD_TOLD_H
#define VMSYNC_CMD_TOLD_H

#include "analysis/layers/engine.h"
#include "cmd_traces.h"

/* Of cmd_told_read(): the sink could not, and the engine has the error. */
#define CMD_TOLD_SINK 1

/**
 * struct cmd_told - see cmd_told_init()
 * @engine:	its sink is to be set before anything is read
 * @lost:	events and packets, when it was recorded
 */
struct cmd_told {
	struct layers_engine engine;
	struct cmd_traces traces;
	uint64_t lost;
};

/** cmd_told_init() - of one that is all 0 */
void cmd_told_init(struct cmd_told *t);

/**
 * cmd_told_layers() - read layers
 * @names:	[@n] of them, or files; none: all that come with vmsync
 */
int cmd_told_layers(struct cmd_told *t, const char *const *names, size_t n,
		    struct ctf_error *e);

/** cmd_told_open() - open the traces at and below some paths, [@n] of them */
int cmd_told_open(struct cmd_told *t, char *const *paths, size_t n,
		  struct ctf_error *e);

/** cmd_told_read() - all of their events; 0, CMD_TOLD_SINK, or a negative errno */
int cmd_told_read(struct cmd_told *t, unsigned int jobs, struct ctf_error *e);

void cmd_told_free(struct cmd_told *t);

#endif /* VMSYNC_CMD_TOLD_H */
