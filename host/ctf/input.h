/* SPDX-License-Identifier: MIT */
/*
 * A stream that is merged: its cursor, the block of events being given out, and
 * the next one, which another thread may be decoding.
 */
#ifndef CTF_INPUT_H
#define CTF_INPUT_H

#include "ctf/cursor.h"
#include "ctf/pool.h"

#define REF_BITS	11	/* of a reference to an event: its place in the batch */

_Static_assert(BATCH == 1 << REF_BITS, "a reference holds a place in a batch");

/* A block with the times that its events are merged by. */
struct timed {
	struct block block;
	uint64_t time[BATCH];
};

struct input {
	struct task fill;	/* of the next block; first, see fill_task() */
	struct ctf_pool *pool;	/* who decodes; NULL: nobody else */
	struct ctf_cursor *cur;
	struct ctf_map map;
	int (*take)(void *ctx, const struct ctf_event *ev,
		    struct ctf_error *e);
	void *take_ctx;
	uint32_t source;
	uint64_t ref;		/* of its events, less their place */
	bool done;
	bool apart;
	uint32_t i, n;		/* its next event; how many it has */
	int got;		/* what came of filling the next one */
	struct ctf_error why;
	struct timed *now;	/* being given out */
	struct timed *next;	/* the same, or apart */
};

struct input *input_new(const struct ctf_stream *s, const struct ctf_map *map,
			const uint8_t *want, uint32_t source,
			struct ctf_error *e);
void input_free(struct input *in);
/* Before the first input_refill(); @number is in its references. 0 or -ENOMEM */
int input_start(struct input *in, uint32_t number, struct ctf_pool *pool);
/* Gives out the next block and has the one behind it decoded. 0 or an error. */
int input_refill(struct input *in, struct ctf_error *e);

#endif /* CTF_INPUT_H */
