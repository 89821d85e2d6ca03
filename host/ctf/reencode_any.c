// SPDX-License-Identifier: MIT
/*
 * Writes a packet anew whatever its layout: every header and every field is
 * placed bit by bit. Slow, and needed only where a gap outgrows a header that
 * is not one of LTTng's common two.
 */
#include <stdlib.h>

#include "ctf/bits.h"
#include "ctf/patch.h"

#define MAX_HEADER	4096	/* bytes of one event's header */

struct writer {
	struct patch *x;
	const uint8_t *src;
	uint8_t *dst;
	size_t cap;
	uint64_t pos;		/* bits written */
	uint64_t escape;	/* tag of the option with 64 bits of stamp */
	bool has_escape;
};

static int fail_at(const struct writer *w, struct ctf_error *e,
		   const char *what)
{
	return fail(e, -ERANGE, "%s: packet at byte %llu: %s",
		    w->x->stream->path, (unsigned long long)w->x->in.offset,
		    what);
}

/* Zeroed room for @bytes more behind the byte that is being filled. */
static int room(struct writer *w, uint64_t bytes, struct ctf_error *e)
{
	uint64_t at = (w->pos + 7) / 8;

	if (at + bytes >= MAX_BITS / 8)
		return fail_at(w, e, "becomes larger than 512 MiB");
	if (vec_grow(&w->dst, &w->cap, at + bytes, 1))
		return fail_nomem(e);
	memset(w->dst + at, 0, bytes);
	return 0;
}

/* Whether the option that begins at @o has an id and a whole stamp. */
static bool is_escape(const struct op *o)
{
	bool id = false, stamp = false;

	for (; o->code != OP_VARIANT_END && o->code != OP_END; o++) {
		id |= o->sem == SEM_ID;
		stamp |= o->sem == SEM_STAMP && o->size == 64;
	}
	return id && stamp;
}

static void find_escape(struct writer *w)
{
	const struct prog *p = &w->x->stream->sc->event_head;
	const struct op *o;
	unsigned int i;

	for (o = p->op; o->code != OP_END; o++) {
		if (o->code != OP_VARIANT)
			continue;
		for (i = 0; i < o->n_options && !w->has_escape; i++) {
			w->has_escape = is_escape(p->op + o->options[i].jump);
			w->escape = o->options[i].lo;
		}
	}
}

static const struct op *choose(const struct prog *p, const struct op *o,
			       uint64_t tag)
{
	unsigned int i;

	for (i = 0; i < o->n_options; i++)
		if (tag >= o->options[i].lo && tag <= o->options[i].hi)
			return p->op + o->options[i].jump;
	return NULL;
}

static uint64_t leaf_value(const struct writer *w, const struct op *o,
			   uint64_t id, uint64_t t, bool ext)
{
	if (o->sem == SEM_STAMP)
		return t;
	return ext && o->slot >= 0 ? w->escape : id;
}

static int put_header(struct writer *w, uint64_t id, uint64_t t, bool ext,
		      struct ctf_error *e)
{
	const struct prog *p = &w->x->stream->sc->event_head;
	const struct op *o = p->op;
	uint64_t tag = 0, v;

	while (o->code != OP_END) {
		w->pos = align_up(w->pos, o->align);
		if (o->sem == SEM_ID || o->sem == SEM_STAMP) {
			if (o->type->is_varlen)
				return fail_at(w, e, "a stamp without a fixed size cannot be rewritten");
			v = leaf_value(w, o, id, t, ext);
			if (o->sem == SEM_ID && o->size < 64 && v >> o->size)
				return fail_at(w, e, "an id does not fit the event header");
			bits_write(w->dst, w->pos, o->size, o->big_endian, v);
			w->pos += o->size;
			if (o->slot >= 0)
				tag = v;
		} else if (o->code == OP_VARIANT) {
			o = choose(p, o, tag);
			if (!o)
				return fail_at(w, e, "an event header cannot be written");
			continue;
		} else if (o->code == OP_VARIANT_END) {
			o = p->op + o->jump;
			continue;
		} else if (o->code != OP_OPEN && o->code != OP_CLOSE) {
			return fail_at(w, e, "a mapped gap does not fit the event header");
		}
		o++;
	}
	return 0;
}

