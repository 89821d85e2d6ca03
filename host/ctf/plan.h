/* SPDX-License-Identifier: MIT */
/* What the files of the planner share. */
#ifndef CTF_PLAN_H
#define CTF_PLAN_H

#include "ctf/internal.h"

/* A program being written. */
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
	uint64_t fixed;		/* bits so far, or NOT_FIXED */
	int n_slots;
	uint8_t scope;
};

/* plan.c: one more of each; NULL: the reason is in p->e */
struct op *plan_op(struct plan *p, enum op_code code, const struct node *node);
struct node *plan_node(struct plan *p, struct node *parent,
		       const struct ctf_type *type, const char *name,
		       const char *raw);

/* plan_ref.c: the slot of @t's length or tag, and its node where @out is there */
int plan_slot(struct plan *p, const struct ctf_type *t, struct node *user,
	      struct node **out);
int plan_bad_ref(struct plan *p, const struct ctf_type *t, const char *what);

/* plan_type.c: the ops of @n and of all below it */
int plan_type(struct plan *p, struct node *n);

#endif /* CTF_PLAN_H */
