// SPDX-License-Identifier: MIT
/* TSDL: integer, floating_point, string and enum. */
#include <stdlib.h>

#include "ctf/tsdl.h"

#define MAX_WIDE	65536	/* bits of an integer */

/* ------------------------------------------------- integer, floating_point */

int attr_align(struct parser *p, const struct value *v, uint32_t *out)
{
	uint64_t n = 0;
	int ret = value_small(p, v, 1 << 20, &n);

	if (ret)
		return ret;
	if (!n || n & (n - 1))
		return fail(p->e, -EINVAL,
			    "%s:%u:%u: an alignment is a power of two",
			    p->t->meta_path, v->line, v->col);
	*out = (uint32_t)n;
	return 0;
}

static int attr_byte_order(struct parser *p, const struct value *v, bool *out)
{
	const char *s = v->text ? v->text : "";

	if (!strcmp(s, "be") || !strcmp(s, "network"))
		*out = true;
	else if (!strcmp(s, "le"))
		*out = false;
	else if (!strcmp(s, "native"))
		*out = p->t->big_endian;
	else
		return fail(p->e, -EINVAL,
			    "%s:%u:%u: a byte order (le, be, network, native) expected",
			    p->t->meta_path, v->line, v->col);
	return 0;
}

static int attr_base(struct parser *p, const struct value *v, uint8_t *out)
{
	static const struct {
		const char *name;
		uint8_t base;
	} names[] = {
		{ "decimal", 10 }, { "dec", 10 }, { "d", 10 }, { "i", 10 },
		{ "u", 10 }, { "hexadecimal", 16 }, { "hex", 16 }, { "x", 16 },
		{ "X", 16 }, { "p", 16 }, { "octal", 8 }, { "oct", 8 },
		{ "o", 8 }, { "binary", 2 }, { "b", 2 },
	};
	size_t i;

	if (v->kind == TOKEN_NUMBER && (v->number == 2 || v->number == 8 ||
					v->number == 10 || v->number == 16)) {
		*out = (uint8_t)v->number;
		return 0;
	}
	for (i = 0; v->text && i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(v->text, names[i].name)) {
			*out = names[i].base;
			return 0;
		}
	}
	return fail(p->e, -EINVAL, "%s:%u:%u: a base of 2, 8, 10 or 16 expected",
		    p->t->meta_path, v->line, v->col);
}

/* map = clock.NAME.value */
static int attr_map(struct parser *p, const struct value *v,
		    const struct ctf_clock **out)
{
	const char *s = v->text ? v->text : "", *end;
	const char *name;
	struct clock *c;

	end = strrchr(s, '.');
	if (strncmp(s, "clock.", 6) || !end || end < s + 6)
		return fail(p->e, -EINVAL,
			    "%s:%u:%u: clock.NAME.value expected",
			    p->t->meta_path, v->line, v->col);
	name = lex_intern(&p->lex, s + 6, (size_t)(end - s - 6));
	c = name ? clock_get(p->t, name) : NULL;
	if (!c)
		return fail(p->e, -EINVAL,
			    "%s:%u:%u: too many clocks, or no memory for this one",
			    p->t->meta_path, v->line, v->col);
	*out = &c->pub;
	return 0;
}

static int attr_encoding(struct parser *p, const struct value *v, bool *out)
{
	static const char *const text[] = {
		"UTF8", "utf8", "utf-8", "UTF-8", "ASCII", "ascii",
	};
	const char *s = v->text ? v->text : "";
	size_t i;

	for (i = 0; i < sizeof(text) / sizeof(*text); i++)
		if (!strcmp(s, text[i])) {
			*out = true;
			return 0;
		}
	*out = false;
	if (!strcmp(s, "none"))
		return 0;
	if (!strncasecmp(s, "utf16", 5) || !strncasecmp(s, "utf-16", 6) ||
	    !strncasecmp(s, "utf32", 5) || !strncasecmp(s, "utf-32", 6))
		return fail(p->e, -ENOTSUP,
			    "%s:%u:%u: strings of 16 or 32 bits a character are not known",
			    p->t->meta_path, v->line, v->col);
	return fail(p->e, -EINVAL,
		    "%s:%u:%u: an encoding (none, UTF8, ASCII) expected",
		    p->t->meta_path, v->line, v->col);
}

/* What is wider than 64 bits is t->len bytes. */
static int attr_size(struct parser *p, const struct value *v,
		     struct ctf_type *t)
{
	uint64_t n = 0;
	int ret = value_small(p, v, MAX_WIDE, &n);

