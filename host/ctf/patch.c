// SPDX-License-Identifier: MIT
/* Patches the stamps of one packet in place. */
#include "ctf/bits.h"
#include "ctf/patch.h"

static uint64_t map_one(const struct ctf_map *map, uint64_t v)
{
	uint64_t out = v;

	if (map->fn)
		map->fn(map->ctx, &v, &out, 1);
	return out;
}

static int bad(const struct patch *x, struct ctf_error *e, const char *what)
{
	return fail(e, -ERANGE, "%s: packet at byte %llu: %s", x->stream->path,
		    (unsigned long long)x->in.offset, what);
}

int map_batch(struct patch *x, struct ctf_error *e)
{
	const struct batch *b = &x->batch;
	uint64_t last = x->last, back = 0;
	uint32_t i;

	if (x->map.fn)
		x->map.fn(x->map.ctx, b->clock, x->mapped, b->n);
	else
		memcpy(x->mapped, b->clock, b->n * sizeof(*x->mapped));
	for (i = 0; i < b->n; i++) {
		back |= x->mapped[i] < last;
		last = x->mapped[i];
	}
	return back ? bad(x, e, "the map makes time go back") : 0;
}

int patch_head(struct patch *x, uint8_t *buf, enum sem s, uint64_t v,
	       struct ctf_error *e)
{
	const struct op *o;

	if (!sem_has(&x->head, s))
		return 0;
	o = x->head.sem_op[s];
	if (o->type->is_varlen && x->head.sem[s] == v)
		return 0;
	if (o->type->is_varlen)
		return bad(x, e, "a number without a fixed size cannot be patched");
	if (o->size < 64 && v >> o->size)
		return bad(x, e, "a mapped time does not fit the packet's head");
	bits_write(buf, x->head.sem_at[s], o->size, o->big_endian, v);
	return 0;
}

void uuid_clone(const uint8_t *uuid, uint32_t clone, uint8_t *out)
{
	int i;

	memcpy(out, uuid, 16);
	for (i = 0; i < 4; i++)
		out[15 - i] ^= (uint8_t)(clone >> (8 * i));
}

void patch_uuid(const struct patch *x, uint8_t *buf)
{
	const struct ctf_trace *t = x->stream->trace;

	if (x->how->clone && !t->is_json && t->has_uuid &&
	    sem_has(&x->head, SEM_UUID))
		uuid_clone(t->uuid, x->how->clone,
			   buf + x->head.sem_at[SEM_UUID] / 8);
}

/* The four loops return false where a gap does not fit its header. */
static bool patch_compact(struct patch *x, uint8_t *buf)
{
	const struct batch *b = &x->batch;
	uint64_t last = x->last;
	uint32_t i;

	for (i = 0; i < b->n; i++) {
		uint8_t *p = buf + b->at[i] / 8;
		uint64_t t = x->mapped[i];

		if (unlikely(b->cls[i] & WALK_EXT)) {
			memcpy(p - 8, &t, 8);
		} else {
			uint32_t h = (p[-4] & 31) | (uint32_t)t << 5;

			if (unlikely((t - last) >> 27))
				return false;
			memcpy(p - 4, &h, 4);
		}
		last = t;
	}
	return true;
}

static bool patch_large(struct patch *x, uint8_t *buf)
{
	const struct batch *b = &x->batch;
	uint64_t last = x->last;
	uint32_t i;

	for (i = 0; i < b->n; i++) {
		uint8_t *p = buf + b->at[i] / 8;
		uint64_t t = x->mapped[i];
		uint32_t brief = (uint32_t)t;

		if (unlikely(b->cls[i] & WALK_EXT)) {
			memcpy(p - 8, &t, 8);
		} else {
			if (unlikely((t - last) >> 32))
				return false;
			memcpy(p - 4, &brief, 4);
		}
		last = t;
	}
	return true;
}

static bool patch_fixed(struct patch *x, uint8_t *buf)
{
	const struct fixed_header *f = &x->stream->sc->fixed;
	const struct batch *b = &x->batch;
	uint64_t last = x->last;
	uint32_t i;

	if (!f->stamp_size)
		return true;
	for (i = 0; i < b->n; i++) {
		uint8_t *p = buf + b->at[i] / 8 - f->size + f->stamp_at;
		uint64_t t = x->mapped[i];

		if (f->stamp_size < 8 && (t - last) >> (f->stamp_size * 8))
			return false;
		memcpy(p, &t, f->stamp_size);
		last = t;
	}
	return true;
}

