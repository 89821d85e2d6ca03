/* SPDX-License-Identifier: MIT */
/*
 * Frames of the port (include/uapi/vmsync_port.h): bytes in, frames out.
 *
 * One decoder for each stream; it needs no memory besides, never waits, and finds
 * the next whole frame whatever was before it. Whoever reads does so into it:
 *
 *	p = vmsync_port_room(d, &n);
 *	vmsync_port_fed(d, read(fd, p, n));
 *	while (vmsync_port_next(d, &frame))
 *		...
 */
#ifndef VMSYNC_PORT_FRAME_H
#define VMSYNC_PORT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "uapi/vmsync_port.h"

/* Read at a time, and what may be left of a frame from before. */
#define VMSYNC_PORT_READ	1024
#define VMSYNC_PORT_BUFFER	(VMSYNC_PORT_READ + VMSYNC_PORT_MAX)

/**
 * struct vmsync_port_frame - a message; what its type has not is 0
 * @type:	VMSYNC_PORT_*
 * @cnt, @vm_uid: of a beacon
 * @mono_ns:	of a beacon's request, or when a snapshot was begun
 * @session, @snapshot, @events, @state: of a recording
 * @look:	number of the one that a PAGES asks for, or of those that are done
 * @file, @offset, @length: the part of a file that a PULL asks for, or a DATA brings
 * @total:	size of that file
 * @n:		bytes of @data: of a DATA, or the text of a STATE or TAKEN
 */
struct vmsync_port_frame {
	uint8_t type;
	uint8_t events;
	uint8_t state;
	uint8_t look;
	uint8_t n;
	uint32_t cnt;
	uint64_t vm_uid;
	uint64_t mono_ns;
	uint32_t session;
	uint32_t snapshot;
	uint32_t file;
	uint32_t length;
	uint64_t offset;
	uint64_t total;
	uint8_t data[VMSYNC_PORT_DATA_MAX];
};

/**
 * struct vmsync_port_counts - what a decoder has seen
 * @frames:	given out
 * @unknown:	whole, but of no type that is known here
 * @skipped:	bytes that belong to no frame
 * @broken:	headers whose frame did not fit its CRC
 */
struct vmsync_port_counts {
	uint64_t frames;
	uint64_t unknown;
	uint64_t skipped;
	uint64_t broken;
};

/** struct vmsync_port_decoder - all 0 at first; @head .. @tail is not looked at yet */
struct vmsync_port_decoder {
	struct vmsync_port_counts counts;
	uint16_t head;
	uint16_t tail;
	uint8_t bytes[VMSYNC_PORT_BUFFER];
};

/**
 * vmsync_port_room() - where to read to
 * @n:		set to how much, VMSYNC_PORT_READ at least
 * To be asked once vmsync_port_next() has nothing more.
 */
uint8_t *vmsync_port_room(struct vmsync_port_decoder *d, size_t *n);

/** vmsync_port_fed() - @n bytes were put there */
void vmsync_port_fed(struct vmsync_port_decoder *d, size_t n);

/** vmsync_port_next() - the next frame; false: there is no whole one */
bool vmsync_port_next(struct vmsync_port_decoder *d,
		      struct vmsync_port_frame *frame);

/** vmsync_port_write() - @frame as bytes; returns how many; of a known type */
size_t vmsync_port_write(const struct vmsync_port_frame *frame,
			 uint8_t out[VMSYNC_PORT_MAX]);

/** vmsync_port_read() - the frame that @n bytes are, all of them; false: none */
bool vmsync_port_read(const uint8_t *bytes, size_t n,
		      struct vmsync_port_frame *frame);

/** vmsync_port_crc() - CRC-32C of a frame of @len bytes, without those it lies in */
uint32_t vmsync_port_crc(const uint8_t *frame, size_t len);

#endif /* VMSYNC_PORT_FRAME_H */
