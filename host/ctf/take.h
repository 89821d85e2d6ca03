/* SPDX-License-Identifier: MIT */
/*
 * Events that are looked at as they are decoded, many at a time, before they are
 * merged: most of them can be left out there, and what is needed of the others be
 * written down, for which the merge need not know more than its place.
 */
#ifndef CTF_TAKE_H
#define CTF_TAKE_H

#include "ctf/ctf.h"

#define CTF_SOME_CLASS 0x7fffffffu /* of @cls: the rest is the reader's own */

/**
 * struct ctf_some - wanted events of one packet, in the order of the stream
 * @ev:		what all of them have in common; the rest by ctf_some_event()
 * @end:	ctf_packet.content
 * @n:		their number
 * @kept:	how many of these are merged, by ctf_some_keep()
 * @clock:	[@n] raw clock values
 * @at:		[@n] as ctf_event.at
 * @cls:	[@n] for ctf_some_class()
 * @note:	of the event that is kept next
 * @note_size:	bytes of each
 */
struct ctf_some {
	struct ctf_event ev;
	uint64_t end;
	uint32_t n;
	uint32_t kept;
	uint64_t *clock;
	uint32_t *at;
	uint32_t *cls;
	uint8_t *note;
	size_t note_size;
};

/** ctf_some_class() - ctf_class.index of event @i */
static inline uint32_t ctf_some_class(const struct ctf_some *s, uint32_t i)
{
	return s->cls[i] & CTF_SOME_CLASS;
}

/** ctf_some_event() - event @i itself, valid until the next call; no @time */
const struct ctf_event *ctf_some_event(struct ctf_some *s, uint32_t i);

/**
 * ctf_some_keep() - event @i is merged
 * Each one once at most, in their order. Return: its note, see ctf_merge_note();
 * what is @i's is still there.
 */
static inline void *ctf_some_keep(struct ctf_some *s, uint32_t i)
{
	uint8_t *note = s->note;
	uint32_t to = s->kept++;

	s->clock[to] = s->clock[i];
	s->at[to] = s->at[i];
	s->cls[to] = s->cls[i];
	s->note += s->note_size;
	return note;
}

/**
 * ctf_some_keep_note() - the same, where nothing is needed of events but their notes
 * They are given out by ctf_merge_notes(), not by ctf_merge_next().
 */
static inline void *ctf_some_keep_note(struct ctf_some *s, uint32_t i)
{
	uint8_t *note = s->note;

	s->clock[s->kept++] = s->clock[i];
	s->note += s->note_size;
	return note;
}

/**
 * ctf_merge_take() - have events looked at before they are merged
 * @m:		merge, before the first ctf_merge_next()
 * @source:	of which trace or stream
 * @fn:		gets all wanted events of a stream as they are decoded, in the
 *		order of the stream but in no order between streams, and in any
 *		thread; @ctx must allow that. Those that it does not keep are not
 *		merged. Return: 0, or an error, with its reason in @e
 * @ctx:	first argument of @fn
 *
 * Of the events that are merged then nobody asks for ctf_packet_values(): the head of
 * their packet may not be in memory any more.
 */
void ctf_merge_take(struct ctf_merge *m, int source,
		    int (*fn)(void *ctx, struct ctf_some *some,
			      struct ctf_error *e),
		    void *ctx);

/**
 * ctf_merge_note() - have whoever takes events write something to the others
 * @m:		merge, before the first ctf_merge_next()
 * @source:	that has a ctf_merge_take()
 * @size:	bytes, aligned to 8, that are its @fn's to fill in, and come with
 *		each event that it keeps
 *
 * For what is best done as an event is decoded: its bytes are in the processor's
 * cache then, and several threads do so.
 */
void ctf_merge_note(struct ctf_merge *m, int source, size_t size);

/** struct ctf_noted - the next event, of which only these two are needed */
struct ctf_noted {
	uint64_t time;
	void *note;
};

/**
 * ctf_merge_notes() - the next events, as ctf_merge_next(), by their notes
 * @m:		merge
 * @out:	[@most] these, valid until the next call
 * @most:	not 0
 * @e:		why it failed
 *
 * With a ctf_merge_pool() its threads merge, too. Who asks for notes does not ask for
 * ctf_merge_next() as well.
 * Return: how many, 0 after the last, or a negative errno.
 */
int ctf_merge_notes(struct ctf_merge *m, struct ctf_noted *out, uint32_t most,
		    struct ctf_error *e);

#endif /* CTF_TAKE_H */
