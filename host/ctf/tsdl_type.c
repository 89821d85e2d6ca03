// SPDX-License-Identifier: MIT
/* TSDL: types by name, and what declares them. */
#include "ctf/tsdl.h"

struct ctf_type *type_new(struct parser *p, enum ctf_kind kind)
{
	struct ctf_type *t = arena_get(&p->t->arena, sizeof(*t));

	if (!t) {
		fail_nomem(p->e);
		return NULL;
	}
	t->kind = kind;
	t->big_endian = p->t->big_endian;
	t->base = 10;
	return t;
}

int type_done(struct parser *p, const struct token *tok, struct ctf_type *t)
{
	if (type_finish(t))
		return bad_at(p, tok, "a type that is too large or too deep");
	return 0;
}

const void *list_keep(struct parser *p, struct list *l, size_t size)
{
	void *v = arena_get(&p->t->arena, l->n * size);

	if (v && l->n)
		memcpy(v, l->v, l->n * size);
	return v;
}

/* Pointers have aliases of their own: the '*' behind a name belongs to it. */
static int read_stars(struct parser *p, char *buf, size_t size, size_t *n)
{
	int ret = 0;

	while (!ret && at_punct(p, '*')) {
		if (*n + 2 > size)
			return bad_at(p, &p->cur, "a name that is too long");
		buf[(*n)++] = '*';
		ret = next(p);
	}
	return ret;
}

/* "unsigned long", "uint32_t", "void *": words of C are taken together. */
static int read_type_name(struct parser *p, const char **out)
{
	char buf[256] = "";
	size_t n = 0, len;
	bool c;
	int ret;

	do {
		if (p->cur.kind != TOKEN_WORD)
			return bad_at(p, &p->cur, "a type expected");
		if (is_keyword(p->cur.text))
			return bad_at(p, &p->cur,
				      "\"%.64s\" is a word of the language",
				      p->cur.text);
		c = is_c_word(p->cur.text);
		len = strlen(p->cur.text);
		if (n + len + 2 > sizeof(buf))
			return bad_at(p, &p->cur, "a name that is too long");
		if (n)
			buf[n++] = ' ';
		memcpy(buf + n, p->cur.text, len);
		n += len;
		ret = next(p);
		if (ret)
			return ret;
	} while (c && p->cur.kind == TOKEN_WORD && is_c_word(p->cur.text));
	ret = read_stars(p, buf, sizeof(buf), &n);
	if (ret)
		return ret;
	*out = lex_intern(&p->lex, buf, n);
	return *out ? 0 : fail_nomem(p->e);
}

int read_type(struct parser *p, struct scope *s, const struct ctf_type **out)
{
	struct token tok;
	const char *name;
	int ret;

	while (at_word(p, "const")) {
		ret = next(p);
		if (ret)
			return ret;
	}
	tok = p->cur;
	if (at_word(p, "integer"))
		return read_integer(p, out);
	if (at_word(p, "floating_point"))
		return read_float(p, out);
	if (at_word(p, "string"))
		return read_string(p, out);
	if (at_word(p, "enum"))
		return read_enum(p, s, out);
	if (at_word(p, "struct"))
		return read_struct(p, s, out);
	if (at_word(p, "variant"))
		return read_variant(p, s, out);
	ret = read_type_name(p, &name);
	if (ret)
		return ret;
	*out = name_find(p, s, NAME_TYPE, name);
	if (!*out)
		return bad_at(p, &tok, "type \"%.64s\" is not declared", name);
	return 0;
}

int read_typealias(struct parser *p, struct scope *s)
{
	const struct ctf_type *type;
	const char *name;
	int ret = next(p);

	if (!ret)
		ret = read_type(p, s, &type);
	if (!ret && at_punct(p, '['))
		ret = array_of(p, &type);
	if (!ret && p->cur.kind != TOKEN_ASSIGN)
		ret = bad_at(p, &p->cur, "':=' expected");
	if (!ret)
		ret = next(p);
	if (!ret)
		ret = read_type_name(p, &name);
	if (!ret)
		ret = name_add(p, s, NAME_TYPE, name, type);
	return ret ? ret : want_punct(p, ';');
}

int read_typedef(struct parser *p, struct scope *s)
{
	const struct ctf_type *base, *type;
	const char *name;
	int ret = next(p);

	if (!ret)
		ret = read_type(p, s, &base);
	while (!ret) {
		type = base;
		ret = read_declarator(p, &type, &name);
		if (!ret)
			ret = name_add(p, s, NAME_TYPE, name, type);
		if (ret || !at_punct(p, ','))
			break;
		ret = next(p);
	}
	return ret ? ret : want_punct(p, ';');
}

static bool at_tag(const struct parser *p)
{
	return at_word(p, "struct") || at_word(p, "enum") ||
	       at_word(p, "variant");
}

bool at_declaration(const struct parser *p)
{
	return at_word(p, "typealias") || at_word(p, "typedef") ||
	       at_tag(p) || at_word(p, "integer");
}

int read_declaration(struct parser *p, struct scope *s)
{
	const struct ctf_type *type;
	int ret;

	if (at_word(p, "typealias"))
		return read_typealias(p, s);
	if (at_word(p, "typedef"))
		return read_typedef(p, s);
	/* Declarations of tags may follow each other without a ';' between. */
	do
		ret = read_type(p, s, &type);
	while (!ret && at_tag(p));
	if (!ret && at_word(p, "typedef"))
		return read_typedef(p, s);
	return ret ? ret : want_punct(p, ';');
}
