// SPDX-License-Identifier: MIT
#include <stdlib.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "export/digits.h"
#include "export/shape.h"
#include "export/value.h"

#define MAX_DEPTH 8

/* Texts are none. */
static bool is_list(const struct ctf_type *type)
{
	return (type->kind == CTF_ARRAY || type->kind == CTF_SEQUENCE) &&
	       !type->is_text;
}

static bool is_number(const struct ctf_type *type)
{
	return type->kind == CTF_INT && (type->base == 10 || type->base == 16);
}

static bool type_is_fixed(const struct ctf_type *type, int depth)
{
	size_t i;

	if (!type)
		return true;
	if (is_list(type))
		return is_number(type->elem);
	if (type->kind == CTF_VARIANT || depth > MAX_DEPTH)
		return false;
	for (i = 0; type->kind == CTF_STRUCT && i < type->n_members; i++) {
		if (!type_is_fixed(type->members[i].type, depth + 1))
			return false;
	}
	return true;
}

static bool class_is_fixed(const struct ctf_class *cls)
{
	int i;

	for (i = CTF_STREAM_CONTEXT; i < CTF_SCOPES; i++) {
		if (!type_is_fixed(cls->scope[i], 0))
			return false;
	}
	return true;
}

/* How many values to go on by: elements of lists are passed over. */
static long step_over(const struct ctf_value *v)
{
	return v->step == CTF_OPEN && is_list(v->type) ? 1 + (long)v->len : 1;
}

/* Steps but for elements, and the characters of what is always the same. */
static size_t count(const struct ctf_class *cls, const struct ctf_value *v,
		    long n, size_t *room)
{
	size_t steps = 0;
	long i;

	*room = strlen(cls->name) + SHAPE_PAD + 16;
	for (i = 0; i < n; i += step_over(&v[i])) {
		*room += 16 + (v[i].name ? strlen(v[i].name) : 0);
		steps++;
	}
	return steps;
}

static enum form form_of(const struct ctf_type *type)
{
	if (is_list(type))
		return type->elem->base == 16 ? FORM_HEXES : FORM_DECIMALS;
	if (type->kind == CTF_STRING || type->kind == CTF_ARRAY ||
	    type->kind == CTF_SEQUENCE)
		return FORM_TEXT;
	if (!is_number(type))
		return FORM_OTHER;
	return type->base == 16 ? FORM_HEX : FORM_DECIMAL;
}

static uint64_t mask_of(const struct ctf_type *type)
{
	unsigned int bits = (type->size + 3u) & ~3u;

	if (type->base != 16)
		return type->is_signed ? 1ull << 63 : 0;
	return bits < 64 ? (1ull << bits) - 1 : UINT64_MAX;
}

static void add_lead(struct shape *sh, const struct ctf_value *v, long value,
		     const char *start, const char *end)
{
	struct lead *l = &sh->lead[sh->n++];

	l->text = (uint32_t)(start - sh->text);
	l->len = (uint32_t)(end - start);
	l->value = (uint32_t)value;
	l->type = v->type;
	l->form = form_of(v->type);
	l->mask = mask_of(is_list(v->type) ? v->type->elem : v->type);
}

static const char *begin_of(enum form form)
{
	switch (form) {
	case FORM_TEXT:
		return "\"";
	case FORM_HEX:
		return "0x";
	case FORM_DECIMALS:
	case FORM_HEXES:
		return "[";
	default:
		return "";
	}
}

static const char *end_of(const struct ctf_type *type)
{
	return is_list(type) ? " ]" : form_of(type) == FORM_TEXT ? "\"" : "";
}

