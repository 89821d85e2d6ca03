// SPDX-License-Identifier: MIT
/*
 * Values that are no content of their own: what packets say about themselves
 * (sizes, times, counters), and readings of the clock. They are left out unless
 * a length or tag refers to them, and with them what holds nothing else.
 */
#include "ctf/internal.h"

struct hiding {
	const struct prog *prog;
	const struct ctf_value *from;
	struct ctf_value *to;
};

static bool is_packets_own(uint8_t sem)
{
	return sem == SEM_BEGIN || sem == SEM_END || sem == SEM_CONTENT ||
	       sem == SEM_PACKET || sem == SEM_SEQ || sem == SEM_DISCARDED;
}

static bool is_hidden(const struct prog *p, const struct node *n)
{
	const struct op *o = &p->op[n->op];
	const struct node *c;

	switch (n->type->kind) {
	case CTF_INT:
	case CTF_ENUM:
		return o->slot < 0 && (n->type->clock || is_packets_own(o->sem));
	case CTF_STRUCT:
	case CTF_VARIANT:
	case CTF_ARRAY:
	case CTF_SEQUENCE:
		/* Texts have no nodes below them, nor has what is empty. */
		for (c = n->child; c; c = c->next)
			if (!is_hidden(p, c))
				return false;
		return n->child;
	default:
		return false;
	}
}

bool hides(const struct prog *p)
{
	const struct op *o;

	for (o = p->op; o->code != OP_END; o++)
		if (o->node && is_hidden(p, o->node))
			return true;
	return false;
}

/* An option of a variant, by the value that is there. */
static const struct node *chosen(const struct node *n,
				 const struct ctf_value *v)
{
	const struct node *c = n->child;

	while (c && c->next && (c->type != v->type || c->name != v->name))
		c = c->next;
	return c;
}

/* Moves on behind the values of @n, and keeps those that are to be seen. */
static void pass(struct hiding *h, const struct node *n, bool hidden)
{
	const struct node *c = n->child;
	enum ctf_kind kind = n->type->kind;
	bool has_parts = h->from->step == CTF_OPEN;

	/* All options of a variant that is seen are. */
	if (!n->parent || n->parent->type->kind != CTF_VARIANT)
		hidden |= is_hidden(h->prog, n);
	if (!hidden)
		*h->to++ = *h->from;
	h->from++;
	if (!has_parts)
		return;
	while (h->from->step != CTF_CLOSE) {
		pass(h, kind == CTF_VARIANT ? chosen(n, h->from) : c, hidden);
		if (kind == CTF_STRUCT)
			c = c->next;
	}
	if (!hidden)
		*h->to++ = *h->from;
	h->from++;
}

/* @v is all of the program's values, one scope behind the other. */
size_t hide(const struct prog *p, struct ctf_value *v, size_t n)
{
	struct hiding h = { .prog = p, .from = v, .to = v };

	while (h.from < v + n)
		pass(&h, p->scope[h.from->scope], false);
	return (size_t)(h.to - v);
}
