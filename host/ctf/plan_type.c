// SPDX-License-Identifier: MIT
/* From a type to ops: each leaf becomes one, and what is around them others. */
#include <stdlib.h>

#include "ctf/plan.h"

/* ------------------------------------------------------------------ leaves */

/*
 * A name may have a "_" before it that is not part of it: some writers put one
 * before all names. As written goes first.
 */
static bool is_called(const struct node *n, const char *word)
{
	const struct ctf_type *in = n->parent ? n->parent->type : NULL;
	size_t i;

	if (!n->raw || !in || strcmp(n->name, word))
		return false;
	for (i = 0; strcmp(n->raw, word) && i < in->n_members; i++)
		if (!strcmp(in->members[i].raw_name, word))
			return false;
	return true;
}

static enum sem meaning(const struct plan *p, const struct node *n)
{
	static const struct {
		const char *name;
		uint8_t scope;
		uint8_t sem;
	} names[] = {
		{ "magic", CTF_PACKET_HEADER, SEM_MAGIC },
		{ "stream_id", CTF_PACKET_HEADER, SEM_STREAM_ID },
		{ "stream_instance_id", CTF_PACKET_HEADER, SEM_INSTANCE },
		{ "timestamp_begin", CTF_PACKET_CONTEXT, SEM_BEGIN },
		{ "timestamp_end", CTF_PACKET_CONTEXT, SEM_END },
		{ "content_size", CTF_PACKET_CONTEXT, SEM_CONTENT },
		{ "packet_size", CTF_PACKET_CONTEXT, SEM_PACKET },
		{ "packet_seq_num", CTF_PACKET_CONTEXT, SEM_SEQ },
		{ "events_discarded", CTF_PACKET_CONTEXT, SEM_DISCARDED },
		{ "cpu_id", CTF_PACKET_CONTEXT, SEM_CPU },
		{ "id", CTF_EVENT_HEADER, SEM_ID },
		{ "timestamp", CTF_EVENT_HEADER, SEM_STAMP },
	};
	size_t i;

	if (n->scope > CTF_EVENT_HEADER || n->type->is_signed || n->loops)
		return SEM_NONE;
	if (n->type->role == SEM_STAMP && n->scope == CTF_PACKET_CONTEXT)
		return SEM_BEGIN;
	if (n->type->role)
		return n->type->role;
	if (n->scope == CTF_EVENT_HEADER && n->type->clock)
		return SEM_STAMP;
	if (n->scope != CTF_EVENT_HEADER && n->parent && n->parent->parent)
		return SEM_NONE;	/* only direct members of the struct */
	/* The CPU is no word of CTF's own, so CTF 2 has no role for it either. */
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].scope == n->scope && is_called(n, names[i].name))
			return p->t->is_json && names[i].sem != SEM_CPU ?
				       SEM_NONE : names[i].sem;
	return SEM_NONE;
}

static enum op_code int_code(const struct ctf_type *t)
{
	if (t->is_varlen)
		return t->is_signed ? OP_SLEB : OP_ULEB;
	if (t->align % 8 || (t->big_endian && t->size != 8))
		return OP_INT;
	switch (t->size) {
	case 8:
		return t->is_signed ? OP_S8 : OP_U8;
	case 16:
		return t->is_signed ? OP_S16 : OP_U16;
	case 32:
		return t->is_signed ? OP_S32 : OP_U32;
	case 64:
		return t->is_signed ? OP_S64 : OP_U64;
	default:
		return OP_INT;
	}
}

static void advance(struct plan *p, uint32_t align, uint64_t bits)
{
	if (p->fixed == NOT_FIXED)
		return;
	/* Where a scope begins is only known to the byte. */
	if (align > 8 && p->scope >= CTF_STREAM_CONTEXT)
		p->fixed = NOT_FIXED;
	else if (bits == NOT_FIXED)
		p->fixed = align_up(p->fixed, align);
	else
		p->fixed = align_up(p->fixed, align) + bits;
}

