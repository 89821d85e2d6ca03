// SPDX-License-Identifier: MIT
/*
 * From types to programs: which scopes a program has, and the ops and nodes
 * that it is made of.
 */
#include <stdlib.h>

#include "ctf/plan.h"

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

struct op *plan_op(struct plan *p, enum op_code code, const struct node *node)
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

struct node *plan_node(struct plan *p, struct node *parent,
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

static int add_scope(struct plan *p, enum ctf_scope scope,
		     const struct ctf_type *type)
{
	struct node *n;

	p->scope = (uint8_t)scope;
	if (!type)
		return 0;
	n = plan_node(p, NULL, type, NULL, NULL);
	if (!n)
		return p->e->code;
	p->prog->scope[scope] = n;
	return plan_type(p, n);
}

static int plan_end(struct plan *p, int ret)
{
	struct op *op;

	if (!ret && !plan_op(p, OP_END, NULL))
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
