// SPDX-License-Identifier: MIT
/* Lengths and tags are tied to the slots in which their values will be. */
#include "ctf/plan.h"

int plan_bad_ref(struct plan *p, const struct ctf_type *t, const char *what)
{
	return fail(p->e, -EINVAL, "%s:%u:%u: %s \"%.64s\" %s",
		    p->t->meta_path, t->ref_line, t->ref_col,
		    t->kind == CTF_SEQUENCE ? "length" : "tag",
		    t->ref ? t->ref : "", what);
}

static struct node *child_named(const struct node *n, const char *s, size_t len)
{
	struct node *c, *found = NULL;

	for (c = n->child; c; c = c->next)
		if (c->raw && strlen(c->raw) == len && !memcmp(c->raw, s, len))
			return c;
	for (c = n->child; c && !found; c = c->next)
		if (c->name && strlen(c->name) == len && !memcmp(c->name, s, len))
			found = c;
	return found;
}

/* The element of an array, the option of a variant that is being planned. */
static struct node *last_child(const struct node *n)
{
	struct node *c = n->child;

	while (c && c->next)
		c = c->next;
	return c;
}

/* Follows a dotted path down from @n, whose own name is already used up. */
static struct node *descend(const struct plan *p, struct node *n,
			    const char *path)
{
	const char sep[2] = { p->t->is_json ? REF_SEPARATOR : '.', 0 };

	while (n && *path) {
		size_t len = strcspn(path, sep);

		/* CTF 2: arrays and variants are not named on the way. */
		while (n && p->t->is_json && n->type->kind != CTF_STRUCT)
			n = last_child(n);
		n = n ? child_named(n, path, len) : NULL;
		path += len;
		if (*path)
			path++;
	}
	return n;
}

static struct node *scope_root(const struct plan *p, unsigned int scope)
{
	if (scope == p->scope || (p->cls && scope >= CTF_STREAM_CONTEXT) ||
	    (!p->cls && scope <= CTF_PACKET_CONTEXT))
		return p->prog->scope[scope];
	if (!p->sc)
		return NULL;
	if (scope == CTF_EVENT_HEADER)
		return p->sc->event_head.scope[scope];
	return p->sc->head.scope[scope];
}

static struct node *find_absolute(struct plan *p, const char *ref, bool *is_abs)
{
	static const struct {
		const char *prefix;
		enum ctf_scope scope;
	} roots[] = {
		{ "trace.packet.header.", CTF_PACKET_HEADER },
		{ "packet.header.", CTF_PACKET_HEADER },
		{ "stream.packet.context.", CTF_PACKET_CONTEXT },
		{ "packet.context.", CTF_PACKET_CONTEXT },
		{ "stream.event.header.", CTF_EVENT_HEADER },
		{ "event.header.", CTF_EVENT_HEADER },
		{ "stream.event.context.", CTF_STREAM_CONTEXT },
		{ "event.context.", CTF_EVENT_CONTEXT },
		{ "event.fields.", CTF_PAYLOAD },
	};
	size_t i, len;

	for (i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
		len = strlen(roots[i].prefix);
		if (strncmp(ref, roots[i].prefix, len))
			continue;
		*is_abs = true;
		return descend(p, scope_root(p, roots[i].scope), ref + len);
	}
	*is_abs = false;
	return NULL;
}

static bool can_count(const struct node *n)
{
	return n->type->kind == CTF_INT || n->type->kind == CTF_ENUM;
}

/*
 * A length or tag is looked for from the inside to the outside, then in the
 * scopes before. Only what was decoded before the user is in the tree. The
 * nearest field of the name that is a number is meant; where there is none the
 * nearest of the name is returned, for the message.
 */
static struct node *find_ref(struct plan *p, struct node *user, const char *ref)
{
	struct node *n, *at, *other = NULL;
	bool is_abs;
	int scope;

	if (user->type->ref_scope)
		return descend(p, scope_root(p, user->type->ref_scope - 1u),
			       ref);
	n = find_absolute(p, ref, &is_abs);
	if (is_abs && !p->t->is_json)
		return n;
	for (at = user->parent; at; at = at->parent) {
		n = descend(p, at, ref);
		if (n && n != user && can_count(n))
			return n;
		if (n && n != user && !other)
			other = n;
	}
	for (scope = p->scope - 1; scope >= 0; scope--) {
		n = descend(p, scope_root(p, (unsigned int)scope), ref);
		if (n && can_count(n))
			return n;
		if (n && !other)
			other = n;
	}
	return other;
}

static struct prog *prog_of(struct plan *p, const struct node *n)
{
	if (n->scope == p->scope || (p->cls && n->scope >= CTF_STREAM_CONTEXT) ||
	    (!p->cls && n->scope <= CTF_PACKET_CONTEXT))
		return NULL;		/* the one being built */
	return n->scope == CTF_EVENT_HEADER ? &p->sc->event_head : &p->sc->head;
}

/* The slot of an int that a length or tag refers to; makes one if needed. */
static int ref_slot(struct plan *p, const struct ctf_type *t, struct node *n)
{
	struct prog *other = prog_of(p, n);
	struct op *o = other ? &other->op[n->op] : &p->op[n->op];
	int *count, limit;

	if (!can_count(n))
		return plan_bad_ref(p, t, "is not an integer");
	if (t->kind == CTF_SEQUENCE && n->type->is_signed)
		return plan_bad_ref(p, t, "is a signed integer");
	if (n->loops > p->loops)
		return plan_bad_ref(p, t, "is inside of an array");
	if (o->slot >= 0)
		return o->slot;
	if (n->scope <= CTF_EVENT_HEADER) {
		count = p->sc ? &p->sc->n_common : &p->n_slots;
		limit = COMMON_SLOTS;
	} else {
		count = &p->n_slots;
		limit = ALL_SLOTS;
	}
	if (*count >= limit)
		return plan_bad_ref(p, t, "is one of too many");
	if (p->cls && n->scope == CTF_EVENT_HEADER)
		p->sc->event_slots = true;
	return o->slot = (int16_t)(*count)++;
}

int plan_slot(struct plan *p, const struct ctf_type *t, struct node *user,
	      struct node **out)
{
	struct node *n;

	if (!t->ref)
		return plan_bad_ref(p, t, "is missing");
	n = find_ref(p, user, t->ref);
	if (!n)
		return plan_bad_ref(p, t, "is not a field before it");
	if (out)
		*out = n;
	return ref_slot(p, t, n);
}
