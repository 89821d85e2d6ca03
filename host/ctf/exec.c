// SPDX-License-Identifier: MIT
/*
 * Runs a program over the bits of a packet. One loop serves all uses; what a
 * use does not need is compiled away.
 */
#include <stdlib.h>

#include "ctf/bits.h"

/* Elements that take no bits: their number is all that a trace can lie about. */
#define MAX_EMPTY	1024

enum mode { MODE_SKIP, MODE_HEAD, MODE_FIND, MODE_COPY };

struct loop {
	uint64_t left;
	uint64_t pos;
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

static inline void head_leaf(struct run *r, const struct op *o, uint64_t v)
{
	if (!o->sem)
		return;
	r->has |= 1u << o->sem;
	r->sem[o->sem] = v;
	r->sem_at[o->sem] = r->pos - o->size;
	r->sem_op[o->sem] = o;
	if (o->sem == SEM_STAMP)
		r->stamp = stamp_update(r->stamp, v, o->size);
}

#define NEED(bits)							\
	do {								\
		r->pos = align_up(r->pos, o->align);			\
		if (unlikely(r->pos > end || (bits) > end - r->pos))	\
			return RUN_SHORT;				\
	} while (0)

#define NUMBER(bits, expr)						\
	do {								\
		NEED(bits);						\
		if (mode == MODE_SKIP && o->slot < 0) {			\
			r->pos += (bits);				\
			break;						\
		}							\
		v = (expr);						\
		r->pos += (bits);					\
		if (o->slot >= 0)					\
			r->slot[o->slot] = v;				\
		if (mode == MODE_HEAD)					\
			head_leaf(r, o, v);				\
		if (mode == MODE_COPY &&				\
		    copy_bits(r, r->pos - (bits), (bits), o->align,	\
			      o->big_endian))				\
			return RUN_FULL;				\
	} while (0)

#define AT	(r->data + (r->pos >> 3))

static inline __attribute__((always_inline)) int run(const struct prog *p,
						     struct run *r,
						     enum mode mode)
{
	struct loop loops[MAX_DEPTH + 8];
	unsigned int depth = 0, empty = 0;
	const uint64_t end = r->end;
	const struct option *c;
	const struct op *o = p->op;
	uint64_t v, n;

	for (;; o++) {
again:
		if (mode == MODE_FIND && (uint32_t)(o - p->op) == r->stop_op) {
			r->pos = align_up(r->pos, o->align);
			r->found_len = o->in >= 0 ? r->slot[o->in] : o->n;
			return r->pos > end ? RUN_SHORT : RUN_FOUND;
		}
		switch (o->code) {
		case OP_END:
			return r->pos > end ? RUN_SHORT : RUN_OK;
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
			NUMBER(64, load64(AT));
			break;
		case OP_S8:
			NUMBER(8, (uint64_t)(int64_t)(int8_t)*AT);
			break;
		case OP_S16:
			NUMBER(16, (uint64_t)(int64_t)(int16_t)load16(AT));
			break;
		case OP_S32:
			NUMBER(32, (uint64_t)(int64_t)(int32_t)load32(AT));
			break;
		case OP_S64:
			NUMBER(64, load64(AT));
			break;
		case OP_INT:
			NUMBER(o->size,
			       o->is_signed ?
				       sign_extend(bits_read(r->data, r->pos,
							     o->size,
							     o->big_endian),
						   o->size) :
				       bits_read(r->data, r->pos, o->size,
						 o->big_endian));
			break;
		case OP_ULEB:
		case OP_SLEB:
			NEED(8);
			n = 8 * varlen_read(r->data, r->pos, end, o->is_signed,
					    &v);
			if (!n)
				return RUN_SHORT;
			if (mode == MODE_COPY &&
			    copy_bits(r, r->pos, n, o->align, false))
				return RUN_FULL;
			r->pos += n;
			if (o->slot >= 0)
				r->slot[o->slot] = v;
			if (mode == MODE_HEAD)
				head_leaf(r, o, v);
			break;
		case OP_FLOAT:
			NEED(o->size);
			if (mode == MODE_COPY &&
			    copy_bits(r, r->pos, o->size, o->align,
				      o->big_endian))
				return RUN_FULL;
			r->pos += o->size;
			break;
		case OP_STR:
			NEED(8);
			n = string_size(AT, r->data + (end >> 3));
			if (!n)
				return RUN_SHORT;
			if (mode == MODE_COPY &&
			    copy_bits(r, r->pos, n * 8, o->align, false))
				return RUN_FULL;
			r->pos += n * 8;
			break;
		case OP_TEXT:
		case OP_TEXT_SEQ:
			n = o->code == OP_TEXT ? o->n : r->slot[o->in];
			if (unlikely(n > MAX_BITS / 8))
				return RUN_SHORT;
			NEED(n * 8);
			if (mode == MODE_COPY &&
			    copy_bits(r, r->pos, n * 8, o->align, false))
				return RUN_FULL;
			r->pos += n * 8;
			break;
		case OP_OPEN:
			r->pos = align_up(r->pos, o->align);
			if (mode == MODE_COPY)
				r->out_pos = align_up(r->out_pos, o->align);
			break;
		case OP_CLOSE:
			break;
		case OP_ARRAY:
		case OP_SEQ:
			n = o->code == OP_ARRAY ? o->n : r->slot[o->in];
			r->pos = align_up(r->pos, o->align);
			if (unlikely(r->pos > end))
				return RUN_SHORT;
			if (mode == MODE_COPY)
				r->out_pos = align_up(r->out_pos, o->align);
			if (mode == MODE_HEAD && o->sem) {
				r->has |= 1u << o->sem;
				r->sem_at[o->sem] = r->pos;
			}
			if (n) {
				loops[depth].left = n;
				loops[depth++].pos = r->pos;
				break;
			}
			o = p->op + o->jump;
			goto again;
		case OP_NEXT:
			if (r->pos == loops[depth - 1].pos &&
			    ++empty > MAX_EMPTY)
				return RUN_FUEL;
			loops[depth - 1].pos = r->pos;
			if (--loops[depth - 1].left) {
				o = p->op + o->jump;
				goto again;
			}
			depth--;
			break;
		case OP_VARIANT:
			c = choose(o, r->slot[o->in]);
			if (!c && !o->optional)
				return RUN_BAD;
			o = p->op + (c ? c->jump : o->jump);
			goto again;
		case OP_VARIANT_END:
			o = p->op + o->jump;
			goto again;
		}
	}
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
