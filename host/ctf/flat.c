// SPDX-License-Identifier: MIT
/*
 * The values at the beginning of an event whose places are fixed. All that is
 * the same for every event of the class is there already (decode.c); what is
 * left are numbers, two at a time by a shuffle of 16 bytes, and texts.
 *
 * Which class comes next nobody can predict, so there is next to nothing to
 * branch on: all classes with few fields take the same way, some in part for
 * nothing, into values behind their last.
 */
#include <stddef.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "ctf/bits.h"

#define MAX_FLAT	96	/* values */
#define WINDOW		16	/* bytes that one shuffle reads */
#define ZERO		0x80	/* in a shuffle: no byte */
#define LONG_TEXT	(1u << 31)

/* Two values side by side, of which any may be no number. */
struct flat_pair {
	uint8_t shuffle[WINDOW];	/* bytes from @off, low ones first */
	uint64_t sign[2];		/* the sign bits, or 0 */
	uint64_t off;			/* bytes from the event's fields */
};

struct flat_text {
	uint32_t off;
	uint32_t value;		/* which one it is */
	uint32_t size;
	uint32_t stop;		/* bit of the end; the highest: size > WINDOW */
};

struct flat {
	struct ctf_value values[MAX_FLAT];
	struct flat_pair pairs[MAX_FLAT / 2 + FLAT_PAIRS];
	struct flat_text texts[MAX_FLAT + FLAT_TEXTS];
};

static void need(struct flat_plan *f, uint64_t bytes)
{
	if (bytes > f->need)
		f->need = (uint32_t)bytes;
}

static void clear_pair(struct flat_pair *p)
{
	*p = (struct flat_pair){ .off = UINT64_MAX };
	memset(p->shuffle, ZERO, sizeof(p->shuffle));
}

/* False where the number is too far from its neighbour. */
static bool add_number(struct flat_plan *f, struct flat *b, const struct op *o)
{
	uint64_t at = o->node->fixed / 8, from;
	uint32_t half, i;
	struct flat_pair *p;

	if (!f->n_pairs)
		f->first = f->n_values;
	half = (f->n_values - f->first) & 1;
	p = &b->pairs[(f->n_values - f->first) / 2];
	while (f->n_pairs <= (f->n_values - f->first) / 2)
		clear_pair(&b->pairs[f->n_pairs++]);
	if (p->off == UINT64_MAX)
		p->off = at;
	from = at - p->off;
	if (from + o->size / 8u > WINDOW)
		return false;
	for (i = 0; i < o->size / 8u; i++)
		p->shuffle[half * 8 + i] = (uint8_t)(from + i);
	if (o->is_signed && o->size < 64)
		p->sign[half] = 1ull << (o->size - 1);
	need(f, p->off + WINDOW);
	return true;
}

static void add_text(struct flat_plan *f, struct flat *b, const struct op *o)
{
	struct flat_text *t = &b->texts[f->n_texts++];

	t->off = (uint32_t)(o->node->fixed / 8);
	t->value = f->n_values;
	t->size = (uint32_t)o->n;
	t->stop = o->n <= WINDOW ? 1u << o->n : LONG_TEXT;
	need(f, t->off + (o->n < WINDOW ? WINDOW : o->n));
}

/* The last round of each loop is as long as the others. */
static void pad(struct flat_plan *f, struct flat *b)
{
	uint32_t i;

	for (i = 0; i < f->n_pairs; i++)
		if (b->pairs[i].off == UINT64_MAX)
			b->pairs[i].off = 0;
	for (; !f->n_pairs || f->n_pairs % FLAT_PAIRS; f->n_pairs++) {
		clear_pair(&b->pairs[f->n_pairs]);
		b->pairs[f->n_pairs].off = 0;
	}
	for (; !f->n_texts || f->n_texts % FLAT_TEXTS; f->n_texts++)
		b->texts[f->n_texts] = (struct flat_text){ .value = f->n_values, .stop = 1 };
	need(f, WINDOW);
}

