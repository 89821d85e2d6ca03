// SPDX-License-Identifier: MIT
/* Types: what follows from their parts. */
#include "ctf/tsdl.h"

static uint32_t max32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static void finish_struct(struct ctf_type *t)
{
	uint64_t off = 0;
	size_t i;

	for (i = 0; i < t->n_members; i++) {
		const struct ctf_type *m = t->members[i].type;

		t->align = max32(t->align, m->align);
		if (off == NOT_FIXED || m->bits == NOT_FIXED)
			off = NOT_FIXED;
		else
			off = align_up(off, m->align) + m->bits;
		if (off != NOT_FIXED && off > MAX_BITS)
			off = MAX_BITS + 1;
	}
	t->bits = off;
}

static void finish_array(struct ctf_type *t)
{
	const struct ctf_type *el = t->elem;
	uint64_t stride, total;

	t->align = el->align;
	t->bits = NOT_FIXED;
	t->is_text = el->kind == CTF_INT && el->size == 8 && el->is_text &&
		     el->align % 8 == 0;
	if (t->kind == CTF_SEQUENCE || el->bits == NOT_FIXED)
		return;
	stride = align_up(el->bits, el->align);
	if (!t->len)
		total = 0;
	else if (__builtin_mul_overflow(stride, t->len - 1, &total) ||
		 total > MAX_BITS)
		total = MAX_BITS + 1;
	else
		total += el->bits;
	t->bits = total;
}

/*
 * Fills in align, bits and depth from the parts. A struct's align is at least
 * what it holds already. Return: -ERANGE where it is too deep or too large.
 */
int type_finish(struct ctf_type *t)
{
	size_t i;

	if (!t->align)
		t->align = 1;
	t->depth = 1;
	switch (t->kind) {
	case CTF_INT:
	case CTF_ENUM:
	case CTF_FLOAT:
		t->bits = t->is_varlen ? NOT_FIXED : t->size;
		break;
	case CTF_STRING:
		t->align = 8;
		t->bits = NOT_FIXED;
		break;
	case CTF_STRUCT:
		finish_struct(t);
		break;
	case CTF_VARIANT:
		t->align = 1;
		t->bits = NOT_FIXED;
		break;
	case CTF_ARRAY:
	case CTF_SEQUENCE:
		finish_array(t);
		t->depth = t->elem->depth + 1;
		break;
	}
	for (i = 0; i < t->n_members; i++)
		if (t->members[i].type->depth >= t->depth)
			t->depth = t->members[i].type->depth + 1;
	if (t->depth > MAX_DEPTH)
		return -ERANGE;
	if (t->bits != NOT_FIXED && t->bits > MAX_BITS)
		return -ERANGE;
	return 0;
}