/* Before a value the beginning of its quotes or number, behind it their end. */
static char *put_step(char *p, const struct ctf_value *v, unsigned int *depth,
		      uint64_t *members)
{
	if (v->step == CTF_CLOSE) {
		if (*depth)
			--*depth;
		return stpcpy(p, " }");
	}
	if (*depth) {
		p = stpcpy(p, members[*depth] ? ", " : " ");
		p = stpcpy(stpcpy(p, v->name ? v->name : ""), " = ");
	} else if (members[0]) {
		p = stpcpy(p, ", ");
	}
	members[*depth]++;
	if (v->step == CTF_OPEN && !is_list(v->type)) {
		members[++*depth] = 0;
		return stpcpy(p, "{");
	}
	return stpcpy(p, begin_of(form_of(v->type)));
}

static void put_steps(struct shape *sh, char *p, const struct ctf_value *v,
		      long n)
{
	uint64_t members[MAX_DEPTH + 8] = { 0 };
	unsigned int depth = 0;
	const char *start = p;
	long i, passed = 0;

	for (i = 0; i < n; i++) {
		p = put_step(p, &v[i], &depth, members);
		if (v[i].step == CTF_CLOSE ||
		    (v[i].step == CTF_OPEN && !is_list(v[i].type)))
			continue;
		add_lead(sh, &v[i], i - passed, start, p);
		start = p;
		p = stpcpy(p, end_of(v[i].type));
		if (v[i].step == CTF_OPEN) {
			/* Its elements are no leads, its end is passed. */
			passed += v[i].len;
			i += v[i].len + 1;
		}
	}
	p = stpcpy(p, "\n");
	sh->tail = (uint32_t)(start - sh->text);
	sh->tail_len = (uint32_t)(p - start);
	sh->room = (uint32_t)(p - sh->text) + (sh->n + 1) * MAX_NUMBER;
}

bool shape_make(struct shape *sh, const struct ctf_class *cls,
		const struct ctf_value *v, long n)
{
	size_t steps, room;
	char *p;

	*sh = (struct shape){ .cls = cls, .is_empty = !n };
	sh->is_fixed = class_is_fixed(cls);
	steps = count(cls, v, sh->is_fixed ? n : 0, &room);
	sh->lead = calloc(steps + 1, sizeof(*sh->lead));
	sh->text = calloc(1, room);
	if (!sh->lead || !sh->text)
		return false;
	p = stpcpy(stpcpy(sh->text, cls->name), ": ");
	sh->name_len = (uint32_t)(p - sh->text);
	sh->room = sh->name_len;
	if (sh->is_fixed)
		put_steps(sh, p, v, n);
	return true;
}

void shape_free(struct shape *sh)
{
	free(sh->lead);
	free(sh->text);
}

/* A copy that reads nothing but @n bytes, mostly in two parts. */
static inline void copy_text(char *to, const char *s, size_t n)
{
	uint64_t a, b;

	if (n - 8 <= 8) {
		memcpy(&a, s, 8);
		memcpy(&b, s + n - 8, 8);
		memcpy(to, &a, 8);
		memcpy(to + n - 8, &b, 8);
	} else {
		memcpy(to, s, n);
	}
}

static uint64_t *store_list(const struct ctf_value *v, uint64_t *at)
{
	uint32_t n = v->len, i;

	*at++ = n;
	for (i = 0; i < n; i++)
		*at++ = (++v)->u;
	return at;
}

static uint64_t *store_text(const struct ctf_value *v, uint64_t *at)
{
	*at++ = v->len;
	copy_text((char *)at, v->str, v->len);
	return at + (v->len + 7ull) / 8;
}

uint64_t *shape_store(const struct shape *sh, const struct ctf_value *v,
		      uint64_t *at, const uint64_t *end)
{
	const struct lead *l = sh->lead, *leads = l + sh->n;

	if ((size_t)(end - at) < sh->n)
		return NULL;
	for (; l < leads; l++) {
		const struct ctf_value *leaf = v + l->value;

		if (l->form == FORM_DECIMAL || l->form == FORM_HEX) {
			*at++ = leaf->u;
		} else if (l->form == FORM_TEXT) {
			if ((size_t)(end - at) < sh->n + leaf->len / 8u + 1)
				return NULL;
			at = store_text(leaf, at);
		} else if (l->form == FORM_OTHER) {
			*at++ = leaf->u;
		} else {
			if ((size_t)(end - at) < sh->n + (size_t)leaf->len)
				return NULL;
			at = store_list(leaf, at);
			v += leaf->len;
		}
	}
	return at;
}