static bool patch_any(struct patch *x, uint8_t *buf)
{
	const struct batch *b = &x->batch;
	uint64_t last = x->last;
	uint32_t i;

	for (i = 0; i < b->n; i++) {
		const struct op *o = x->stamp_op[i];
		uint64_t t = x->mapped[i];

		if (x->stamp_at[i] == UINT64_MAX)
			continue;
		if (o->type->is_varlen) {
			/* What stays as it is needs no room. */
			if (t != b->clock[i])
				return false;
			last = t;
			continue;
		}
		if (o->size < 64 && (t - last) >> o->size)
			return false;
		bits_write(buf, x->stamp_at[i], o->size, o->big_endian, t);
		last = t;
	}
	return true;
}

static bool patch_batch(struct patch *x, uint8_t *buf)
{
	/* Content that ends within a byte is walked bit by bit. */
	if (x->walk.used_any)
		return patch_any(x, buf);
	switch (x->stream->sc->kind) {
	case HEADER_COMPACT:
		return patch_compact(x, buf);
	case HEADER_LARGE:
		return patch_large(x, buf);
	case HEADER_FIXED:
		return patch_fixed(x, buf);
	default:
		return patch_any(x, buf);
	}
}

int patch_ends(struct patch *x, uint8_t *buf, struct ctf_error *e)
{
	int ret = 0;

	patch_uuid(x, buf);
	if (x->in.has & CTF_HAS_BEGIN)
		ret = patch_head(x, buf, SEM_BEGIN, x->out.begin, e);
	if (!ret && x->in.has & CTF_HAS_END)
		ret = patch_head(x, buf, SEM_END, x->out.end, e);
	return ret;
}

/*
 * Where the packet ends: not behind the begin of the next one, as with LTTng
 * 2.1, nor behind that one's first event, as with barectf, and not before its
 * own last event, as with LTTng 2.0. Other readers stop at each of these.
 */
static void find_end(struct patch *x)
{
	uint64_t end = x->in.end < x->limit ? x->in.end : x->limit;

	if (!(x->in.has & CTF_HAS_END))
		return;
	x->out.end = map_one(&x->map, end);
	if (x->out.end < x->last)
		x->out.end = x->last;
}

/*
 * A packet begins with its first event where that is earlier than it says; where
 * it does not say, the packet before it does not end later either.
 */
static void see_first(struct patch *x, uint64_t base)
{
	if (x->has_first)
		return;
	x->has_first = true;
	x->first = x->batch.clock[0];
	x->first_mapped = map_one(&x->map, x->first);
	if (x->first >= base)
		return;
	x->base = x->last = x->first_mapped;
	if (x->in.has & CTF_HAS_BEGIN)
		x->out.begin = x->first_mapped;
}

/* The packet's begin, which is not behind what follows it, mapped. */
static int find_begin(struct patch *x, struct ctf_error *e)
{
	if (x->in.has & CTF_HAS_BEGIN) {
		x->out.begin = map_one(&x->map, x->in.begin < x->limit ?
							x->in.begin : x->limit);
		if (x->out.begin < x->last)
			return bad(x, e, "the map makes time go back");
		x->last = x->out.begin;
	}
	x->base = x->last;
	return 0;
}

static int tell(const struct patch *x, struct ctf_error *e)
{
	const struct ctf_seen seen = {
		.stream = x->stream,
		.cpu = x->in.cpu,
		.job = x->job,
		.n = x->batch.n,
		.clock = x->batch.clock,
		.time = x->mapped,
	};

	return x->how->seen(x->how->seen_ctx, &seen, e);
}

int patch_packet(struct patch *x, uint8_t *buf, struct ctf_error *e)
{
	uint64_t base = x->walk.clock;
	int ret;

	x->grown = false;
	x->has_first = false;
	x->written = 0;
	x->out = x->in;
	ret = find_begin(x, e);
	if (ret)
		return ret;
	walk_packet(&x->walk, buf, &x->in);
	while (x->walk.pos < x->walk.end) {
		ret = walk_fill(&x->walk, &x->batch, e);
		if (!ret) {
			see_first(x, base);
			ret = map_batch(x, e);
		}
		if (!ret && x->how->seen)
			ret = tell(x, e);
		if (ret)
			return ret;
		if (!x->dry && !x->grown)
			x->grown = !patch_batch(x, buf);
		x->last = x->mapped[x->batch.n - 1];
		x->written += x->batch.n;
	}
	find_end(x);
	return x->dry || x->grown ? 0 : patch_ends(x, buf, e);
}
