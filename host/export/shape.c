// SPDX-License-Identifier: MIT
#include <stdlib.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "export/digits.h"
#include "export/shape.h"
#include "export/value.h"

#define MAX_DEPTH 8

static bool is_leaf(const struct ctf_value *v)
{
	return v->step == CTF_LEAF;
}

static bool type_is_fixed(const struct ctf_type *type, int depth)
{
	size_t i;

	if (!type)
		return true;
	if (type->kind == CTF_ARRAY || type->kind == CTF_SEQUENCE)
		return type->is_text;
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

/* Characters of all that is the same for every event. */
static size_t text_room(const struct ctf_class *cls, const struct ctf_value *v,
			long n)
{
	size_t room = strlen(cls->name) + SHAPE_PAD + 16;
	long i;

	for (i = 0; i < n; i++)
		room += 16 + (v[i].name ? strlen(v[i].name) : 0);
	return room;
}

static enum form form_of(const struct ctf_type *type)
{
	if (type->kind == CTF_STRING || type->kind == CTF_ARRAY ||
	    type->kind == CTF_SEQUENCE)
		return FORM_TEXT;
	if (type->kind != CTF_INT)
		return FORM_OTHER;
	return type->base == 16			       ? FORM_HEX :
	       type->base == 8 || type->base == 2 ? FORM_OTHER :
						     FORM_DECIMAL;
}

static uint64_t mask_of(const struct ctf_type *type, enum form form)
{
	unsigned int bits = (type->size + 3u) & ~3u;

	if (form == FORM_DECIMAL)
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
	l->mask = mask_of(v->type, l->form);
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
	if (v->step == CTF_OPEN) {
		members[++*depth] = 0;
		return stpcpy(p, "{");
	}
	return stpcpy(p, form_of(v->type) == FORM_TEXT ? "\"" :
			 form_of(v->type) == FORM_HEX  ? "0x" :
							 "");
}

static void put_steps(struct shape *sh, char *p, const struct ctf_value *v,
		      long n)
{
	uint64_t members[MAX_DEPTH + 8] = { 0 };
	unsigned int depth = 0;
	const char *start = p;
	long i;

	for (i = 0; i < n; i++, v++) {
		p = put_step(p, v, &depth, members);
		if (!is_leaf(v))
			continue;
		add_lead(sh, v, i, start, p);
		start = p;
		if (form_of(v->type) == FORM_TEXT)
			p = stpcpy(p, "\"");
	}
	p = stpcpy(p, "\n");
	sh->tail = (uint32_t)(start - sh->text);
	sh->tail_len = (uint32_t)(p - start);
	sh->room = (uint32_t)(p - sh->text + n * MAX_NUMBER);
}

bool shape_make(struct shape *sh, const struct ctf_class *cls,
		const struct ctf_value *v, long n)
{
	char *p;

	*sh = (struct shape){ .cls = cls, .steps = -1 };
	sh->lead = calloc((size_t)n + 1, sizeof(*sh->lead));
	sh->text = calloc(1, text_room(cls, v, n));
	if (!sh->lead || !sh->text)
		return false;
	p = stpcpy(stpcpy(sh->text, cls->name), ": ");
	sh->name_len = (uint32_t)(p - sh->text);
	sh->room = sh->name_len;
	if (class_is_fixed(cls)) {
		sh->steps = n;
		put_steps(sh, p, v, n);
	}
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

uint64_t *shape_store(const struct shape *sh, const struct ctf_value *v,
		      uint64_t *at, const uint64_t *end)
{
	const struct lead *l = sh->lead;
	uint32_t i;

	if ((size_t)(end - at) < sh->n)
		return NULL;
	for (i = 0; i < sh->n; i++, l++) {
		const struct ctf_value *leaf = v + l->value;

		if (l->form != FORM_TEXT) {
			*at++ = leaf->u;
			continue;
		}
		if ((size_t)(end - at) < sh->n + leaf->len / 8u + 1)
			return NULL;
		*at++ = leaf->len;
		copy_text((char *)at, leaf->str, leaf->len);
		at += (leaf->len + 7) / 8;
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