static int put_fields(struct writer *w, const struct class *c, uint64_t from,
		      struct ctf_error *e)
{
	struct run r = { .data = w->src, .slot = w->x->slot,
			 .end = w->x->in.content };
	uint64_t more;
	int ret;

	for (more = 4096;; more *= 4) {
		ret = room(w, more, e);
		if (ret)
			return ret;
		r.pos = from;
		r.out = w->dst;
		r.out_pos = w->pos;
		r.out_end = w->pos + more * 8;
		ret = run_copy(&c->prog, &r);
		if (ret != RUN_FULL)
			break;
	}
	if (ret)
		return fail_at(w, e, run_text(ret));
	w->pos = r.out_pos;
	return 0;
}

/* The time in the header of an event of the batch, or NULL. */
static const struct op *stamp_of(const struct patch *x, uint32_t i)
{
	const struct op *o = x->stream->sc->event_head.op;

	if (x->walk.used_any)
		return x->stamp_at[i] == UINT64_MAX ? NULL : x->stamp_op[i];
	/* The hot loop for fixed headers does not say; they have one at most. */
	while (o->code != OP_END && o->sem != SEM_STAMP)
		o++;
	return o->code == OP_END ? NULL : o;
}

static int put_event(struct writer *w, uint32_t i, uint64_t last,
		     struct ctf_error *e)
{
	struct patch *x = w->x;
	const struct class *c =
		x->stream->trace->classes[x->batch.cls[i] & WALK_CLS];
	const struct op *o = stamp_of(x, i);
	uint64_t t = x->mapped[i];
	bool ext = false;
	int ret;

	if (o && w->has_escape)
		ext = o->size == 64 || (t - last) >> o->size;
	else if (o && o->size < 64)
		ext = (t - last) >> o->size;
	if (ext && !w->has_escape) {
		fail_at(w, e, "a mapped gap does not fit the event header");
		return remedy(e, "its header has %u bits of time and no longer form",
			      o->size);
	}
	x->written++;
	ret = room(w, MAX_HEADER, e);
	if (!ret)
		ret = put_header(w, c->pub.id, t, ext, e);
	return ret ? ret : put_fields(w, c, x->batch.at[i], e);
}

static int put_events(struct writer *w, struct ctf_error *e)
{
	struct patch *x = w->x;
	uint32_t i;
	int ret;

	walk_packet(&x->walk, w->src, &x->in);
	while (x->walk.pos < x->walk.end) {
		ret = walk_fill(&x->walk, &x->batch, e);
		if (!ret)
			ret = map_batch(x, e);
		for (i = 0; !ret && i < x->batch.n; i++) {
			ret = put_event(w, i, x->last, e);
			x->last = x->mapped[i];
		}
		if (ret)
			return ret;
	}
	return 0;
}

/* As reencode_packet(). */
int reencode_any(struct patch *x, const uint8_t *src, uint8_t **dst,
		 size_t *cap, struct ctf_error *e)
{
	struct writer w = { .x = x, .src = src, .dst = *dst, .cap = *cap };
	uint64_t head = (x->in.events_at + 7) / 8;
	int ret;

	find_escape(&w);
	ret = room(&w, head, e);
	if (!ret && x->stream->sc->event_slots)
		ret = fail_at(&w, e, "fields refer to an event header that would change");
	if (!ret) {
		memcpy(w.dst, src, head);
		w.pos = x->in.events_at;
		/* The last byte may hold the first bits of an event. */
		if (w.pos & 7)
			bits_write(w.dst, w.pos, 8 - (w.pos & 7),
				   x->stream->trace->big_endian, 0);
		ret = put_events(&w, e);
	}
	x->out.content = w.pos;
	x->out.size = (w.pos + 7) / 8;
	if (!ret && w.pos & 7 && sem_has(&x->head, SEM_CONTENT) &&
	    !sem_has(&x->head, SEM_PACKET))
		ret = fail_at(&w, e, "its content would not be whole bytes, and it has no other size");
	if (!ret && x->out.size < x->in.size &&
	    sem_has(&x->head, SEM_PACKET)) {
		uint64_t pad = x->in.size - x->out.size;

		ret = room(&w, pad, e);
		x->out.size = x->in.size;
	}
	*dst = w.dst;
	*cap = w.cap;
	return ret;
}
