/* SPDX-License-Identifier: MIT */
/* A cursor's inside, for the merge. */
#ifndef CTF_CURSOR_H
#define CTF_CURSOR_H

#include "ctf/internal.h"
#include "ctf/passed.h"

#define READ_MOST	(64u << 10)	/* bytes; more does not make it faster */
#define READ_LEAST	(4u << 10)	/* bytes; less makes it far slower */

/* A part of the file in memory: read, or where a packet is large, mapped. */
struct cursor_part {
	uint8_t *buf;
	size_t cap, len;
	uint64_t off;
	uint8_t *map;		/* one large packet */
	size_t map_len;
};

/* Decoded events of one packet, and what their fields are read from. */
struct block {
	struct batch batch;
	struct ctf_packet packet;
	const uint8_t *data;	/* the packet, in part[at] */
	int at;
	uint64_t slot[COMMON_SLOTS];	/* the packet's, if kept apart */
};

struct ctf_cursor {
	const struct ctf_stream *stream;
	struct walk walk;
	struct cursor_part part[2];
	int at;			/* the part that the walk is in */
	const uint8_t *data;	/* the packet */
	struct ctf_packet packet;
	uint32_t read;		/* bytes read at least; less memory, more calls */
	uint64_t used;		/* bits of the packet before the last batch */
	bool is_open;		/* the stream's file, by this cursor */
	bool started, ended;
	bool slides;		/* of a packet what was passed may be forgotten */
	bool begun;		/* the next batch, see cursor_two() */
	int seen;		/* the same: what see() returned */
	int error;
	struct ctf_error why;
	uint64_t taken;
	struct ctf_passed passed; /* but for its events, see cursor_passed() */
	struct class **classes;	/* of the trace */
	uint64_t slot[ALL_SLOTS];

	/* The event that is given out, and how its fields are read. */
	struct ctf_event ev;
	struct reader reader;
	struct block *own;	/* ctf_cursor_next()'s */
	uint32_t i;		/* its next event */
};

/*
 * Decodes the next events: >0 events in @b, 0 at the end of the stream, or an
 * error. Where an error comes behind good events, they come first. What @keep
 * was given before, if not NULL, stays as it is: up to two blocks can be in use.
 */
int cursor_fill(struct ctf_cursor *c, struct block *b, const struct block *keep,
		struct ctf_error *e);

/* The same, as far as one reading of the file leads: there may be none in @b yet. */
int cursor_try(struct ctf_cursor *c, struct block *b, const struct block *keep,
	       struct ctf_error *e);

/* What cursor_try() is told. */
struct filling {
	struct ctf_cursor *cur;
	struct block *block;
	const struct block *keep;
};

/*
 * Goes on to the next blocks of two cursors at once, which takes hardly longer than
 * to one. Return: as walk_two(), which of them cursor_try() has to go on with.
 */
unsigned int cursor_two(const struct filling *f, const struct filling *g);

/*
 * One step: to the next packet, or events of this one into @b, or none: 1, 0 at
 * the end of the stream, or an error.
 */
int cursor_step(struct ctf_cursor *c, struct block *b, struct ctf_error *e);

/* Where it ended there may be more by now. */
void cursor_more(struct ctf_cursor *c);

/* What it has come by so far. */
struct ctf_passed cursor_passed(const struct ctf_cursor *c);

/* The events that are given out from now on are @b's. */
void cursor_use(struct ctf_cursor *c, struct block *b);

/*
 * From now on fields are read while other events are being decoded: they have
 * values of their packet by themselves. False where events have their own.
 */
bool cursor_part_ways(struct ctf_cursor *c);

#endif /* CTF_CURSOR_H */