static int add_leaf(struct plan *p, struct node *n)
{
	const struct ctf_type *t = n->type;
	enum op_code code = t->kind == CTF_STRING ? OP_STR :
			    t->kind == CTF_FLOAT ? OP_FLOAT : int_code(t);
	struct op *o = plan_op(p, code, n);

	if (!o)
		return -ENOMEM;
	o->align = t->align;
	o->size = t->size;
	o->is_signed = t->is_signed;
	o->big_endian = t->big_endian;
	if (t->kind == CTF_INT || t->kind == CTF_ENUM)
		o->sem = (uint8_t)meaning(p, n);
	advance(p, t->align, NOT_FIXED);
	n->fixed = p->fixed;
	if (t->kind == CTF_STRING || t->is_varlen)
		p->fixed = NOT_FIXED;
	else
		advance(p, 1, t->size);
	return 0;
}

/* --------------------------------------------------------------- compounds */

static int add_child(struct plan *p, struct node *parent, struct node **last,
		     const struct ctf_type *type, const struct ctf_member *m)
{
	struct node *n = plan_node(p, parent, type, m ? m->name : NULL,
				   m ? m->raw_name : NULL);

	if (!n)
		return p->e ? p->e->code : -EINVAL;
	if (*last)
		(*last)->next = n;
	else
		parent->child = n;
	*last = n;
	return plan_type(p, n);
}

static int add_struct(struct plan *p, struct node *n)
{
	struct node *last = NULL;
	struct op *o = plan_op(p, OP_OPEN, n);
	size_t i;
	int ret;

	if (!o)
		return p->e->code;
	o->align = n->type->align;
	advance(p, n->type->align, 0);
	n->fixed = p->fixed;
	for (i = 0; i < n->type->n_members; i++) {
		const struct ctf_member *m = &n->type->members[i];

		ret = add_child(p, n, &last, m->type, m);
		if (ret)
			return ret;
	}
	return plan_op(p, OP_CLOSE, n) ? 0 : p->e->code;
}

static int add_text(struct plan *p, struct node *n, int slot)
{
	const struct ctf_type *t = n->type;
	struct op *o = plan_op(p, slot < 0 ? OP_TEXT : OP_TEXT_SEQ, n);

	if (!o)
		return p->e->code;
	o->align = t->align;
	o->n = t->len;
	o->in = (int16_t)slot;
	if (slot < 0 && t->elem->align != 8)
		return fail(p->e, -ENOTSUP,
			    "%s: characters aligned to more than a byte",
			    p->t->meta_path);
	advance(p, t->align, NOT_FIXED);
	n->fixed = p->fixed;
	if (slot >= 0)
		p->fixed = NOT_FIXED;
	else
		advance(p, 1, t->len * 8);
	return 0;
}

static bool is_uuid(const struct plan *p, const struct node *n)
{
	bool named = p->t->is_json ? n->type->role == SEM_UUID :
				     n->raw && !strcmp(n->raw, "uuid");

	return n->scope == CTF_PACKET_HEADER && n->parent &&
	       !n->parent->parent && named &&
	       n->type->kind == CTF_ARRAY && n->type->len == 16 &&
	       n->type->bits == 128;
}

static int add_array(struct plan *p, struct node *n)
{
	const struct ctf_type *t = n->type;
	bool is_seq = t->kind == CTF_SEQUENCE;
	struct node *last = NULL;
	uint64_t fixed, bits;
	uint32_t open;
	struct op *o;
	int slot = -1, ret;

	if (is_seq) {
		slot = plan_slot(p, t, n, NULL);
		if (slot < 0)
			return slot;
	}
	if (t->is_text && t->elem->align == 8)
		return add_text(p, n, slot);
	open = (uint32_t)p->n;
	o = plan_op(p, is_seq ? OP_SEQ : OP_ARRAY, n);
	if (!o)
		return p->e->code;
	o->align = t->align;
	o->n = t->len;
	o->in = (int16_t)slot;
	if (is_uuid(p, n))
		o->sem = SEM_UUID;
	advance(p, t->align, NOT_FIXED);
	n->fixed = fixed = p->fixed;
	bits = t->bits;
	p->loops++;
	p->fixed = NOT_FIXED;
	ret = add_child(p, n, &last, t->elem, NULL);
	p->loops--;
	if (ret)
		return ret;
	p->fixed = fixed == NOT_FIXED || bits == NOT_FIXED ? NOT_FIXED :
							     fixed + bits;
	o = plan_op(p, OP_NEXT, n);
	if (!o)
		return p->e->code;
	o->jump = open + 1;
	p->op[open].jump = (uint32_t)p->n;
	return 0;
}

