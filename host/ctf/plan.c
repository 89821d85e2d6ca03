// SPDX-License-Identifier: MIT
/*
 * From types to programs: every leaf of a scope becomes one op, and lengths
 * and tags are tied to the slots in which their values will be.
 */
#include <stdlib.h>

#include "ctf/internal.h"

struct plan {
	struct ctf_trace *t;
	struct sclass *sc;	/* NULL: the trace's packet header alone */
	struct class *cls;	/* NULL: a head */
	struct prog *prog;
	struct ctf_error *e;
	struct op *op;
	size_t n, cap;
	uint32_t n_nodes;
	unsigned int loops;
	unsigned int depth;
	uint64_t fixed;		/* bits so far, or NOT_FIXED */
	int n_slots;
	uint8_t scope;
};

static int bad_ref(struct plan *p, const struct ctf_type *t, const char *what)
{
	return fail(p->e, -EINVAL, "%s:%u:%u: %s \"%.64s\" %s",
		    p->t->meta_path, t->ref_line, t->ref_col,
		    t->kind == CTF_SEQUENCE ? "length" : "tag",
		    t->ref ? t->ref : "", what);
}

static int too_large(struct plan *p)
{
	if (p->cls)
		return fail(p->e, -EINVAL,
			    "%s:%u:%u: event \"%.64s\" has too many fields",
			    p->t->meta_path, p->cls->line, p->cls->col,
			    p->cls->pub.name);
	return fail(p->e, -EINVAL, "%s: a packet's head has too many fields",
		    p->t->meta_path);
}

static struct op *add_op(struct plan *p, enum op_code code,
			 const struct node *node)
{
	struct op *o;

	if (p->n >= MAX_NODES * 2) {
		too_large(p);
		return NULL;
	}
	if (vec_grow(&p->op, &p->cap, p->n + 1, sizeof(*o))) {
		fail_nomem(p->e);
		return NULL;
	}
	o = memset(&p->op[p->n++], 0, sizeof(*o));
	o->code = (uint8_t)code;
	o->slot = o->in = -1;
	o->align = 1;
	o->node = node;
	o->type = node ? node->type : NULL;
	o->name = node ? node->name : NULL;
	o->scope = p->scope;
	return o;
}

static struct node *add_node(struct plan *p, struct node *parent,
			     const struct ctf_type *type, const char *name,
			     const char *raw)
{
	struct node *n;

	if (++p->n_nodes > MAX_NODES || ++p->t->n_nodes > MAX_ALL_NODES) {
		too_large(p);
		return NULL;
	}
	n = arena_get(&p->t->arena, sizeof(*n));
	if (!n) {
		fail_nomem(p->e);
		return NULL;
	}
	n->type = type;
	n->name = name;
	n->raw = raw;
	n->parent = parent;
	n->op = (uint32_t)p->n;
	n->scope = p->scope;
	n->loops = (uint8_t)p->loops;
	n->fixed = NOT_FIXED;
	return n;
}

/* -------------------------------------------------------------- references */

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

/*
 * A length or tag is looked for from the inside to the outside, then in the
 * scopes before. Only what was decoded before the user is in the tree.
 */
static struct node *find_ref(struct plan *p, struct node *user, const char *ref)
{
	struct node *n, *at;
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
		if (n && n != user)
			return n;
	}
	for (scope = p->scope - 1; scope >= 0; scope--) {
		n = descend(p, scope_root(p, (unsigned int)scope), ref);
		if (n)
			return n;
	}
	return NULL;
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

	if (n->type->kind != CTF_INT && n->type->kind != CTF_ENUM)
		return bad_ref(p, t, "is not an integer");
	if (t->kind == CTF_SEQUENCE && n->type->is_signed)
		return bad_ref(p, t, "is a signed integer");
	if (n->loops > p->loops)
		return bad_ref(p, t, "is inside of an array");
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
		return bad_ref(p, t, "is one of too many");
	if (p->cls && n->scope == CTF_EVENT_HEADER)
		p->sc->event_slots = true;
	return o->slot = (int16_t)(*count)++;
}

static int find_slot(struct plan *p, const struct ctf_type *t,
		     struct node *user, struct node **out)
{
	struct node *n;

	if (!t->ref)
		return bad_ref(p, t, "is missing");
	n = find_ref(p, user, t->ref);
	if (!n)
		return bad_ref(p, t, "is not a field before it");
	if (out)
		*out = n;
	return ref_slot(p, t, n);
}

/* ------------------------------------------------------------------ leaves */

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
	for (i = 0; n->raw && i < sizeof(names) / sizeof(*names); i++)
		if (names[i].scope == n->scope && !strcmp(names[i].name, n->raw))
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
	struct op *o = add_op(p, code, n);

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

