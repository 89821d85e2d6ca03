// SPDX-License-Identifier: MIT
/*
 * What follows a packet: where that begins, and its first event. Tracers write
 * events that are earlier than the packet they are in, and packets that end
 * behind them. Each packet is looked at once, however many are empty.
 */
#include <stdlib.h>

#include "ctf/ahead.h"

#define HEADER_ROOM	256	/* bytes: more than an event's header */

int ahead_next(struct ahead *a, const struct ctf_stream *s,
	       const struct ctf_packet *prev, struct ctf_packet *out,
	       struct ctf_error *e)
{
	struct ctf_error later;	/* told when it is that packet's turn */
	int ret = 1;

	if (a->peeked)
		*out = a->next;
	else
		ret = ctf_stream_packet(s, prev, out, e);
	if (ret > 0)
		a->peeked = ctf_stream_packet(s, out, &a->next, &later) > 0;
	return ret;
}

/*
 * The time of the first event of @p where its stamp is a whole one. A short one
 * is not before what came before, and that is known already.
 */
static uint64_t first_event(struct ahead *a, const struct ctf_stream *s,
			    const struct ctf_packet *p)
{
	uint64_t slot[ALL_SLOTS] = { 0 };
	struct run r = { .slot = slot };
	uint64_t n = p->events_at / 8 + HEADER_ROOM;
	struct ctf_packet head;
	struct ctf_error later;

	if (n > p->size)
		n = p->size;
	/* An event's header may refer to the packet's head. */
	if (vec_grow(&a->buf, &a->cap, n, 1) ||
	    stream_read(s, a->buf, n, p->offset, &later) ||
	    packet_parse(s, a->buf, n, p->offset, NULL, &head, &r, &later))
		return UINT64_MAX;
	r.pos = p->events_at;
	r.end = p->content < n * 8 ? p->content : n * 8;
	if (run_head(&s->sc->event_head, &r) || !sem_has(&r, SEM_STAMP) ||
	    r.sem_op[SEM_STAMP]->size < 64)
		return UINT64_MAX;
	return r.sem[SEM_STAMP];
}

/* Goes to the first packet with events behind the one given last. */
static void search(struct ahead *a, const struct ctf_stream *s)
{
	struct ctf_error later;
	int ret = 1;

	a->first = UINT64_MAX;
	a->busy = a->next;
	while (ret > 0 && !ctf_packet_has_events(&a->busy))
		ret = ctf_stream_packet(s, &a->busy, &a->busy, &later);
	if (ret > 0)
		a->first = first_event(a, s, &a->busy);
	else
		a->busy.offset = UINT64_MAX;
}

uint64_t ahead_limit(struct ahead *a, const struct ctf_stream *s)
{
	uint64_t begin = UINT64_MAX;

	if (!a->peeked)
		return UINT64_MAX;
	if (!a->searched || a->busy.offset < a->next.offset)
		search(a, s);
	a->searched = true;
	if (a->next.has & CTF_HAS_BEGIN)
		begin = a->next.begin;
	return a->first < begin ? a->first : begin;
}

void ahead_free(struct ahead *a)
{
	free(a->buf);
	a->buf = NULL;
	a->cap = 0;
}
