// SPDX-License-Identifier: MIT
/*
 * All values of an event. The same walk as in exec.c, by itself because it is
 * hot: the position stays in a register, values are written in a row.
 */
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "ctf/bits.h"

#define MAX_EMPTY	1024	/* elements without bits; see exec.c */

struct loop {
	uint64_t left;
	uint64_t pos;
};

/* Bytes up to a NUL or the end. */
static inline uint64_t text_len(const uint8_t *s, uint64_t n)
{
	const uint8_t *z;
#ifdef __SSE2__
	unsigned int m;

	if (likely(n == 16)) {
		m = (unsigned int)_mm_movemask_epi8(
			_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)s),
				       _mm_setzero_si128()));
		return m ? (uint64_t)__builtin_ctz(m) : n;
	}
#endif
	z = n ? memchr(s, 0, n) : NULL;
	return z ? (uint64_t)(z - s) : n;
}

static double float_value(const struct op *o, uint64_t v)
{
	uint32_t v32 = (uint32_t)v;
	float f;
	double d;

	if (o->size == 32) {
		memcpy(&f, &v32, sizeof(f));
		return (double)f;
	}
	memcpy(&d, &v, sizeof(d));
	return d;
}

static inline void set(struct ctf_value *v, const struct op *o,
		       enum ctf_step step, uint64_t len, uint64_t u)
{
	v->type = o->type;
	v->name = o->name;
	v->step = (uint8_t)step;
	v->scope = o->scope;
	v->len = (uint32_t)len;
	v->u = u;
}

static uint64_t any_int(const struct op *o, const uint8_t *data, uint64_t pos)
{
	uint64_t v = bits_read(data, pos, o->size, o->big_endian);

	return o->is_signed ? sign_extend(v, o->size) : v;
}

static const struct option *choose(const struct op *o, uint64_t tag)
{
	const struct option *c = o->options;
	unsigned int i;

	for (i = 0; i < o->n_options; i++, c++) {
		if (o->is_signed ? (int64_t)tag >= (int64_t)c->lo &&
				   (int64_t)tag <= (int64_t)c->hi :
				   tag >= c->lo && tag <= c->hi)
			return c;
	}
	return NULL;
}

#define NEED(bits)							\
	do {								\
		pos = align_up(pos, o->align);				\
		if (unlikely(pos > end || (bits) > end - pos))		\
			return RUN_SHORT;				\
	} while (0)

#define NUMBER(bits, expr)						\
	do {								\
		NEED(bits);						\
		u = (uint64_t)(expr);					\
		pos += (bits);						\
		if (o->slot >= 0)					\
			r->slot[o->slot] = u;				\
		set(v++, o, CTF_LEAF, 0, u);				\
	} while (0)

#define AT	(data + (pos >> 3))

