/* SPDX-License-Identifier: MIT */
/*
 * A stream that is merged: its cursor, the block of events being given out, and
 * the next one, which another thread may be decoding.
 */
#ifndef CTF_INPUT_H
#define CTF_INPUT_H

#include "ctf/cursor.h"
#include "ctf/pool.h"
#include "ctf/take.h"

#define REF_BITS	11	/* of a reference to an event: its place in the batch */

_Static_assert(CTF_SOME_CLASS == WALK_CLS, "take.h knows a batch");
_Static_assert(BATCH == 1 << REF_BITS, "a reference holds a place in a batch");

#define CACHE_LINE	64

/*
 * A block with the times that its events are merged by, and their notes, which go
 * from one processor's cache to another's: of 64 bytes each is one line.
 */
struct timed {
	struct block block;
	uint64_t time[BATCH];
	_Alignas(CACHE_LINE) uint64_t note[];
};

struct input {
	struct task fill;	/* of the next block; first, see fill_task() */
	struct ctf_pool *pool;	/* who decodes; NULL: nobody else */
	const struct ctf_stream *stream;
	const uint8_t *want;
	struct ctf_cursor *cur;	/* NULL before input_start(), after input_end() */
	struct ctf_map map;
	int (*take)(void *ctx, struct ctf_some *some, struct ctf_error *e);
	void *take_ctx;
	size_t note;		/* words of 8 bytes that each event has */
	uint32_t source;
	uint64_t ref;		/* of its events, less their place: its number */
	uint64_t from;		/* time of the stream's first event, wanted or not */
	bool apart;
	bool full;		/* the next block is there, or why none is */
	uint32_t i, n;		/* its next event; how many it has */
	int got;		/* what came of filling the next one */
	struct ctf_passed passed; /* once it is read */
	struct ctf_error why;
	struct timed *now;	/* being given out */
	struct timed *next;	/* the same, or apart */
	bool lasts;		/* what was given out stays for two more blocks */
	struct timed *used[2];	/* these, the older one first */
	unsigned int round;	/* of the merge, in which it was refilled last */
};

struct input *input_new(const struct ctf_stream *s, const struct ctf_map *map,
			const uint8_t *want, uint32_t source,
			struct ctf_error *e);
void input_free(struct input *in);
/*
 * Finds out in->from; @scratch is anybody's. Return: 1, 0 for a stream without
 * events, or an error.
 */
int input_peek(struct input *in, struct timed *scratch, struct ctf_error *e);
/*
 * Before the first input_refill(): memory and the file, which is read @read
 * bytes at a time. @apart: the next block may be filled while one is given out,
 * by who is in @pool, or by input_fill_ahead(). 0 or an error.
 */
int input_start(struct input *in, uint32_t read, bool apart,
		struct ctf_pool *pool, struct ctf_error *e);
/*
 * Where nobody else does that, fills the next block of @in, which is about to be asked
 * for, and of others of @live or @later at once; as long as there is any.
 */
void input_fill_ahead(struct input *in, struct input *const *live, size_t n_live,
		      struct input *later);
/*
 * Gives out the next block and has the one behind it decoded, which reads @read
 * bytes at a time. 1, 0 at the end, or an error.
 */
int input_refill(struct input *in, uint32_t read, struct ctf_error *e);
/* The map has changed: times of what was not given out yet are by the new one. */
void input_map_again(struct input *in);
/* Gives back what input_start() took; nothing of its events is used any more. */
void input_end(struct input *in);

#endif /* CTF_INPUT_H */
