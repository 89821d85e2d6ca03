/* SPDX-License-Identifier: MIT */
/*
 * What is to be written to a port that may not take it: a frame goes at once, or not
 * at all. One that began to go is written to its end; meanwhile there is no other.
 */
#ifndef VMSYNC_PORT_OUTPUT_H
#define VMSYNC_PORT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/frame.h"

/* Frames that go together where there are many. */
#define VMSYNC_PORT_BATCH 8

/** struct vmsync_port_output - what is left, [@n] from @at; all 0 at first */
struct vmsync_port_output {
	uint16_t at;
	uint16_t n;
	uint8_t bytes[VMSYNC_PORT_BATCH * VMSYNC_PORT_MAX];
};

/** vmsync_port_busy() - a frame is not written to its end */
static inline bool vmsync_port_busy(const struct vmsync_port_output *o)
{
	return o->n;
}

/**
 * vmsync_port_send() - write @frame to @fd, which does not block
 * Return: 0, -EAGAIN where nothing went, or a negative errno.
 */
int vmsync_port_send(struct vmsync_port_output *o, int fd,
		     const struct vmsync_port_frame *frame);

/** vmsync_port_has_room() - for one more frame to go together with what there is */
static inline bool vmsync_port_has_room(const struct vmsync_port_output *o)
{
	return (size_t)o->at + o->n + VMSYNC_PORT_MAX <= sizeof(o->bytes);
}

/** vmsync_port_add() - put @frame behind what there is; there is room for it */
void vmsync_port_add(struct vmsync_port_output *o,
		     const struct vmsync_port_frame *frame);

/** vmsync_port_flush() - write what is left, as far as it goes; 0 or an errno */
int vmsync_port_flush(struct vmsync_port_output *o, int fd);

#endif /* VMSYNC_PORT_OUTPUT_H */