/* -------------------------------------------------------------- variants */

static int count_options(const struct ctf_type *tag, const struct ctf_type *v)
{
	size_t i, k;
	int n = 0;

	if (v->choices)
		return v->n_choices > 65535 ? 65536 : (int)v->n_choices;
	for (i = 0; i < tag->n_ranges; i++)
		for (k = 0; k < v->n_members; k++)
			n += !strcmp(tag->ranges[i].label,
				     v->members[k].raw_name) ||
			     !strcmp(tag->ranges[i].label, v->members[k].name);
	return n;
}

/* Ranges of the tag's labels, in their order, with the option they choose. */
static int fill_options(const struct ctf_type *tag, const struct ctf_type *v,
			const uint32_t *jump, struct option *out)
{
	size_t i, k;
	int n = 0;

	for (i = 0; v->choices && i < v->n_choices; i++)
		out[n++] = (struct option){ v->choices[i].lo, v->choices[i].hi,
					    jump[v->choices[i].option] };
	if (v->choices)
		return n;
	for (i = 0; i < tag->n_ranges; i++) {
		const struct ctf_range *r = &tag->ranges[i];

		for (k = 0; k < v->n_members; k++) {
			if (strcmp(r->label, v->members[k].raw_name) &&
			    strcmp(r->label, v->members[k].name))
				continue;
			out[n++] = (struct option){ r->lo, r->hi, jump[k] };
		}
	}
	return n;
}

static int add_options(struct plan *p, struct node *n, uint32_t *jump)
{
	struct node *last = NULL;
	size_t i;
	int ret;

	for (i = 0; i < n->type->n_members; i++) {
		const struct ctf_member *m = &n->type->members[i];

		jump[i] = (uint32_t)p->n;
		p->fixed = NOT_FIXED;
		ret = add_child(p, n, &last, m->type, m);
		if (ret)
			return ret;
		if (!plan_op(p, OP_VARIANT_END, n))
			return p->e->code;
	}
	p->fixed = NOT_FIXED;
	return 0;
}

static int add_variant(struct plan *p, struct node *n)
{
	const struct ctf_type *t = n->type;
	struct node *tag;
	struct option *opt;
	uint32_t open, i, *jump;
	struct op *o;
	int slot, ret, count;

	slot = plan_slot(p, t, n, &tag);
	if (slot < 0)
		return slot;
	if (tag->type->kind != CTF_ENUM && !t->choices)
		return plan_bad_ref(p, t, "is not an enum");
	if (tag->type->n_ranges > 4096 || t->n_members > 4096)
		return plan_bad_ref(p, t, "has too many labels");
	open = (uint32_t)p->n;
	n->fixed = p->fixed;
	o = plan_op(p, OP_VARIANT, n);
	jump = calloc(t->n_members + 1, sizeof(*jump));
	count = count_options(tag->type, t);
	opt = count > 65535 ? NULL :
	      arena_get(&p->t->arena, (size_t)count * sizeof(*opt));
	if (!o || !jump || !opt) {
		free(jump);
		return fail_nomem(p->e);
	}
	ret = add_options(p, n, jump);
	if (!ret) {
		o = &p->op[open];
		o->in = (int16_t)slot;
		o->is_signed = tag->type->is_signed;
		o->options = opt;
		o->n_options = (uint16_t)fill_options(tag->type, t, jump, opt);
		o->optional = t->is_optional;
		o->jump = (uint32_t)p->n;
		for (i = open; i < p->n; i++)
			if (p->op[i].code == OP_VARIANT_END &&
			    p->op[i].node == n)
				p->op[i].jump = (uint32_t)p->n;
	}
	free(jump);
	return ret;
}

int plan_type(struct plan *p, struct node *n)
{
	int ret;

	/* Types are at most MAX_DEPTH deep (type.c), so this ends. */
	switch (n->type->kind) {
	case CTF_STRUCT:
		return add_struct(p, n);
	case CTF_VARIANT:
		return add_variant(p, n);
	case CTF_ARRAY:
	case CTF_SEQUENCE:
		return add_array(p, n);
	default:
		ret = add_leaf(p, n);
		return ret ? p->e->code : 0;
	}
}
