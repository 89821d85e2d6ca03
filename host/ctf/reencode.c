// SPDX-License-Identifier: MIT
/*
 * Writes a packet anew where a mapped gap does not fit the header it had: the
 * event gets LTTng's extended header, and what follows moves.
 */
#include <stdlib.h>

#include "ctf/bits.h"
#include "ctf/patch.h"

#define EXT_BODY	12	/* bytes of id and stamp in an extended header */

struct encoder {
	struct patch *x;
	const uint8_t *src;
	uint8_t *dst;
	size_t cap;
	uint64_t at;		/* bytes written */
	bool compact;
	uint64_t last;
};

static uint64_t header_size(const struct encoder *en, bool ext)
{
	return (en->compact ? 1 : 2) + (ext ? EXT_BODY : en->compact ? 3 : 4);
}

static int room(struct encoder *en, uint64_t need, struct ctf_error *e)
{
	if (en->at + need >= MAX_BITS / 8)
		return fail(e, -ERANGE,
			    "%s: packet at byte %llu: becomes larger than 512 MiB",
			    en->x->stream->path,
			    (unsigned long long)en->x->in.offset);
	if (vec_grow(&en->dst, &en->cap, en->at + need, 1))
		return fail_nomem(e);
	return 0;
}

static void put_header(struct encoder *en, bool ext, uint64_t id, uint64_t t)
{
	uint8_t *p = en->dst + en->at;
	uint32_t id32 = (uint32_t)id;
	uint16_t escape = 65535, id16 = (uint16_t)id;
	uint32_t t32 = (uint32_t)t, h = (uint32_t)id | (uint32_t)t << 5;

	en->at += header_size(en, ext);
	if (ext) {
		if (en->compact)
			*p++ = 31;
		else
			p = (uint8_t *)memcpy(p, &escape, 2) + 2;
		memcpy(p, &id32, 4);
		memcpy(p + 4, &t, 8);
	} else if (en->compact) {
		memcpy(p, &h, 4);
	} else {
		memcpy(p, &id16, 2);
		memcpy(p + 2, &t32, 4);
	}
}

/* The fields from @from to @to (bytes), which may have to be aligned anew. */
static int put_fields(struct encoder *en, const struct class *c, uint64_t from,
		      uint64_t to, struct ctf_error *e)
{
	struct run r = { .data = en->src, .pos = from * 8,
			 .end = en->x->in.content, .slot = en->x->slot };
	int ret;

	if (c->movable) {
		ret = room(en, to - from, e);
		if (ret)
			return ret;
		memcpy(en->dst + en->at, en->src + from, to - from);
		en->at += to - from;
		return 0;
	}
	for (uint64_t more = 2 * (to - from) + 4096;; more *= 2) {
		ret = room(en, more, e);
		if (ret)
			return ret;
		memset(en->dst + en->at, 0, more);
		r.pos = from * 8;
		r.out = en->dst;
		r.out_pos = en->at * 8;
		r.out_end = (en->at + more) * 8;
		ret = run_copy(&c->prog, &r);
		if (ret != RUN_FULL)
			break;
	}
	if (ret)
		return fail(e, -EINVAL, "%s: packet at byte %llu: %s",
			    en->x->stream->path,
			    (unsigned long long)en->x->in.offset,
			    run_text(ret));
	en->at = (r.out_pos + 7) / 8;
	return 0;
}

static int put_event(struct encoder *en, uint32_t i, uint64_t end,
		     struct ctf_error *e)
{
	const struct patch *x = en->x;
	const struct class *c = x->stream->trace->classes[x->batch.cls[i] &
							  WALK_CLS];
	uint64_t t = x->mapped[i];
	bool ext = x->batch.cls[i] & WALK_EXT ||
		   (t - en->last) >> (en->compact ? 27 : 32);
	int ret = room(en, header_size(en, true), e);

	if (ret)
		return ret;
	if (ext && c->pub.id > UINT32_MAX)
		return fail(e, -ERANGE, "%s: an event id above 2^32",
			    x->stream->path);
	put_header(en, ext, c->pub.id, t);
	en->last = t;
	en->x->written++;
	return put_fields(en, c, x->batch.at[i] / 8, end, e);
}

static int put_events(struct encoder *en, struct ctf_error *e)
{
	struct patch *x = en->x;
	struct batch *b = &x->batch;
	uint32_t i;
	int ret;

	walk_packet(&x->walk, en->src, &x->in);
	while (x->walk.pos < x->walk.end) {
		ret = walk_fill(&x->walk, b, e);
		if (!ret)
			ret = map_batch(x, e);
		for (i = 0; !ret && i < b->n; i++) {
			uint64_t end = x->walk.pos / 8;

			if (i + 1 < b->n)
				end = b->at[i + 1] / 8 -
				      header_size(en, b->cls[i + 1] & WALK_EXT);
			ret = put_event(en, i, end, e);
		}
		if (ret)
			return ret;
		x->last = en->last;
	}
	return 0;
}

/* Keeps the packet's size where the padding has room, else its granularity. */
static int put_padding(struct encoder *en, struct ctf_error *e)
{
	struct patch *x = en->x;
	uint64_t unit = x->in.size % 4096 || !sem_has(&x->head, SEM_CONTENT) ?
				1 : 4096;
	uint64_t size = en->at <= x->in.size ? x->in.size :
					       align_up(en->at, unit);
	uint64_t pad;
	int ret;

	/* Where the content is all that is said, there is no padding. */
	if (!sem_has(&x->head, SEM_PACKET))
		size = en->at;
	pad = size - en->at;
	ret = room(en, pad, e);
	if (ret)
		return ret;
	memset(en->dst + en->at, 0, pad);
	x->out.content = en->at * 8;
	x->out.size = size;
	return 0;
}

static int reencode_lttng(struct patch *x, const uint8_t *src, uint8_t **dst,
			  size_t *cap, struct ctf_error *e)
{
	struct encoder en = { .x = x, .src = src, .dst = *dst, .cap = *cap,
			      .compact = x->stream->sc->kind == HEADER_COMPACT,
			      .last = x->last };
	uint64_t head = (x->in.events_at + 7) / 8;
	int ret = room(&en, head, e);

	if (!ret) {
		memcpy(en.dst, src, head);
		en.at = head;
		ret = put_events(&en, e);
	}
	if (!ret)
		ret = put_padding(&en, e);
	*dst = en.dst;
	*cap = en.cap;
	return ret;
}

static int patch_heads(struct patch *x, uint8_t *dst, struct ctf_error *e)
{
	int ret = patch_head(x, dst, SEM_CONTENT, x->out.content, e);

	patch_uuid(x, dst);

	if (!ret)
		ret = patch_head(x, dst, SEM_PACKET, x->out.size * 8, e);
	return ret ? ret : patch_ends(x, dst, e);
}

int reencode_packet(struct patch *x, const uint8_t *src, uint8_t **dst,
		    size_t *cap, struct ctf_error *e)
{
	bool lttng = x->stream->sc->kind == HEADER_COMPACT ||
		     x->stream->sc->kind == HEADER_LARGE;
	int ret;

	x->written = 0;
	x->last = x->base;
	if (lttng && !(x->in.content & 7))
		ret = reencode_lttng(x, src, dst, cap, e);
	else
		ret = reencode_any(x, src, dst, cap, e);
	return ret ? ret : patch_heads(x, *dst, e);
}