	if (!ret && (!n || (n > 64 && n % 8)))
		return fail(p->e, -EINVAL,
			    "%s:%u:%u: a size from 1 to 64, or of whole bytes, expected",
			    p->t->meta_path, v->line, v->col);
	t->size = n > 64 ? 8 : (uint8_t)n;
	t->len = n > 64 ? n / 8 : 0;
	return ret;
}

static int int_attr(struct parser *p, struct ctf_type *t, const char *key,
		    const struct value *v)
{
	int ret = 0;

	if (!strcmp(key, "size")) {
		ret = attr_size(p, v, t);
	} else if (!strcmp(key, "align")) {
		ret = attr_align(p, v, &t->align);
	} else if (!strcmp(key, "signed")) {
		ret = value_bool(p, v, &t->is_signed);
	} else if (!strcmp(key, "byte_order")) {
		ret = attr_byte_order(p, v, &t->big_endian);
	} else if (!strcmp(key, "base")) {
		ret = attr_base(p, v, &t->base);
	} else if (!strcmp(key, "encoding")) {
		ret = attr_encoding(p, v, &t->is_text);
	} else if (!strcmp(key, "map")) {
		ret = attr_map(p, v, &t->clock);
	}
	return ret;
}

/* { key = value; ... } */
static int read_attrs(struct parser *p, struct ctf_type *t, unsigned int *exp,
		      unsigned int *mant)
{
	struct keys seen = { .n = 0 };
	int ret = want_punct(p, '{');

	while (!ret && !at_punct(p, '}')) {
		struct token tok = p->cur;
		struct value v;
		const char *key;
		uint64_t n = 0;

		ret = read_key(p, &key);
		if (!ret)
			ret = key_once(p, &seen, &tok, key);
		if (!ret)
			ret = want_punct(p, '=');
		if (!ret)
			ret = read_value(p, &v);
		if (ret)
			break;
		if (exp && !strcmp(key, "exp_dig")) {
			ret = value_small(p, &v, 64, &n);
			*exp = (unsigned int)n;
		} else if (mant && !strcmp(key, "mant_dig")) {
			ret = value_small(p, &v, 64, &n);
			*mant = (unsigned int)n;
		} else {
			ret = int_attr(p, t, key, &v);
		}
		if (!ret)
			ret = want_punct(p, ';');
	}
	return ret ? ret : next(p);
}

/* An integer of more than 64 bits: its bytes, as they lie in the trace. */
static int wide_integer(struct parser *p, const struct token *tok,
			const struct ctf_type *t, const struct ctf_type **out)
{
	struct ctf_type *byte = type_new(p, CTF_INT);
	struct ctf_type *bytes = type_new(p, CTF_ARRAY);

	if (!byte || !bytes)
		return -ENOMEM;
	if (t->align != 8)
		return fail(p->e, -ENOTSUP,
			    "%s:%u:%u: an integer of more than 64 bits that is not aligned to 8",
			    p->t->meta_path, tok->line, tok->col);
	byte->size = 8;
	byte->base = 16;
	bytes->elem = byte;
	bytes->len = t->len;
	byte->align = t->align;
	*out = bytes;
	return type_finish(byte) ? -EINVAL : type_done(p, tok, bytes);
}

int read_integer(struct parser *p, const struct ctf_type **out)
{
	struct token tok = p->cur;
	struct ctf_type *t = type_new(p, CTF_INT);
	int ret;

	if (!t)
		return -ENOMEM;
	ret = next(p);
	if (!ret)
		ret = read_attrs(p, t, NULL, NULL);
	if (ret)
		return ret;
	if (!t->size)
		return bad_at(p, &tok, "an integer needs a size from 1 to 64");
	if (!t->align)
		t->align = t->size % 8 ? 1 : 8;
	if (t->len)
		return wide_integer(p, &tok, t, out);
	*out = t;
	return type_done(p, &tok, t);
}

int read_float(struct parser *p, const struct ctf_type **out)
{
	struct token tok = p->cur;
	struct ctf_type *t = type_new(p, CTF_FLOAT);
	unsigned int exp = 0, mant = 0;
	int ret;

	if (!t)
		return -ENOMEM;
	ret = next(p);
	if (!ret)
		ret = read_attrs(p, t, &exp, &mant);
	if (ret)
		return ret;
	t->size = (uint8_t)(exp + mant);
	if (!(exp == 8 && mant == 24) && !(exp == 11 && mant == 53))
		return bad_at(p, &tok,
			      "only floating point numbers of 8+24 and 11+53 bits are known");
	if (!t->align)
		t->align = 8;
	*out = t;
	return type_done(p, &tok, t);
}

