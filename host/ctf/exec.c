// SPDX-License-Identifier: MIT
/*
 * Runs a program over the bits of a packet. One loop serves all uses; what a
 * use does not need is compiled away.
 */
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <stdlib.h>

#include "ctf/bits.h"

enum mode { MODE_SKIP, MODE_HEAD, MODE_FIND, MODE_COPY, MODE_VALUES };

#define INLINE	static inline __attribute__((always_inline))

struct loop {
	uint64_t left;
	uint64_t pos;
};

/* What changes with every op, in registers. */
struct at {
	uint64_t pos;		/* bits */
	struct ctf_value *v;	/* MODE_VALUES: where the next one goes, */
	struct ctf_value *full;	/* and where room ends */
};

const char *run_text(int code)
{
	switch (code) {
	case RUN_SHORT:
		return "its fields pass the end of the packet";
	case RUN_BAD:
		return "a variant's tag chooses no option";
	case RUN_FUEL:
		return "too many empty elements";
	case RUN_FULL:
		return "no room in the new packet";
	default:
		return "out of memory";
	}
}

/* Aligns both sides and copies @bits. */
static int copy_bits(struct run *r, uint64_t from, uint64_t bits,
		     uint32_t align, bool big)
{
	uint64_t to = align_up(r->out_pos, align), i;
	unsigned int n;

	if (to > r->out_end || bits > r->out_end - to)
		return RUN_FULL;
	r->out_pos = to + bits;
	if (!(from & 7) && !(to & 7) && !(bits & 7)) {
		memcpy(r->out + to / 8, r->data + from / 8, bits / 8);
		return RUN_OK;
	}
	for (i = 0; i < bits; i += n) {
		n = bits - i < 64 ? (unsigned int)(bits - i) : 64;
		bits_write(r->out, to + i, n, big,
			   bits_read(r->data, from + i, n, big));
	}
	return RUN_OK;
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

/* A stamp of fewer than 64 bits says how the running value goes on. */
static inline uint64_t stamp_update(uint64_t now, uint64_t v, unsigned int size)
{
	if (size >= 64)
		return v;
	return now + ((v - now) & low_bits(size));
}

static void head_leaf(struct run *r, const struct op *o, uint64_t pos,
		      uint64_t v)
{
	r->has |= 1u << o->sem;
	r->sem[o->sem] = v;
	r->sem_at[o->sem] = pos - o->size;
	r->sem_op[o->sem] = o;
	if (o->sem == SEM_STAMP)
		r->stamp = stamp_update(r->stamp, v, o->size);
}

static void head_list(struct run *r, const struct op *o, uint64_t pos)
{
	r->has |= 1u << o->sem;
	r->sem_at[o->sem] = pos;
}

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

INLINE void put(struct at *a, const struct op *o, enum ctf_step step,
		uint64_t len, uint64_t u, enum mode mode)
{
	struct ctf_value *v = a->v;

	if (mode != MODE_VALUES)
		return;
	v->type = o->type;
	v->name = o->name;
	v->step = (uint8_t)step;
	v->scope = o->scope;
	v->len = (uint32_t)len;
	v->u = u;
	a->v++;
}

/* Two values an op at most, so straight programs need no more than that. */
static int make_room(const struct prog *p, struct values *vs, struct at *a,
		     uint64_t more)
{
	vs->n = vs->v ? (size_t)(a->v - vs->v) : 0;
	if (vec_grow(&vs->v, &vs->cap, vs->n + 2 * p->n + 2 + more,
		     sizeof(*vs->v)))
		return RUN_NOMEM;
	a->v = vs->v + vs->n;
	a->full = vs->v + vs->cap - 2;
	return RUN_OK;
}

/* Aligns; whether @bits are there. */
INLINE bool fits(struct at *a, const struct op *o, uint64_t end, uint64_t bits)
{
	a->pos = align_up(a->pos, o->align);
	return likely(a->pos <= end && bits <= end - a->pos);
}

/* What is done with a number of @bits whose value is @u. */
INLINE int number(struct run *r, struct at *a, const struct op *o,
		  uint64_t bits, uint64_t u, enum mode mode)
{
	a->pos += bits;
	if (o->slot >= 0)
		r->slot[o->slot] = u;
	if (mode == MODE_HEAD && o->sem)
		head_leaf(r, o, a->pos, u);
	if (mode == MODE_COPY)
		return copy_bits(r, a->pos - bits, bits, o->align,
				 o->big_endian);
	put(a, o, CTF_LEAF, 0, u, mode);
	return RUN_OK;
}

/* The same for bytes, of which @len are text, and for floats. */
INLINE int bytes(struct run *r, struct at *a, const struct op *o,
		 uint64_t bits, uint64_t len, uint64_t u, enum mode mode)
{
	if (mode == MODE_COPY &&
	    copy_bits(r, a->pos, bits, o->align, o->big_endian))
		return RUN_FULL;
	put(a, o, CTF_LEAF, len, u, mode);
	a->pos += bits;
	return RUN_OK;
}

INLINE uint64_t any_int(const struct op *o, const uint8_t *data, uint64_t pos)
{
	uint64_t v = bits_read(data, pos, o->size, o->big_endian);

	return o->is_signed ? sign_extend(v, o->size) : v;
}

/* A whole number of bytes, little endian; o->code is one of OP_U8 .. OP_S64. */
INLINE uint64_t plain_int(unsigned int code, const uint8_t *p)
{
	switch (code) {
	case OP_U8:
		return *p;
	case OP_U16:
		return load16(p);
	case OP_U32:
		return load32(p);
	case OP_S8:
		return (uint64_t)(int64_t)(int8_t)*p;
	case OP_S16:
		return (uint64_t)(int64_t)(int16_t)load16(p);
	case OP_S32:
		return (uint64_t)(int64_t)(int32_t)load32(p);
	default:
		return load64(p);
	}
}

/* An array of plain numbers without gaps, which nothing else refers to. */
INLINE bool is_plain_list(const struct op *o)
{
	return o[1].code >= OP_U8 && o[1].code <= OP_S64 && o[1].slot < 0 &&
	       o[2].code == OP_NEXT && o[1].align <= o[1].size;
}

static int plain_list(const struct prog *p, const struct run *r, struct at *a,
		      const struct op *o, uint64_t n)
{
	unsigned int code = o->code, size = o->size / 8u;
	const uint8_t *s;
	uint64_t i;

	if (n > MAX_BITS || !fits(a, o, r->end, n * o->size))
		return RUN_SHORT;
	s = r->data + (a->pos >> 3);
	if (a->full - a->v < (long)(n + 2 * p->n) &&
	    make_room(p, r->values, a, n))
		return RUN_NOMEM;
	if (code == OP_U8)
		for (i = 0; i < n; i++)
			put(a, o, CTF_LEAF, 0, s[i], MODE_VALUES);
	else
		for (i = 0; i < n; i++, s += size)
			put(a, o, CTF_LEAF, 0, plain_int(code, s),
			    MODE_VALUES);
	a->pos += n * o->size;
	return RUN_OK;
}

#define TRY(x)								\
	do {								\
		int try_ = (x);						\
		if (unlikely(try_))					\
			return try_;					\
	} while (0)

#define NEED(bits)							\
	do {								\
		if (unlikely(!fits(&a, o, end, (bits))))		\
			return RUN_SHORT;				\
	} while (0)

#define NUMBER(bits, value)						\
	do {								\
		NEED(bits);						\
		if (mode == MODE_SKIP && o->slot < 0) {			\
			a.pos += (bits);				\
			break;						\
		}							\
		TRY(number(r, &a, o, (bits), (value), mode));		\
	} while (0)

#define AT	(data + (a.pos >> 3))

/* From op @o on, at r->pos, to the end of the program; keeps r->pos. */
INLINE int run_from(const struct prog *p, const struct op *o, struct run *r,
		    struct at a, enum mode mode)
{
	const uint8_t *const data = r->data;
	const uint64_t end = r->end;
	struct loop loops[MAX_DEPTH + 9], *l = loops;	/* the first is none */
	unsigned int empty = 0;
	const struct option *c;
	uint64_t u, n;
	double d;

	for (;; o++) {
again:
		if (mode == MODE_FIND && (uint32_t)(o - p->op) == r->stop_op) {
			r->pos = align_up(a.pos, o->align);
			r->found_len = o->in >= 0 ? r->slot[o->in] : o->n;
			return r->pos > end ? RUN_SHORT : RUN_FOUND;
		}
		switch (o->code) {
		case OP_END:
			r->pos = a.pos;
			if (mode == MODE_VALUES)
				r->values->n = (size_t)(a.v - r->values->v);
			return a.pos > end ? RUN_SHORT : RUN_OK;
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
		case OP_S16:
		case OP_S32:
			NUMBER(o->size, plain_int(o->code, AT));
			break;
		case OP_INT:
			NUMBER(o->size, any_int(o, data, a.pos));
			break;
		case OP_ULEB:
		case OP_SLEB:
			NEED(8);
			n = 8 * varlen_read(data, a.pos, end, o->is_signed, &u);
			if (!n)
				return RUN_SHORT;
			TRY(number(r, &a, o, n, u, mode));
			break;
		case OP_FLOAT:
			NEED(o->size);
			u = 0;
			if (mode == MODE_VALUES) {
				d = float_value(o, any_int(o, data, a.pos));
				memcpy(&u, &d, sizeof(u));
			}
			TRY(bytes(r, &a, o, o->size, 0, u, mode));
			break;
		case OP_STR:
			NEED(8);
			n = string_size(AT, data + (end >> 3));
			if (!n)
				return RUN_SHORT;
			TRY(bytes(r, &a, o, n * 8, n - 1, (uintptr_t)AT, mode));
			break;
		case OP_TEXT:
		case OP_TEXT_SEQ:
			n = o->code == OP_TEXT ? o->n : r->slot[o->in];
			if (unlikely(n > MAX_BITS / 8))
				return RUN_SHORT;
			NEED(n * 8);
			u = mode == MODE_VALUES ? text_len(AT, n) : 0;
			TRY(bytes(r, &a, o, n * 8, u, (uintptr_t)AT, mode));
			break;
		case OP_OPEN:
			a.pos = align_up(a.pos, o->align);
			if (mode == MODE_COPY)
				r->out_pos = align_up(r->out_pos, o->align);
			put(&a, o, CTF_OPEN, 0, 0, mode);
			break;
		case OP_CLOSE:
			put(&a, o, CTF_CLOSE, 0, 0, mode);
			break;
		case OP_ARRAY:
		case OP_SEQ:
			n = o->code == OP_ARRAY ? o->n : r->slot[o->in];
			NEED(0);
			if (mode == MODE_COPY)
				r->out_pos = align_up(r->out_pos, o->align);
			if (mode == MODE_HEAD && o->sem)
				head_list(r, o, a.pos);
			put(&a, o, CTF_OPEN, n > UINT32_MAX ? UINT32_MAX : n, 0,
			    mode);
			if (mode == MODE_VALUES && n && is_plain_list(o)) {
				TRY(plain_list(p, r, &a, o + 1, n));
				n = 0;
			}
			if (n) {
				*++l = (struct loop){ n, a.pos };
				break;
			}
			put(&a, o, CTF_CLOSE, 0, 0, mode);
			o = p->op + o->jump;
			goto again;
		case OP_NEXT:
			if (a.pos == l->pos && ++empty > MAX_EMPTY)
				return RUN_FUEL;
			l->pos = a.pos;
			if (!--l->left) {
				l--;
				put(&a, o, CTF_CLOSE, 0, 0, mode);
				break;
			}
			if (mode == MODE_VALUES && a.full - a.v < 2l * p->n)
				TRY(make_room(p, r->values, &a, 0));
			o = p->op + o->jump;
			goto again;
		case OP_VARIANT:
			c = choose(o, r->slot[o->in]);
			if (!c && !o->optional)
				return RUN_BAD;
			put(&a, o, CTF_OPEN, 0, 0, mode);
			if (!c)
				put(&a, o, CTF_CLOSE, 0, 0, mode);
			o = p->op + (c ? c->jump : o->jump);
			goto again;
		case OP_VARIANT_END:
			put(&a, o, CTF_CLOSE, 0, 0, mode);
			o = p->op + o->jump;
			goto again;
		}
	}
}

INLINE int run(const struct prog *p, struct run *r, enum mode mode)
{
	return run_from(p, p->op, r, (struct at){ .pos = r->pos }, mode);
}

/* Goes behind the program's last field; keeps slots and nothing else. */
int run_skip(const struct prog *p, struct run *r)
{
	return run(p, r, MODE_SKIP);
}

/* Also keeps what leaves mean, and where. */
int run_head(const struct prog *p, struct run *r)
{
	r->has = 0;
	return run(p, r, MODE_HEAD);
}

/* Goes to r->stop_op: RUN_FOUND, or RUN_OK where it is not in this event. */
int run_find(const struct prog *p, struct run *r)
{
	return run(p, r, MODE_FIND);
}

/* Copies all fields to r->out, aligned for where they are there. */
int run_copy(const struct prog *p, struct run *r)
{
	return run(p, r, MODE_COPY);
}

/* Puts the values of all fields of a program into r->values. */
int run_list(const struct prog *p, struct run *r)
{
	struct at a = { .pos = r->pos, .v = r->values->v };

	TRY(make_room(p, r->values, &a, 0));
	return run_from(p, p->op, r, a, MODE_VALUES);
}

/* The same of an event, whose fixed beginning is faster. */
int run_values(const struct class *c, struct run *r)
{
	const struct flat_plan *flat = &c->flat;
	const struct prog *p = &c->prog;
	const struct op *o = p->op;
	struct at a = { .pos = r->pos, .v = r->values->v };

	TRY(make_room(p, r->values, &a, FLAT_ROOM));
	if (likely(!(a.pos & 7) && a.pos + flat->need * 8ull <= r->end)) {
		memcpy(a.v, flat->values, flat->n_values * sizeof(*a.v));
		flat->run(flat, r->data + a.pos / 8, a.v);
		a.v += flat->n_values;
		a.pos += flat->bits;
		o += flat->rest;
	}
	return run_from(p, o, r, a, MODE_VALUES);
}
