// SPDX-License-Identifier: MIT
/*
 * The values at the beginning of an event whose places are fixed: all that is
 * the same for every event of the class is copied in one go, and what is left
 * is one load, one mask and one offset a number.
 */
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "ctf/bits.h"

#define MAX_FLAT	96	/* values */

struct flat_int {
	uint32_t off;		/* bytes from the event's fields */
	uint32_t value;		/* which value it is */
	uint64_t mask;
	uint64_t sign;		/* the sign bit, or 0 */
};

struct flat_text {
	uint32_t off;
	uint32_t value;
	uint32_t size;
};

struct flat {
	struct ctf_value values[MAX_FLAT];
	struct flat_int ints[MAX_FLAT];
	struct flat_text texts[MAX_FLAT];
};

static void add_int(struct flat_plan *f, struct flat *b, const struct op *o)
{
	struct flat_int *i = &b->ints[f->n_ints++];

	i->off = (uint32_t)(o->node->fixed / 8);
	i->value = f->n_values;
	i->mask = low_bits(o->size);
	i->sign = o->is_signed && o->size < 64 ? 1ull << (o->size - 1) : 0;
}

static void add_text(struct flat_plan *f, struct flat *b, const struct op *o)
{
	struct flat_text *t = &b->texts[f->n_texts++];

	t->off = (uint32_t)(o->node->fixed / 8);
	t->value = f->n_values;
	t->size = (uint32_t)o->n;
}

/* Takes one op into the plan; false where the fixed beginning ends. */
static bool take(struct flat_plan *f, struct flat *b, const struct op *o)
{
	struct ctf_value *v = &b->values[f->n_values];
	uint64_t bits = o->size;
	enum ctf_step step = CTF_LEAF;

	if (f->n_values == MAX_FLAT || o->slot >= 0 || !o->node ||
	    (o->code != OP_CLOSE && (o->node->fixed == NOT_FIXED ||
				     o->node->fixed > UINT32_MAX)))
		return false;
	if (o->code >= OP_U8 && o->code <= OP_S64 && o->node->fixed % 8 == 0) {
		add_int(f, b, o);
	} else if (o->code == OP_TEXT && o->n <= UINT16_MAX &&
		   o->node->fixed % 8 == 0) {
		add_text(f, b, o);
		bits = o->n * 8;
	} else if (o->code == OP_OPEN) {
		step = CTF_OPEN;
	} else if (o->code == OP_CLOSE) {
		step = CTF_CLOSE;
	} else {
		return false;
	}
	*v = (struct ctf_value){ .type = o->type, .name = o->name,
				 .step = (uint8_t)step, .scope = o->scope };
	if (step != CTF_CLOSE)
		f->bits = o->node->fixed + (step == CTF_OPEN ? 0 : bits);
	f->n_values++;
	return true;
}

static const void *keep(struct arena *a, const void *p, size_t size)
{
	void *q = arena_get(a, size);

	if (q && size)
		memcpy(q, p, size);
	return q;
}

int flat_class(struct class *c, struct ctf_error *e)
{
	struct arena *a = &c->sc->trace->arena;
	struct flat_plan *f = &c->flat;
	const struct op *o = c->prog.op;
	struct flat b;

	while (take(f, &b, o))
		o++;
	f->rest = (uint32_t)(o - c->prog.op);
	f->whole = o->code == OP_END;
	f->values = keep(a, b.values, f->n_values * sizeof(*b.values));
	f->ints = keep(a, b.ints, f->n_ints * sizeof(*b.ints));
	f->texts = keep(a, b.texts, f->n_texts * sizeof(*b.texts));
	return f->values && f->ints && f->texts ? 0 : fail_nomem(e);
}

/* Bytes up to a NUL or the end. */
static inline uint32_t text_len(const uint8_t *s, uint32_t n)
{
	const uint8_t *z;
#ifdef __SSE2__
	unsigned int m;

	if (likely(n == 16)) {
		m = (unsigned int)_mm_movemask_epi8(
			_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)s),
				       _mm_setzero_si128()));
		return m ? (uint32_t)__builtin_ctz(m) : n;
	}
#endif
	z = n ? memchr(s, 0, n) : NULL;
	return z ? (uint32_t)(z - s) : n;
}

/* Fills in the values of the event at @p; reads up to 7 bytes behind them. */
void flat_run(const struct flat_plan *f, const uint8_t *p, struct ctf_value *v)
{
	const struct flat_text *t = f->texts;
	const struct flat_int *i = f->ints;
	uint32_t k;

	for (k = 0; k < f->n_values; k++)
		v[k] = f->values[k];
	for (k = 0; k < f->n_ints; k++, i++)
		v[i->value].u = ((load64(p + i->off) & i->mask) ^ i->sign) -
				i->sign;
	for (k = 0; k < f->n_texts; k++, t++) {
		v[t->value].str = (const char *)p + t->off;
		v[t->value].len = text_len(p + t->off, t->size);
	}
}
