/* SPDX-License-Identifier: MIT */
/*
 * The host's own part of a recording: one session of its LTTng.
 */
#ifndef VMSYNC_RECORD_HOST_H
#define VMSYNC_RECORD_HOST_H

#include "ctf/ctf.h"
#include "record/tracing.h"

/**
 * struct record_host - it
 * @tracing:	the session; says what is not recorded
 * @session:	its name
 * @home:	where lttng may leave what it remembers
 * @folder:	of its trace
 * @recording:	it goes on
 * @cut:	its trace lacks something, which @tracing says
 */
struct record_host {
	struct vmsync_tracing tracing;
	char session[64];
	char home[4096];
	char folder[4200];
	bool recording;
	bool cut;
};

/** record_host_init() - into @output/host; @ring as of a struct vmsync_tracing */
void record_host_init(struct record_host *h, const char *output, uint8_t events,
		      bool ring);

/** record_host_start() - 0 or a negative errno and @e */
int record_host_start(struct record_host *h, struct ctf_error *e);

/** record_host_take() - what a flight recorder holds now; of any other nothing */
int record_host_take(struct record_host *h, struct ctf_error *e);

/** record_host_stop() - where it goes on */
void record_host_stop(struct record_host *h);

#endif /* VMSYNC_RECORD_HOST_H */
