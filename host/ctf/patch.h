/* SPDX-License-Identifier: MIT */
/* One packet of a rewrite. */
#ifndef CTF_PATCH_H
#define CTF_PATCH_H

#include "ctf/internal.h"
#include "ctf/rewrite.h"

/* What a stream's rewrite needs from packet to packet. */
struct patch {
	const struct ctf_stream *stream;
	struct ctf_map map;
	const struct ctf_rewrite *how;
	unsigned int job;	/* which thread */
	bool dry;		/* nothing is written */
	struct walk walk;
	struct batch batch;
	uint64_t mapped[BATCH];
	uint64_t stamp_at[BATCH];
	const struct op *stamp_op[BATCH];
	uint64_t last;		/* mapped time of the event before */
	uint64_t base;		/* what it is before the first one */
	bool has_first;		/* the packet has an event: */
	uint64_t first, first_mapped; /* times of its first one */
	uint64_t limit;		/* what follows, which it must not end behind */
	uint64_t written;	/* events */
	bool grown;		/* a gap does not fit: encode anew */
	uint64_t slot[ALL_SLOTS];
	struct run head;	/* of the packet, with where everything is */
	struct ctf_packet in;	/* as it was */
	struct ctf_packet out;	/* as it will be */
};

/* Maps the batch; an error where the map goes back. */
int map_batch(struct patch *x, struct ctf_error *e);
/* Writes a mapped value into a field of @size bits of a packet's head. */
int patch_head(struct patch *x, uint8_t *buf, enum sem s, uint64_t v,
	       struct ctf_error *e);
/* The uuid in the packet's head, where the trace gets another one. */
void patch_uuid(const struct patch *x, uint8_t *buf);
/* What becomes of a uuid. */
void uuid_clone(const uint8_t *uuid, uint32_t clone, uint8_t *out);
/* Writes x->out's begin and end into the head. */
int patch_ends(struct patch *x, uint8_t *buf, struct ctf_error *e);
/*
 * Patches the packet in @buf in place, and tells who wants to see its events.
 * x->grown where it cannot be patched: then @buf is spoiled.
 */
int patch_packet(struct patch *x, uint8_t *buf, struct ctf_error *e);

/*
 * reencode.c: writes the packet @src with longer headers where they are
 * needed; *@dst (heap) grows as needed.
 */
int reencode_packet(struct patch *x, const uint8_t *src, uint8_t **dst,
		    size_t *cap, struct ctf_error *e);

/* reencode_any.c: events and padding of any layout; heads are not patched */
int reencode_any(struct patch *x, const uint8_t *src, uint8_t **dst,
		 size_t *cap, struct ctf_error *e);

#endif /* CTF_PATCH_H */
