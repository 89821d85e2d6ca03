/* SPDX-License-Identifier: MIT */
/* A cursor's inside, for the merge. */
#ifndef CTF_CURSOR_H
#define CTF_CURSOR_H

#include "ctf/internal.h"

struct ctf_cursor {
	const struct ctf_stream *stream;
	struct walk walk;
	struct batch batch;
	uint32_t i;		/* next event of the batch */
	uint8_t *buf;		/* window of the file, read */
	size_t buf_cap, buf_len;
	uint64_t buf_off;
	uint8_t *map;		/* one large packet, mapped */
	size_t map_len;
	const uint8_t *data;	/* the packet */
	struct ctf_packet packet;
	bool started, ended;
	int error;
	struct ctf_error why;
	struct ctf_event ev;
	uint64_t taken;
	struct reader reader;
	struct class **classes;	/* of the trace */
	uint64_t slot[ALL_SLOTS];
};

/*
 * Decodes the next batch: >0 events in c->batch, 0 at the end of the stream,
 * or an error. Where an error comes behind good events, they come first.
 */
int cursor_fill(struct ctf_cursor *c, struct ctf_error *e);

#endif /* CTF_CURSOR_H */