int read_string(struct parser *p, const struct ctf_type **out)
{
	struct token tok = p->cur;
	struct ctf_type *t = type_new(p, CTF_STRING);
	int ret;

	if (!t)
		return -ENOMEM;
	ret = next(p);
	if (!ret && at_punct(p, '{'))
		ret = read_attrs(p, t, NULL, NULL);
	if (ret)
		return ret;
	t->is_text = true;
	t->size = 0;
	*out = t;
	return type_done(p, &tok, t);
}

/* -------------------------------------------------------------------- enum */

/*
 * A bound may be a number that the enum cannot hold, and then names no value:
 * LTTng writes negative labels of enums that are unsigned.
 */
static int range_bound(struct parser *p, uint64_t *out)
{
	struct token tok = p->cur;
	struct value v;
	int ret = read_value(p, &v);

	if (ret)
		return ret;
	if (v.kind != TOKEN_NUMBER)
		return bad_at(p, &tok, "a number expected");
	*out = v.number;
	return 0;
}

static bool is_reversed(const struct ctf_type *t, const struct ctf_range *r)
{
	return t->is_signed ? (int64_t)r->lo > (int64_t)r->hi : r->lo > r->hi;
}

static int read_range(struct parser *p, const struct ctf_type *t,
		      struct ctf_range *r, uint64_t *next_value)
{
	struct token tok = p->cur;
	int ret;

	if (p->cur.kind != TOKEN_WORD && p->cur.kind != TOKEN_STRING)
		return bad_at(p, &p->cur, "a label expected");
	r->label = p->cur.text;
	r->lo = r->hi = *next_value;
	ret = next(p);
	if (!ret && at_punct(p, '=')) {
		ret = next(p);
		if (!ret)
			ret = range_bound(p, &r->lo);
		r->hi = r->lo;
		if (!ret && p->cur.kind == TOKEN_DOTS) {
			ret = next(p);
			if (!ret)
				ret = range_bound(p, &r->hi);
		}
	}
	if (!ret && is_reversed(t, r))
		return bad_at(p, &tok, "a range that ends before it begins");
	*next_value = r->hi + 1;
	return ret;
}

static int read_ranges(struct parser *p, struct ctf_type *t)
{
	struct list l = { 0 };
	uint64_t value = 0;
	int ret = next(p);

	if (!ret && at_punct(p, '}'))
		return bad_at(p, &p->cur, "a label expected");
	while (!ret && !at_punct(p, '}')) {
		if (vec_grow(&l.v, &l.cap, l.n + 1, sizeof(struct ctf_range))) {
			ret = fail_nomem(p->e);
			break;
		}
		ret = read_range(p, t, (struct ctf_range *)l.v + l.n, &value);
		l.n++;
		if (ret || !at_punct(p, ','))
			break;
		ret = next(p);
	}
	if (!ret)
		ret = want_punct(p, '}');
	t->ranges = list_keep(p, &l, sizeof(struct ctf_range));
	t->n_ranges = l.n;
	free(l.v);
	return ret ? ret : t->ranges ? 0 : fail_nomem(p->e);
}

static int enum_body(struct parser *p, const struct token *tok,
		     const struct ctf_type *base, struct ctf_type *t)
{
	int ret;

	if (!base || base->kind != CTF_INT)
		return bad_at(p, tok, "an enum of something that is no integer");
	*t = *base;
	t->kind = CTF_ENUM;
	t->is_text = false;
	ret = read_ranges(p, t);
	return ret ? ret : type_done(p, tok, t);
}

int read_enum(struct parser *p, struct scope *s, const struct ctf_type **out)
{
	struct token tok = p->cur;
	const struct ctf_type *base = NULL;
	const char *name = NULL, *word_int;
	struct ctf_type *t;
	int ret = next(p);

	if (!ret)
		ret = read_tag_name(p, &name);
	if (!ret && at_punct(p, ':')) {
		ret = next(p);
		if (!ret)
			ret = read_type(p, s, &base);
	}
	if (ret)
		return ret;
	if (!at_punct(p, '{')) {
		*out = name ? name_find(p, s, NAME_ENUM, name) : NULL;
		if (!*out)
			return bad_at(p, &tok, "an enum that is not declared");
		return 0;
	}
	if (!base) {
		word_int = lex_intern(&p->lex, "int", 3);
		if (!word_int)
			return fail_nomem(p->e);
		base = name_find(p, s, NAME_TYPE, word_int);
	}
	t = type_new(p, CTF_ENUM);
	if (!t)
		return -ENOMEM;
	*out = t;
	ret = enum_body(p, &tok, base, t);
	if (!ret && name)
		ret = name_add(p, s, NAME_ENUM, name, t);
	return ret;
}
