/* SPDX-License-Identifier: MIT */
/*
 * Streams that grow (part.h), merged as far as they are known to be whole. Who
 * knows up to which time no earlier event is still to come asks for what is before
 * that, and later for the rest:
 *
 *	ctf_part_grow(trace, bytes);	for each
 *	ctf_gather_more(g);
 *	while (ctf_gather_next(g, until, &ev, &e) > 0)
 *		use(ev);
 *
 * Streams come and go meanwhile. No thread but the caller's decodes.
 */
#ifndef CTF_GATHER_H
#define CTF_GATHER_H

#include "ctf/take.h"

struct ctf_gather;

/**
 * struct ctf_gathered - a stream, and what is made of its events
 * @stream:	must outlive its time here
 * @rank:	at the same time those with a lower one come first; of one rank by
 *		the names of their folders and files
 * @source:	of ctf_event.source; no other stream here has it
 * @map:	see struct ctf_map; must not be empty
 * @limit:	NULL, or the raw clock value from which on its events wait. Whoever lets
 *		more go says ctf_gather_more(): what waited is mapped anew by it
 * @want:	as for ctf_cursor_new()
 * @take, @take_ctx, @note: as for ctf_merge_take() and ctf_merge_note(); NULL, 0
 */
struct ctf_gathered {
	const struct ctf_stream *stream;
	uint32_t rank;
	uint32_t source;
	struct ctf_map map;
	const uint64_t *limit;
	const uint8_t *want;
	int (*take)(void *ctx, struct ctf_some *some, struct ctf_error *e);
	void *take_ctx;
	size_t note;
};

/** ctf_gather_new() - no stream; NULL if out of memory */
struct ctf_gather *ctf_gather_new(void);

/** ctf_gather_free() - NULL is fine */
void ctf_gather_free(struct ctf_gather *g);

/** ctf_gather_add() - one more stream, of which nothing was given yet; 0 or -errno */
int ctf_gather_add(struct ctf_gather *g, const struct ctf_gathered *what,
		   struct ctf_error *e);

/** ctf_gather_remove() - a stream has ended; what was not given of it is gone */
void ctf_gather_remove(struct ctf_gather *g, uint32_t source);

/** ctf_gather_dry() - all that there is of a stream was given */
bool ctf_gather_dry(const struct ctf_gather *g, uint32_t source);

/** ctf_gather_more() - streams have grown, or fewer of their events have to wait */
void ctf_gather_more(struct ctf_gather *g);

/**
 * ctf_gather_next() - the next event whose time is below @until
 * Return: 1, 0 where there is none now, or a negative errno. Otherwise as
 * ctf_merge_next().
 */
int ctf_gather_next(struct ctf_gather *g, uint64_t until,
		    const struct ctf_event **ev, struct ctf_error *e);

/**
 * ctf_gather_notes() - the same by their notes, as ctf_merge_notes()
 * Return: how many, 0 where there is none now, or a negative errno.
 */
int ctf_gather_notes(struct ctf_gather *g, uint64_t until,
		     struct ctf_noted *out, uint32_t most, struct ctf_error *e);

/**
 * ctf_gather_late() - events that came after all before @until was said to be there
 * What was given is in order: they are given as of the time of others before them.
 */
uint64_t ctf_gather_late(const struct ctf_gather *g);

#endif /* CTF_GATHER_H */
