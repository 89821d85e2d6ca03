/* SPDX-License-Identifier: MIT */
/* A stream file of CTF, with packets and event headers as LTTng writes them. */
#ifndef VMSYNC_TRACEDAT_STREAM_H
#define VMSYNC_TRACEDAT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct dat_stream - one CPU's
 * @begin, @last: of the open packet: from when on, and its last event
 * @seq:	number of the next packet
 * @discarded:	events that were lost, so far
 * @first:	stamp of the first event
 * @events:	how many there are
 * @at:		of the packet in the file
 * @last_at:	of the last one that was written
 */
struct dat_stream {
	int fd;
	uint32_t cpu;
	uint64_t instance;
	const uint8_t *uuid;
	uint64_t begin;
	uint64_t last;
	uint64_t seq;
	uint64_t discarded;
	uint64_t first;
	uint64_t events;
	uint64_t at;
	uint64_t last_at;
	uint8_t *buffer;
	size_t size;
	size_t used; /* 0: no packet is open */
};

/**
 * dat_stream_open() - a new file
 * @begin:	when the recording began
 * Return: 0 or a negative errno.
 */
int dat_stream_open(struct dat_stream *s, const char *path, uint64_t begin);

/** dat_stream_lost() - so many events are missing before the next one */
int dat_stream_lost(struct dat_stream *s, uint64_t n);

/**
 * dat_stream_room() - begin an event
 * @most:	bytes that its fields take at most
 * Return: where they are to be written, or NULL with errno set.
 */
uint8_t *dat_stream_room(struct dat_stream *s, uint16_t id, uint64_t stamp,
		     size_t most);

/** dat_stream_event() - the event ends at @end */
void dat_stream_event(struct dat_stream *s, const uint8_t *end);

/** dat_stream_end() - write what is left; 0 or a negative errno */
int dat_stream_end(struct dat_stream *s);

/**
 * dat_stream_until() - the recording ended then, for this stream as well; closes it
 * @lost_first:	it turns out that something came before the first event
 */
int dat_stream_until(struct dat_stream *s, uint64_t end, bool lost_first);

#endif /* VMSYNC_TRACEDAT_STREAM_H */
