// SPDX-License-Identifier: MIT
/* TSDL: tokens, values and names; the blocks are in parse.c. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctf/tsdl.h"

int bad_at(struct parser *p, const struct token *tok, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (tok->kind == TOKEN_EOF) {
		fail(p->e, -EINVAL, "%s:%u:%u: the text ends here; %s",
		     p->t->meta_path, tok->line, tok->col, what);
		return remedy(p->e, "is the metadata complete? copy the whole trace again");
	}
	return fail(p->e, -EINVAL, "%s:%u:%u: %s", p->t->meta_path, tok->line,
		    tok->col, what);
}

int next(struct parser *p)
{
	lex_next(&p->lex, &p->cur);
	return p->cur.kind == TOKEN_BAD ? p->e->code : 0;
}

bool at_word(const struct parser *p, const char *w)
{
	return p->cur.kind == TOKEN_WORD && !strcmp(p->cur.text, w);
}

bool at_punct(const struct parser *p, char c)
{
	return p->cur.kind == TOKEN_PUNCT && p->cur.c == c;
}

int want_punct(struct parser *p, char c)
{
	if (!at_punct(p, c))
		return bad_at(p, &p->cur, "'%c' expected", c);
	return next(p);
}

static int buf_add(struct parser *p, size_t *n, const char *s)
{
	size_t len = strlen(s);

	if (*n + len > 4096)
		return bad_at(p, &p->cur, "a name that is too long");
	if (vec_grow(&p->buf, &p->cap_buf, *n + len + 1, 1))
		return fail_nomem(p->e);
	memcpy(p->buf + *n, s, len + 1);
	*n += len;
	return 0;
}

/* Words with dots between them, as one text; "[0]" is dropped. */
int read_path(struct parser *p, const char **out)
{
	size_t n = 0;
	int ret;

	for (;;) {
		if (p->cur.kind != TOKEN_WORD)
			return bad_at(p, &p->cur, "a name expected");
		ret = buf_add(p, &n, p->cur.text);
		if (ret)
			return ret;
		ret = next(p);
		if (ret || !at_punct(p, '.'))
			break;
		ret = buf_add(p, &n, ".");
		if (!ret)
			ret = next(p);
		if (ret)
			break;
	}
	if (ret)
		return ret;
	*out = lex_intern(&p->lex, p->buf, n);
	return *out ? 0 : fail_nomem(p->e);
}

int read_key(struct parser *p, const char **out)
{
	if (p->cur.kind != TOKEN_STRING)
		return read_path(p, out);
	*out = p->cur.text;
	return next(p);
}

int read_tag_name(struct parser *p, const char **out)
{
	*out = NULL;
	if (p->cur.kind != TOKEN_WORD)
		return 0;
	if (is_keyword(p->cur.text) || is_c_word(p->cur.text))
		return bad_at(p, &p->cur, "\"%.64s\" is a word of the language",
			      p->cur.text);
	*out = p->cur.text;
	return next(p);
}

int read_value(struct parser *p, struct value *v)
{
	int ret;

	memset(v, 0, sizeof(*v));
	v->line = p->cur.line;
	v->col = p->cur.col;
	v->span.from = p->cur.from;
	while (at_punct(p, '-') || at_punct(p, '+')) {
		v->negative ^= p->cur.c == '-';
		ret = next(p);
		if (ret)
			return ret;
		if (p->cur.kind != TOKEN_NUMBER)
			return bad_at(p, &p->cur, "a number expected");
	}
	v->span.to = p->cur.to;
	v->kind = p->cur.kind;
	v->text = p->cur.text;
	v->number = p->cur.number;
	if (v->kind == TOKEN_WORD)
		return read_path(p, &v->text);
	if (v->kind != TOKEN_NUMBER && v->kind != TOKEN_STRING)
		return bad_at(p, &p->cur, "a value expected");
	if (v->negative) {
		if (v->number > 1ull << 63)
			return bad_at(p, &p->cur, "a number below -2^63");
		v->number = -v->number;
		v->negative = v->number != 0;
	}
	return next(p);
}

