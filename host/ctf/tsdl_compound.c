// SPDX-License-Identifier: MIT
/* TSDL: struct, variant, and arrays of anything. */
#include <stdlib.h>

#include "ctf/tsdl.h"

int array_of(struct parser *p, const struct ctf_type **type)
{
	struct token tok = p->cur;
	struct ctf_type *t = type_new(p, CTF_ARRAY);
	int ret;

	if (!t)
		return -ENOMEM;
	ret = next(p);
	if (ret)
		return ret;
	if (p->cur.kind == TOKEN_NUMBER) {
		t->len = p->cur.number;
		ret = next(p);
	} else {
		t->kind = CTF_SEQUENCE;
		t->ref_line = p->cur.line;
		t->ref_col = p->cur.col;
		ret = read_path(p, &t->ref);
	}
	if (!ret)
		ret = want_punct(p, ']');
	if (!ret && at_punct(p, '[')) {
		if (++p->depth > MAX_DEPTH)
			return bad_at(p, &tok, "a type that is too deep");
		ret = array_of(p, type);
		p->depth--;
	}
	if (ret)
		return ret;
	t->elem = *type;
	*type = t;
	return type_done(p, &tok, t);
}

/* NAME, NAME[len], ...: the type in is that before the name */
int read_declarator(struct parser *p, const struct ctf_type **type,
		    const char **name)
{
	int ret;

	if (at_punct(p, '*'))
		return bad_at(p, &p->cur, "pointers are not known");
	if (p->cur.kind != TOKEN_WORD)
		return bad_at(p, &p->cur, "a name expected");
	*name = p->cur.text;
	if (is_keyword(*name) || is_c_word(*name))
		return bad_at(p, &p->cur, "\"%.64s\" is a word of the language",
			      *name);
	ret = next(p);
	if (!ret && at_punct(p, '['))
		ret = array_of(p, type);
	return ret;
}

static int add_member(struct parser *p, struct list *l, const char *name,
		      const struct ctf_type *type)
{
	struct ctf_member *m;

	if (vec_grow(&l->v, &l->cap, l->n + 1, sizeof(*m)))
		return fail_nomem(p->e);
	m = (struct ctf_member *)l->v + l->n++;
	m->raw_name = name;
	m->name = name[0] == '_' ? name + 1 : name;
	m->type = type;
	return 0;
}

/* One statement inside of a struct or variant. */
static int read_member(struct parser *p, struct scope *s, struct list *l)
{
	const struct ctf_type *base, *type;
	const char *name;
	int ret;

	if (at_word(p, "typealias"))
		return read_typealias(p, s);
	if (at_word(p, "typedef"))
		return read_typedef(p, s);
	ret = read_type(p, s, &base);
	if (ret)
		return ret;
	for (;;) {
		type = base;
		ret = read_declarator(p, &type, &name);
		if (!ret)
			ret = name_add(p, s, NAME_MEMBER, name, type);
		if (!ret)
			ret = add_member(p, l, name, type);
		if (ret || !at_punct(p, ','))
			break;
		ret = next(p);
		if (ret)
			return ret;
	}
	return ret ? ret : want_punct(p, ';');
}

static int read_members(struct parser *p, struct scope *up, struct ctf_type *t)
{
	struct list l = { 0 };
	struct scope s;
	int ret;

	if (++p->depth > MAX_DEPTH)
		return bad_at(p, &p->cur, "a type that is too deep");
	scope_enter(p, &s, up);
	ret = next(p);
	while (!ret && !at_punct(p, '}'))
		ret = read_member(p, &s, &l);
	if (!ret)
		ret = next(p);
	t->members = list_keep(p, &l, sizeof(struct ctf_member));
	t->n_members = l.n;
	free(l.v);
	p->depth--;
	return ret ? ret : t->members ? 0 : fail_nomem(p->e);
}

static int read_struct_align(struct parser *p, struct ctf_type *t)
{
	struct value v;
	int ret = next(p);

	if (!ret)
		ret = want_punct(p, '(');
	if (!ret)
		ret = read_value(p, &v);
	if (!ret)
		ret = attr_align(p, &v, &t->align);
	return ret ? ret : want_punct(p, ')');
}

int read_struct(struct parser *p, struct scope *s, const struct ctf_type **out)
{
	struct token tok = p->cur;
	const char *name = NULL;
	struct ctf_type *t;
	int ret = next(p);

	if (!ret)
		ret = read_tag_name(p, &name);
	if (ret)
		return ret;
	if (!at_punct(p, '{')) {
		*out = name ? name_find(p, s, NAME_STRUCT, name) : NULL;
		if (!*out)
			return bad_at(p, &tok, "a struct that is not declared");
		return 0;
	}
	t = type_new(p, CTF_STRUCT);
	if (!t)
		return -ENOMEM;
	ret = read_members(p, s, t);
	if (!ret && at_word(p, "align"))
		ret = read_struct_align(p, t);
	if (!ret)
		ret = type_done(p, &tok, t);
	if (!ret && name)
		ret = name_add(p, s, NAME_STRUCT, name, t);
	*out = t;
	return ret;
}

/* <tag> */
static int read_tag(struct parser *p, struct ctf_type *t)
{
	int ret = next(p);

	t->ref_line = p->cur.line;
	t->ref_col = p->cur.col;
	if (!ret)
		ret = read_path(p, &t->ref);
	if (!ret && (is_keyword(t->ref) || is_c_word(t->ref)))
		return bad_at(p, &p->cur, "\"%.64s\" is a word of the language",
			      t->ref);
	return ret ? ret : want_punct(p, '>');
}

int read_variant(struct parser *p, struct scope *s, const struct ctf_type **out)
{
	struct token tok = p->cur;
	const struct ctf_type *known;
	const char *name = NULL;
	struct ctf_type *t = type_new(p, CTF_VARIANT);
	int ret;

	if (!t)
		return -ENOMEM;
	ret = next(p);
	if (!ret)
		ret = read_tag_name(p, &name);
	if (!ret && at_punct(p, '<'))
		ret = read_tag(p, t);
	if (ret)
		return ret;
	if (at_punct(p, '{')) {
		ret = read_members(p, s, t);
		if (!ret)
			ret = type_done(p, &tok, t);
		if (!ret && name)
			ret = name_add(p, s, NAME_VARIANT, name, t);
	} else {
		known = name ? name_find(p, s, NAME_VARIANT, name) : NULL;
		if (!known)
			return bad_at(p, &tok, "a variant that is not declared");
		t->members = known->members;
		t->n_members = known->n_members;
		if (!t->ref)
			t->ref = known->ref;
		ret = type_done(p, &tok, t);
	}
	*out = t;
	return ret;
}
