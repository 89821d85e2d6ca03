/* SPDX-License-Identifier: MIT */
/*
 * Recordings that the host asks for: one at a time, made by the lttng command in a
 * process of its own, so that beacons go on meanwhile.
 */
#ifndef VMSYNC_AGENT_RECORDING_H
#define VMSYNC_AGENT_RECORDING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/files.h"
#include "port/frame.h"
#include "port/output.h"

/**
 * struct agent_recording - what there is of one
 * @spool:	folder for traces
 * @refuse:	the guest's configuration allows none
 * @refuse_pages: nor that it is told which pages are free
 * @session:	number that the host gave it, 0: none
 * @ring:	only what the buffers hold at its end is kept
 * @full:	its disk was full at some time
 * @look:	no trace, but looks at free pages: the last one that was begun; 0: a trace
 * @looks:	of them done
 * @snapshot:	number that the host gave the snapshot there is, 0: none
 * @taken:	how that is, VMSYNC_PORT_STATE_*
 * @begun_ns:	when it was begun
 * @next_events: those that it is to record once @child is done, while it is @changing
 * @child:	process that starts or ends it, 0: none; @pipe has what it says
 * @forget:	to be deleted once @child is done
 * @heard_ns:	when the host last asked
 * @pull:	a part that is to be sent: from offset, length is what is left of it
 */
struct agent_recording {
	const char *spool;
	bool refuse;
	bool refuse_pages;
	uint32_t session;
	bool ring;
	bool full;
	uint8_t look;
	uint8_t looks;
	uint32_t snapshot;
	uint8_t taken;
	uint64_t begun_ns;
	uint8_t events;
	uint8_t next_events;
	bool changing;
	uint8_t state;
	char text[VMSYNC_PORT_TEXT_MAX + 1];
	pid_t child;
	int pipe;
	bool forget;
	uint64_t heard_ns;
	struct agent_files files;
	struct vmsync_port_frame pull;
};

/** agent_recording_init() - whatever one before left behind is ended and deleted */
void agent_recording_init(struct agent_recording *r);

/**
 * agent_recording_take() - a frame of the host's
 * Return: what it wants to be told, VMSYNC_PORT_STATE or _TAKEN, or 0.
 */
uint8_t agent_recording_take(struct agent_recording *r,
			     const struct vmsync_port_frame *frame,
			     uint64_t now_ns);

/** agent_recording_state() - how it is, as a frame of @type */
void agent_recording_state(const struct agent_recording *r, uint8_t type,
			   struct vmsync_port_frame *frame);

/** agent_recording_pulled() - put parts that were asked for into an output */
void agent_recording_pulled(struct agent_recording *r,
			    struct vmsync_port_output *out);

/** agent_recording_child() - @pipe is readable, or at its end */
void agent_recording_child(struct agent_recording *r);

/** agent_recording_tick() - has the host forgotten about it? */
void agent_recording_tick(struct agent_recording *r, uint64_t now_ns);

/** agent_recording_end() - end and delete it, and wait for that */
void agent_recording_end(struct agent_recording *r);

#endif /* VMSYNC_AGENT_RECORDING_H */