static int add_type(struct plan *p, struct node *n);

static int add_child(struct plan *p, struct node *parent, struct node **last,
		     const struct ctf_type *type, const struct ctf_member *m)
{
	struct node *n = add_node(p, parent, type, m ? m->name : NULL,
				  m ? m->raw_name : NULL);

	if (!n)
		return p->e ? p->e->code : -EINVAL;
	if (*last)
		(*last)->next = n;
	else
		parent->child = n;
	*last = n;
	return add_type(p, n);
}

static int add_struct(struct plan *p, struct node *n)
{
	struct node *last = NULL;
	struct op *o = add_op(p, OP_OPEN, n);
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
	return add_op(p, OP_CLOSE, n) ? 0 : p->e->code;
}

static int add_text(struct plan *p, struct node *n, int slot)
{
	const struct ctf_type *t = n->type;
	struct op *o = add_op(p, slot < 0 ? OP_TEXT : OP_TEXT_SEQ, n);

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
		slot = find_slot(p, t, n, NULL);
		if (slot < 0)
			return slot;
	}
	if (t->is_text && t->elem->align == 8)
		return add_text(p, n, slot);
	open = (uint32_t)p->n;
	o = add_op(p, is_seq ? OP_SEQ : OP_ARRAY, n);
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
	o = add_op(p, OP_NEXT, n);
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
		if (!add_op(p, OP_VARIANT_END, n))
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

	slot = find_slot(p, t, n, &tag);
	if (slot < 0)
		return slot;
	if (tag->type->kind != CTF_ENUM && !t->choices)
		return bad_ref(p, t, "is not an enum");
	if (tag->type->n_ranges > 4096 || t->n_members > 4096)
		return bad_ref(p, t, "has too many labels");
	open = (uint32_t)p->n;
	n->fixed = p->fixed;
	o = add_op(p, OP_VARIANT, n);
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

static int add_type(struct plan *p, struct node *n)
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

/* ------------------------------------------------------------------ scopes */

static int add_scope(struct plan *p, enum ctf_scope scope,
		     const struct ctf_type *type)
{
	struct node *n;

	p->scope = (uint8_t)scope;
	if (!type)
		return 0;
	n = add_node(p, NULL, type, NULL, NULL);
	if (!n)
		return p->e->code;
	p->prog->scope[scope] = n;
	return add_type(p, n);
}

static int plan_end(struct plan *p, int ret)
{
	struct op *op;

	if (!ret && !add_op(p, OP_END, NULL))
		ret = p->e->code;
	if (!ret) {
		op = arena_get(&p->t->arena, p->n * sizeof(*op));
		if (op)
			memcpy(op, p->op, p->n * sizeof(*op));
		else
			ret = fail_nomem(p->e);
		p->prog->op = op;
		p->prog->n = (uint32_t)p->n;
	}
	free(p->op);
	return ret;
}

int plan_trace_head(struct ctf_trace *t, struct ctf_error *e)
{
	struct plan p = { .t = t, .prog = &t->head, .e = e };

	return plan_end(&p, add_scope(&p, CTF_PACKET_HEADER, t->packet_header));
}

int plan_heads(struct sclass *sc, struct ctf_error *e)
{
	struct plan p = { .t = sc->trace, .sc = sc, .prog = &sc->head, .e = e };
	struct plan h = { .t = sc->trace, .sc = sc, .prog = &sc->event_head,
			  .e = e };
	int ret;

	ret = add_scope(&p, CTF_PACKET_HEADER, sc->trace->packet_header);
	if (!ret)
		ret = add_scope(&p, CTF_PACKET_CONTEXT, sc->packet_context);
	ret = plan_end(&p, ret);
	if (ret)
		return ret;
	return plan_end(&h, add_scope(&h, CTF_EVENT_HEADER, sc->header));
}

int plan_class(struct class *c, struct ctf_error *e)
{
	struct plan p = { .t = c->sc->trace, .sc = c->sc, .cls = c,
			  .prog = &c->prog, .e = e, .n_slots = COMMON_SLOTS };
	int ret;

	ret = add_scope(&p, CTF_STREAM_CONTEXT,
			c->pub.scope[CTF_STREAM_CONTEXT]);
	if (!ret)
		ret = add_scope(&p, CTF_EVENT_CONTEXT,
				c->pub.scope[CTF_EVENT_CONTEXT]);
	if (!ret)
		ret = add_scope(&p, CTF_PAYLOAD, c->pub.scope[CTF_PAYLOAD]);
	return plan_end(&p, ret);
}
