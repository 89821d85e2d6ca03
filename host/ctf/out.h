/* SPDX-License-Identifier: MIT */
/*
 * A new trace of CTF, made of what another program recorded: stream files with packets
 * and event headers as LTTng writes them, and what the metadata say of these.
 */
#ifndef CTF_OUT_H
#define CTF_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct ctf_out - one stream
 * @cpu:	its number, where @has_cpu
 * @begin, @last: of the open packet: from when on, and its last event
 * @seq:	number of the next packet
 * @discarded:	events that were lost, so far
 * @first:	stamp of the first event
 * @events:	how many there are
 * @at:		of the packet in the file
 * @last_at:	of the last one that was written
 */
struct ctf_out {
	int fd;
	bool has_cpu;
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
 * ctf_out_open() - a new file
 * @begin:	when the recording began
 * Return: 0 or a negative errno.
 */
int ctf_out_open(struct ctf_out *s, const char *path, uint64_t begin);

/** ctf_out_lost() - so many events are missing before the next one */
int ctf_out_lost(struct ctf_out *s, uint64_t n);

/**
 * ctf_out_room() - begin an event
 * @most:	bytes that its fields take at most
 * Return: where they are to be written, or NULL with errno set.
 */
uint8_t *ctf_out_room(struct ctf_out *s, uint16_t id, uint64_t stamp,
		     size_t most);

/** ctf_out_event() - the event ends at @end */
void ctf_out_event(struct ctf_out *s, const uint8_t *end);

/** ctf_out_end() - write what is left; 0 or a negative errno */
int ctf_out_end(struct ctf_out *s);

/**
 * ctf_out_until() - the recording ended then, for this stream as well; closes it
 * @lost_first:	it turns out that something came before the first event
 */
int ctf_out_until(struct ctf_out *s, uint64_t end, bool lost_first);

/**
 * ctf_out_head() - the metadata's begin: types, and what a packet begins with
 * @uuid:	of the trace
 */
void ctf_out_head(FILE *f, const uint8_t uuid[16]);

/** ctf_out_uuid() - a uuid as text */
void ctf_out_uuid(FILE *f, const uint8_t uuid[16]);

/**
 * ctf_out_layout() - of packets and events; a thread's number is the context of each
 * @clock:	by name, which is declared by now
 */
void ctf_out_layout(FILE *f, const char *clock, bool has_cpu);

#endif /* CTF_OUT_H */