/* Appends all values of an event, whose fields are at r->pos, to r->values. */
int run_values(const struct class *cls, struct run *r)
{
	const struct prog *p = &cls->prog;
	const struct flat_plan *flat = &cls->flat;
	const uint8_t *const data = r->data;
	const uint64_t end = r->end;
	struct values *vs = r->values;
	struct ctf_value *v, *full;
	struct loop loops[MAX_DEPTH + 8];
	unsigned int depth = 0, empty = 0;
	const struct op *o = p->op;
	const struct option *c;
	uint64_t pos = r->pos, u, n;
	double d;

	/* Two values an op at most, so straight programs need no more room. */
	if (vec_grow(&vs->v, &vs->cap, vs->n + 2 * p->n, sizeof(*v)))
		return RUN_NOMEM;
	v = vs->v + vs->n;
	full = vs->v + vs->cap - 2;
	if (likely(!(pos & 7) && pos + flat->bits + 64 <= end)) {
		flat_run(flat, AT, v);
		v += flat->n_values;
		pos += flat->bits;
		o += flat->rest;
	}
	for (;; o++) {
again:
		switch (o->code) {
		case OP_END:
			if (pos > end)
				return RUN_SHORT;
			vs->n = (size_t)(v - vs->v);
			r->pos = pos;
			return RUN_OK;
		case OP_U8:
			NUMBER(8, *AT);
			break;
		case OP_U16:
			NUMBER(16, load16(AT));
			break;
		case OP_U32:
			NUMBER(32, load32(AT));
			break;
		case OP_U64:
		case OP_S64:
			NUMBER(64, load64(AT));
			break;
		case OP_S8:
			NUMBER(8, (int64_t)(int8_t)*AT);
			break;
		case OP_S16:
			NUMBER(16, (int64_t)(int16_t)load16(AT));
			break;
		case OP_S32:
			NUMBER(32, (int64_t)(int32_t)load32(AT));
			break;
		case OP_INT:
			NUMBER(o->size, any_int(o, data, pos));
			break;
		case OP_ULEB:
		case OP_SLEB:
			NEED(8);
			n = 8 * varlen_read(data, pos, end, o->is_signed, &u);
			if (!n)
				return RUN_SHORT;
			pos += n;
			if (o->slot >= 0)
				r->slot[o->slot] = u;
			set(v++, o, CTF_LEAF, 0, u);
			break;
		case OP_FLOAT:
			NEED(o->size);
			d = float_value(o, bits_read(data, pos, o->size,
						     o->big_endian));
			memcpy(&u, &d, sizeof(u));
			set(v++, o, CTF_LEAF, 0, u);
			pos += o->size;
			break;
		case OP_STR:
			NEED(8);
			n = string_size(AT, data + (end >> 3));
			if (!n)
				return RUN_SHORT;
			set(v++, o, CTF_LEAF, n - 1, (uintptr_t)AT);
			pos += n * 8;
			break;
		case OP_TEXT:
		case OP_TEXT_SEQ:
			n = o->code == OP_TEXT ? o->n : r->slot[o->in];
			if (unlikely(n > MAX_BITS / 8))
				return RUN_SHORT;
			NEED(n * 8);
			set(v++, o, CTF_LEAF, text_len(AT, n), (uintptr_t)AT);
			pos += n * 8;
			break;
		case OP_OPEN:
			pos = align_up(pos, o->align);
			set(v++, o, CTF_OPEN, 0, 0);
			break;
		case OP_CLOSE:
			set(v++, o, CTF_CLOSE, 0, 0);
			break;
		case OP_ARRAY:
		case OP_SEQ:
			n = o->code == OP_ARRAY ? o->n : r->slot[o->in];
			pos = align_up(pos, o->align);
			if (unlikely(pos > end))
				return RUN_SHORT;
			set(v++, o, CTF_OPEN, n > UINT32_MAX ? UINT32_MAX : n,
			    0);
			if (n) {
				loops[depth].left = n;
				loops[depth++].pos = pos;
				break;
			}
			set(v++, o, CTF_CLOSE, 0, 0);
			o = p->op + o->jump;
			goto again;
		case OP_NEXT:
			if (pos == loops[depth - 1].pos && ++empty > MAX_EMPTY)
				return RUN_FUEL;
			loops[depth - 1].pos = pos;
			if (!--loops[depth - 1].left) {
				depth--;
				set(v++, o, CTF_CLOSE, 0, 0);
				break;
			}
			/* Once more through the body: make room for that. */
			if (unlikely(full - v < 2 * (long)p->n)) {
				vs->n = (size_t)(v - vs->v);
				if (vec_grow(&vs->v, &vs->cap,
					     vs->n + 2 * p->n + 2,
					     sizeof(*v)))
					return RUN_NOMEM;
				v = vs->v + vs->n;
				full = vs->v + vs->cap - 2;
			}
			o = p->op + o->jump;
			goto again;
		case OP_VARIANT:
			c = choose(o, r->slot[o->in]);
			if (!c && !o->optional)
				return RUN_BAD;
			set(v++, o, CTF_OPEN, 0, 0);
			if (!c) {
				set(v++, o, CTF_CLOSE, 0, 0);
				o = p->op + o->jump;
				goto again;
			}
			o = p->op + c->jump;
			goto again;
		case OP_VARIANT_END:
			set(v++, o, CTF_CLOSE, 0, 0);
			o = p->op + o->jump;
			goto again;
		}
	}
}