int value_bool(struct parser *p, const struct value *v, bool *out)
{
	const char *s = v->text ? v->text : "";

	if (v->kind == TOKEN_NUMBER)
		*out = v->number != 0;
	else if (!strcmp(s, "true") || !strcmp(s, "TRUE"))
		*out = true;
	else if (!strcmp(s, "false") || !strcmp(s, "FALSE"))
		*out = false;
	else
		return fail(p->e, -EINVAL, "%s:%u:%u: true or false expected",
			    p->t->meta_path, v->line, v->col);
	return 0;
}

int key_once(struct parser *p, struct keys *seen, const struct token *tok,
	     const char *key)
{
	unsigned int i;

	for (i = 0; i < seen->n; i++)
		if (seen->key[i] == key)
			return bad_at(p, tok, "\"%.64s\" is given twice", key);
	if (seen->n < sizeof(seen->key) / sizeof(seen->key[0]))
		seen->key[seen->n++] = key;
	return 0;
}

static bool is_one_of(const char *s, const char *const *words, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(s, words[i]))
			return true;
	return false;
}

bool is_keyword(const char *s)
{
	static const char *const words[] = {
		"align", "callsite", "clock", "const", "enum", "env", "event",
		"floating_point", "integer", "stream", "string", "struct",
		"trace", "typealias", "typedef", "variant",
	};

	return is_one_of(s, words, sizeof(words) / sizeof(*words));
}

bool is_c_word(const char *s)
{
	static const char *const words[] = {
		"char", "short", "int", "long", "signed", "unsigned", "float",
		"double", "void", "_Bool", "_Complex", "_Imaginary",
	};

	return is_one_of(s, words, sizeof(words) / sizeof(*words));
}

int value_small(struct parser *p, const struct value *v, uint64_t max,
		uint64_t *out)
{
	if (v->kind != TOKEN_NUMBER || v->negative || v->number > max)
		return fail(p->e, -EINVAL,
			    "%s:%u:%u: a number from 0 to %llu expected",
			    p->t->meta_path, v->line, v->col,
			    (unsigned long long)max);
	*out = v->number;
	return 0;
}

void scope_enter(struct parser *p, struct scope *s, struct scope *up)
{
	s->up = up;
	s->id = ++p->n_scopes;
}

static size_t name_slot(const struct name *t, size_t cap, uint32_t scope,
			uint32_t kind, const char *text)
{
	uint64_t h = ((uintptr_t)text ^ (uint64_t)scope << 34 ^
		      (uint64_t)kind << 60) * 0x9e3779b97f4a7c15ull;
	size_t k;

	for (k = h >> 32 & (cap - 1); t[k].text; k = (k + 1) & (cap - 1))
		if (t[k].text == text && t[k].scope == scope &&
		    t[k].kind == kind)
			break;
	return k;
}

static int names_grow(struct parser *p)
{
	size_t n = p->cap_names ? p->cap_names * 2 : 256, i, k;
	struct name *t = calloc(n, sizeof(*t));

	if (!t)
		return fail_nomem(p->e);
	for (i = 0; i < p->cap_names; i++) {
		const struct name *o = &p->names[i];

		if (!o->text)
			continue;
		k = name_slot(t, n, o->scope, o->kind, o->text);
		t[k] = *o;
	}
	free(p->names);
	p->names = t;
	p->cap_names = n;
	return 0;
}

/* A name hides that of an outer scope; within one scope there is one of it. */
int name_add(struct parser *p, const struct scope *s, enum name_kind kind,
	     const char *text, const struct ctf_type *type)
{
	size_t k;
	int ret;

	if (p->n_names * 2 >= p->cap_names) {
		ret = names_grow(p);
		if (ret)
			return ret;
	}
	k = name_slot(p->names, p->cap_names, s->id, kind, text);
	if (p->names[k].text)
		return bad_at(p, &p->cur, "\"%.64s\" is declared already", text);
	p->n_names++;
	p->names[k] = (struct name){ s->id, kind, text, type };
	return 0;
}

const struct ctf_type *name_find(const struct parser *p, const struct scope *s,
				 enum name_kind kind, const char *text)
{
	size_t k;

	if (!p->cap_names)
		return NULL;
	for (; s; s = s->up) {
		k = name_slot(p->names, p->cap_names, s->id, kind, text);
		if (p->names[k].text)
			return p->names[k].type;
	}
	return NULL;
}