/* How many of the first 16 characters, of @n, are printed as they are. */
static inline unsigned int plain_16(char *p, const char *s, uint64_t n)
{
	unsigned int stop = 1u << (n < 16 ? n : 16);
#ifdef __SSE2__
	__m128i v = _mm_loadu_si128((const __m128i *)s);
	__m128i bad = _mm_cmpeq_epi8(_mm_max_epu8(v, _mm_set1_epi8(0x1f)),
				     _mm_set1_epi8(0x1f));

	_mm_storeu_si128((__m128i *)p, v);
	bad = _mm_or_si128(bad, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
	bad = _mm_or_si128(bad, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
	bad = _mm_or_si128(bad, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
	bad = _mm_or_si128(bad, _mm_cmpeq_epi8(v, _mm_set1_epi8('\'')));
	bad = _mm_or_si128(bad, _mm_cmpeq_epi8(v, _mm_set1_epi8('?')));
	stop |= (unsigned int)_mm_movemask_epi8(bad);
#else
	unsigned int i;

	memcpy(p, s, 16);
	for (i = 0; i < 16; i++)
		stop |= !value_is_plain((unsigned char)s[i]) << i;
#endif
	return (unsigned int)__builtin_ctz(stop);
}

static inline char *put_text(char *p, const char *s, uint64_t n)
{
	for (;;) {
		unsigned int k = plain_16(p, s, n);

		p += k;
		s += k;
		n -= k;
		if (!n)
			return p;
		if (k < 16) {
			p = value_put_escape(p, (unsigned char)*s++);
			n--;
		}
	}
}

static inline char *put_signed(char *p, uint64_t u, uint64_t sign)
{
	uint64_t minus = (u & sign) >> 63;

	*p = '-';
	return put_decimal(p + minus, (u ^ -minus) + minus);
}

/* " [0] = 1, [1] = 2": what follows is in the next lead. */
static char *put_list(char *p, const struct lead *l, const uint64_t *at,
		      uint64_t n)
{
	uint64_t i;

	for (i = 0; i < n; i++) {
		memcpy(p, i ? ", [" : " [", 3);
		p = put_decimal(p + (i ? 3 : 2), i);
		memcpy(p, "] = 0x", 6);
		p = l->form == FORM_HEXES ? put_hex(p + 6, at[i] & l->mask) :
					    put_signed(p + 4, at[i], l->mask);
	}
	return p;
}

void shape_print(const struct shape *sh, const uint64_t *at, struct out *o,
		 size_t room)
{
	const struct lead *l = sh->lead, *end = l + sh->n;
	const char *text = sh->text;
	char *p = o->p;

	for (; l < end; l++) {
		uint64_t u = *at++;

		p = shape_copy(p, text + l->text, l->len);
		switch (l->form) {
		case FORM_DECIMAL:
			p = put_signed(p, u, l->mask);
			break;
		case FORM_HEX:
			p = put_hex(p, u & l->mask);
			break;
		case FORM_TEXT:
			p = put_text(p, (const char *)at, u);
			at += (u + 7) / 8;
			break;
		case FORM_DECIMALS:
		case FORM_HEXES:
			p = put_list(p, l, at, u);
			at += u;
			break;
		case FORM_OTHER:
			o->p = p;
			value_put(o, &(struct ctf_value){ .type = l->type,
							  .u = u });
			out_reserve(o, room);
			p = o->p;
			break;
		}
	}
	o->p = shape_copy(p, text + sh->tail, sh->tail_len);
}