static bool is_number(const struct op *o)
{
	return (o->code >= OP_U8 && o->code <= OP_S64) ||
	       (o->code == OP_FLOAT && o->size == 64 && !o->big_endian);
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
	if (is_number(o) && o->node->fixed % 8 == 0) {
		if (!add_number(f, b, o))
			return false;
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

static __attribute__((noinline)) uint32_t long_text(const uint8_t *s,
						    uint32_t n)
{
	const uint8_t *z = n ? memchr(s, 0, n) : NULL;

	return z ? (uint32_t)(z - s) : n;
}

/* For any machine. */
static void run_any(const struct flat_plan *f, const uint8_t *p, struct ctf_value *v)
{
	const struct flat_pair *q = f->pairs;
	const struct flat_text *t = f->texts;
	uint32_t i, k;

	for (i = 0; i < 2 * f->n_pairs; i++, q += i % 2 == 0) {
		const uint8_t *shuffle = q->shuffle + i % 2 * 8;
		uint64_t u = 0, sign = q->sign[i % 2];

		for (k = 0; k < 8 && shuffle[k] != ZERO; k++)
			u |= (uint64_t)p[q->off + shuffle[k]] << 8 * k;
		v[f->first + i].u = (u ^ sign) - sign;
	}
	for (i = 0; i < f->n_texts; i++, t++) {
		v[t->value].str = (const char *)p + t->off;
		v[t->value].len = long_text(p + t->off, t->size);
	}
}

/* Tests with the sanitizers run the one, all else the other. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define SSSE3	__attribute__((target("ssse3")))

static inline SSSE3 void put_pair(struct ctf_value *v, const uint8_t *p,
				  const struct flat_pair *q)
{
	__m128i sign = _mm_loadu_si128((const __m128i *)q->sign);
	__m128i u = _mm_loadu_si128((const __m128i *)(p + q->off));

	u = _mm_shuffle_epi8(u, _mm_loadu_si128((const __m128i *)q->shuffle));
	u = _mm_sub_epi64(_mm_xor_si128(u, sign), sign);
	v[0].s = _mm_cvtsi128_si64(u);
	v[1].s = _mm_cvtsi128_si64(_mm_unpackhi_epi64(u, u));
}

static inline SSSE3 void put_text(struct ctf_value *v, const uint8_t *p,
				  const struct flat_text *t)
{
	const uint8_t *s = p + t->off;
	__m128i zero = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)s),
				      _mm_setzero_si128());
	unsigned int stop = (unsigned int)_mm_movemask_epi8(zero) | t->stop;

	v[t->value].str = (const char *)s;
	v[t->value].len = (uint32_t)__builtin_ctz(stop);
	if (unlikely(t->stop == LONG_TEXT))
		v[t->value].len = long_text(s, t->size);
}

static SSSE3 void run_ssse3(const struct flat_plan *f, const uint8_t *p,
			    struct ctf_value *v)
{
	const struct flat_pair *q = f->pairs, *pairs = q + f->n_pairs;
	const struct flat_text *t = f->texts, *texts = t + f->n_texts;
	struct ctf_value *w = v + f->first;

	_Static_assert(FLAT_PAIRS == 3 && FLAT_TEXTS == 2, "rounds below");
	do {
		put_pair(w, p, q);
		put_pair(w + 2, p, q + 1);
		put_pair(w + 4, p, q + 2);
		w += 6;
		q += 3;
	} while (unlikely(q < pairs));
	do {
		put_text(v, p, t);
		put_text(v, p, t + 1);
		t += 2;
	} while (unlikely(t < texts));
}

static flat_fn *best_run(void)
{
	return __builtin_cpu_supports("ssse3") ? run_ssse3 : run_any;
}
#else
static flat_fn *best_run(void)
{
	return run_any;
}
#endif

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
	pad(f, &b);
	need(f, (f->bits + 7) / 8);
	f->rest = (uint32_t)(o - c->prog.op);
	f->whole = o->code == OP_END;
	f->run = best_run();
	f->values = keep(a, b.values, f->n_values * sizeof(*b.values));
	f->pairs = keep(a, b.pairs, f->n_pairs * sizeof(*b.pairs));
	f->texts = keep(a, b.texts, f->n_texts * sizeof(*b.texts));
	return f->values && f->pairs && f->texts ? 0 : fail_nomem(e);
}
