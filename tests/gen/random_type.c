// SPDX-License-Identifier: MIT
/* Random types, and what streams are made of. */
#include <stdlib.h>

#include "random_gen.h"

static struct type *new_type(struct gen *g, enum kind kind)
{
	struct type *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->kind = kind;
	t->align = 1;
	t->next = g->all;
	g->all = t;
	return t;
}

static void make_int(struct gen *g, struct type *t)
{
	static const unsigned int bases[] = { 2, 8, 10, 10, 10, 16 };

	t->kind = INT;
	t->base = bases[below(g, 6)];
	t->is_signed = below(g, 2);
	t->big = g->big;
	if (below(g, 3)) {
		t->size = 8u << below(g, 4);
		t->align = 8u << below(g, 4);
		if (below(g, 4) == 0)
			t->big = !t->big;
	} else {
		t->size = 1 + below(g, 64);
		t->align = 1u << below(g, 6);
		if (g->for_babeltrace && t->size > 60)
			t->base = 10;
	}
}

static void name_field(struct gen *g, struct field *f)
{
	snprintf(f->name, sizeof(f->name), "%sf%u", below(g, 3) ? "_" : "",
		 g->names++);
}

static struct type *make_type(struct gen *g, unsigned int depth);

static void add_number(struct gen *g, struct type *s, int is_tag)
{
	struct field *f = &s->fields[s->n++];
	struct type *t = new_type(g, INT);

	make_int(g, t);
	if (t->size < 5)
		t->size = 5;
	t->is_signed = is_tag && below(g, 2);
	if (is_tag) {
		t->kind = ENUM;
		t->n = 2 + below(g, 3);
	}
	name_field(g, f);
	f->type = t;
	if (is_tag && g->n_tags < 64)
		g->tags[g->n_tags++] = f;
	if (!is_tag && g->n_lengths < 64)
		g->lengths[g->n_lengths++] = f;
}

static struct type *make_struct(struct gen *g, unsigned int depth,
				unsigned int min)
{
	struct type *s = new_type(g, STRUCT);
	unsigned int n = min + below(g, MAX_FIELDS - 2 - min), lengths, tags;
	int no_refs = g->for_babeltrace && g->in_context;

	lengths = g->n_lengths;
	tags = g->n_tags;
	if (below(g, 4) == 0)
		s->align = 8u << below(g, 4);
	while (s->n < n) {
		struct field *f;

		if (!no_refs && below(g, 5) == 0)
			add_number(g, s, 0);
		if (!no_refs && below(g, 6) == 0 && s->n < n)
			add_number(g, s, 1);
		if (s->n >= n)
			break;
		f = &s->fields[s->n++];
		name_field(g, f);
		f->type = make_type(g, depth + 1);
	}
	/* What is inside of this struct is not visible behind it. */
	if (depth) {
		g->n_lengths = lengths;
		g->n_tags = tags;
	}
	return s;
}

static struct type *make_variant(struct gen *g, unsigned int depth)
{
	struct type *v = new_type(g, VARIANT);
	unsigned int i;

	v->ref = g->tags[below(g, g->n_tags)];
	v->n = v->ref->type->n;
	for (i = 0; i < v->n; i++) {
		snprintf(v->fields[i].name, sizeof(v->fields[i].name),
			 "opt%u", i);
		v->fields[i].type = make_type(g, depth + 1);
	}
	return v;
}

static struct type *make_type(struct gen *g, unsigned int depth)
{
	unsigned int pick = below(g, depth > 3 ? 7 : 12);
	struct type *t;

	switch (pick) {
	case 3:
		t = new_type(g, FLOAT);
		t->size = below(g, 2) ? 32 : 64;
		t->align = 8u << below(g, 4);
		t->big = below(g, 4) ? g->big : !g->big;
		return t;
	case 4:
		return new_type(g, STRING);
	case 5:
		t = new_type(g, TEXT);
		t->n = 1 + below(g, 15);
		return t;
	case 6:
		if (!g->n_lengths)
			break;
		t = new_type(g, TEXT_SEQ);
		t->ref = g->lengths[below(g, g->n_lengths)];
		return t;
	case 7:
		return make_struct(g, depth, 1);
	case 8:
		t = new_type(g, ARRAY);
		t->n = 1 + below(g, 4);
		t->elem = make_type(g, depth + 1);
		return t;
	case 9:
	case 10:
		if (!g->n_lengths)
			break;
		t = new_type(g, SEQ);
		t->ref = g->lengths[below(g, g->n_lengths)];
		t->elem = make_type(g, depth + 1);
		return t;
	case 11:
		if (!g->n_tags)
			break;
		return make_variant(g, depth);
	default:
		break;
	}
	t = new_type(g, INT);
	make_int(g, t);
	return t;
}

unsigned int type_align(const struct type *t)
{
	unsigned int a = t->align, i, b;

	switch (t->kind) {
	case STRING:
	case TEXT:
	case TEXT_SEQ:
		return 8;
	case ARRAY:
	case SEQ:
		return type_align(t->elem);
	case STRUCT:
		for (i = 0; i < t->n; i++) {
			b = type_align(t->fields[i].type);
			a = b > a ? b : a;
		}
		return a;
	default:
		return t->kind == VARIANT ? 1 : a;
	}
}

/* With it, an event ends where a byte does. */
static void add_byte(struct gen *g, struct type *s)
{
	struct field *f = &s->fields[s->n++];

	name_field(g, f);
	f->type = new_type(g, INT);
	f->type->size = f->type->align = 8;
	f->type->base = 10;
}

void make_stream(struct gen *g, struct sclass *s)
{
	unsigned int i;

	s->header = below(g, N_HEADERS);
	/* LTTng's headers are little endian to the engine's fast loops. */
	s->id_bits = 3 + (int)below(g, 10);
	s->stamp_bits = 20 + (int)below(g, 45);
	s->id_first = (int)below(g, 2);
	s->n = s->header == NO_HEADER ? 1 : 1 + below(g, 6);
	if (s->header == ODD)
		g->out->narrow = 1;
	s->no_size = below(g, 4) == 0;
	s->no_begin = below(g, 4) == 0;
	g->n_lengths = g->n_tags = 0;
	/* Lengths and tags are fine here, to babeltrace2 too. */
	if (below(g, 2))
		s->packet = make_struct(g, 1, 1);
	g->n_lengths = g->n_tags = 0;
	g->in_context = 1;
	if (below(g, 3) == 0)
		s->context = make_struct(g, 1, 1);
	for (i = 0; i < s->n; i++) {
		g->n_lengths = g->n_tags = 0;
		g->in_context = 1;
		if (below(g, 4) == 0)
			s->classes[i].context = make_struct(g, 1, 1);
		g->in_context = 0;
		s->classes[i].payload = make_struct(g, 0, 2);
		/* Without a header, an event must have bits of its own. */
		if (s->header == NO_HEADER)
			add_number(g, s->classes[i].payload, 0);
		if (s->no_size)
			add_byte(g, s->classes[i].payload);
	}
}

/* Lengths are marked for good: the list of visible ones comes and goes. */
void mark_lengths(struct gen *g)
{
	struct type *t;

	for (t = g->all; t; t = t->next)
		if ((t->kind == SEQ || t->kind == TEXT_SEQ) && t->ref)
			t->ref->type->n = 99;
}
