// SPDX-License-Identifier: MIT
/* Random values of any type, and a record of them. */
#include <stdlib.h>
#include <string.h>

#include "random_gen.h"

void put_bits(struct gen *g, uint64_t v, unsigned int size, int big)
{
	unsigned int i;

	for (i = 0; i < size; i++, g->pos++) {
		unsigned int bit = big ? size - 1 - i : i;
		unsigned int in = g->pos & 7;
		uint8_t mask = (uint8_t)(1u << (big ? 7 - in : in));

		if (v >> bit & 1)
			g->buf[g->pos >> 3] |= mask;
		else
			g->buf[g->pos >> 3] &= (uint8_t)~mask;
	}
}

void put_align(struct gen *g, unsigned int align)
{
	while (g->pos % align)
		put_bits(g, 0, 1, g->big);
}

static void record(struct gen *g, enum random_leaf kind, uint64_t u,
		   const char *text)
{
	struct random_trace *o = g->out;
	struct random_value *v;

	if (g->in_packet)
		return;
	if (o->n_values == o->cap_values) {
		o->cap_values = o->cap_values * 2 + 64;
		o->values = realloc(o->values,
				    o->cap_values * sizeof(*o->values));
		if (!o->values)
			abort();
	}
	v = memset(&o->values[o->n_values++], 0, sizeof(*v));
	v->kind = (uint8_t)kind;
	v->u = u;
	if (text)
		snprintf(v->text, sizeof(v->text), "%s", text);
}

static uint64_t wrap(uint64_t v, const struct type *t)
{
	if (t->size == 64)
		return v;
	v &= (1ull << t->size) - 1;
	if (t->is_signed && v >> (t->size - 1))
		v |= ~0ull << t->size;
	return v;
}

static int is_length(const struct gen *g, const struct type *t)
{
	unsigned int i;

	for (i = 0; i < g->n_lengths; i++)
		if (g->lengths[i]->type == t)
			return 1;
	return t->n == 99;
}

static void put_number(struct gen *g, struct type *t)
{
	unsigned int drop = below(g, 64);
	uint64_t v = rnd(g) >> drop;

	/* One draw a statement: a seed is the same trace with any compiler. */
	if (t->kind == ENUM) {
		v = (uint64_t)tag_low(t, below(g, t->n));
		v += below(g, 3);
	} else if (is_length(g, t)) {
		v = below(g, 6);
		v += g->for_babeltrace || below(g, 6);
	}
	v = wrap(v, t);
	t->last = v;
	put_align(g, t->align);
	put_bits(g, v, t->size, t->big);
	record(g, RANDOM_NUMBER, v, NULL);
}

static void put_float(struct gen *g, struct type *t)
{
	double d = (double)(int64_t)(rnd(g) >> 20) / 1024.0 - 1e9;
	float f = (float)d;
	uint32_t u32 = 0;
	uint64_t u;

	memcpy(&u, &d, 8);
	if (t->size == 32) {
		memcpy(&u32, &f, 4);
		d = (double)f;
		memcpy(&u, &d, 8);
	}
	put_align(g, t->align);
	put_bits(g, t->size == 32 ? u32 : u, t->size, t->big);
	record(g, RANDOM_FLOAT, u, NULL);
}

/* A string has its NUL and no limit; a text is @n bytes, NUL-padded. */
static void put_text(struct gen *g, unsigned int n, int is_string)
{
	static const char chars[] = "abcXYZ 019_-/\\\"\n\t.,{}=";
	unsigned int len = below(g, is_string ? 16 : n + 1), i;
	char text[16] = "";

	if (g->for_babeltrace && !len)
		len = n ? n : 1;
	for (i = 0; i < len && i < 15; i++)
		text[i] = chars[rnd(g) % (sizeof(chars) - 1)];
	put_align(g, 8);
	if (is_string)
		n = (unsigned int)strlen(text) + 1;
	for (i = 0; i < n; i++)
		put_bits(g, i < 15 ? (uint8_t)text[i] : 0, 8, 0);
	record(g, RANDOM_TEXT, 0, text);
}

void put_value(struct gen *g, struct type *t)
{
	uint64_t n, i;

	switch (t->kind) {
	case INT:
	case ENUM:
		put_number(g, t);
		break;
	case FLOAT:
		put_float(g, t);
		break;
	case STRING:
		put_text(g, 0, 1);
		break;
	case TEXT:
		put_text(g, t->n, 0);
		break;
	case TEXT_SEQ:
		put_text(g, (unsigned int)t->ref->type->last, 0);
		break;
	case STRUCT:
		put_align(g, type_align(t));
		for (i = 0; i < t->n; i++)
			put_value(g, t->fields[i].type);
		break;
	case ARRAY:
	case SEQ:
		n = t->kind == ARRAY ? t->n : t->ref->type->last;
		put_align(g, type_align(t->elem));
		for (i = 0; i < n; i++)
			put_value(g, t->elem);
		break;
	case VARIANT:
		for (i = 0; i < t->n; i++) {
			int64_t v = (int64_t)t->ref->type->last;
			int64_t lo = tag_low(t->ref->type, (unsigned int)i);

			if (v >= lo && v <= lo + 2) {
				put_value(g, t->fields[i].type);
				break;
			}
		}
		break;
	}
}
