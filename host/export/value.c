// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>

#include "export/digits.h"
#include "export/value.h"

#define MAX_DEPTH 64

static void put_str(struct out *o, const char *s)
{
	out_put(o, s, strlen(s));
}

static char *put_binary(char *p, uint64_t u, unsigned int bits)
{
	while (bits--)
		*p++ = (char)('0' + (u >> bits & 1));
	return p;
}

static uint64_t low_bits(uint64_t u, unsigned int n)
{
	return n >= 64 ? u : u & (((uint64_t)1 << n) - 1);
}

static char *put_int(char *p, const struct ctf_type *type, uint64_t u)
{
	switch (type->base) {
	case 16:
		memcpy(p, "0x", 2);
		/* A sign is cut off at the next nibble. */
		return put_hex(p + 2, low_bits(u, (type->size + 3u) & ~3u));
	case 8:
		if (type->is_signed)
			u = low_bits(u, (type->size + 2u) / 3 * 3);
		return p + sprintf(p, "0%" PRIo64, u);
	case 2:
		memcpy(p, "0b", 2);
		return put_binary(p + 2, u, type->size);
	default:
		if (type->is_signed && (int64_t)u < 0) {
			*p++ = '-';
			u = -u;
		}
		return put_decimal(p, u);
	}
}

char *value_put_escape(char *p, unsigned char c)
{
	static const char names[] = "\aa\bb\033e\ff\nn\rr\tt\vv";
	const char *name = c ? strchr(names, c) : NULL;

	*p++ = '\\';
	if (c && strchr("\\'\"?", c))
		*p++ = (char)c;
	else if (name && !((name - names) & 1))
		*p++ = name[1];
	else
		p += sprintf(p, "x%02x", c);
	return p;
}

static void put_plain(struct out *o, const char *s, size_t n)
{
	size_t i = 0;

	while (i < n) {
		size_t start = i;

		while (i < n && value_is_plain((unsigned char)s[i]))
			i++;
		out_put(o, s + start, i - start);
		if (i < n) {
			out_reserve(o, MAX_NUMBER);
			o->p = value_put_escape(o->p, (unsigned char)s[i++]);
		}
	}
}

static void put_quoted(struct out *o, const char *s, size_t n)
{
	out_put(o, "\"", 1);
	put_plain(o, s, n);
	out_put(o, "\"", 1);
}

static void put_enum(struct out *o, const struct ctf_type *type, uint64_t u)
{
	bool first = true;
	size_t i;

	put_str(o, "( ");
	for (i = 0; i < type->n_ranges; i++) {
		const struct ctf_range *r = &type->ranges[i];
		bool in = type->is_signed ?
				  (int64_t)u >= (int64_t)r->lo &&
					  (int64_t)u <= (int64_t)r->hi :
				  u >= r->lo && u <= r->hi;

		if (!in)
			continue;
		if (!first)
			put_str(o, ", ");
		put_quoted(o, r->label, strlen(r->label));
		first = false;
	}
	if (first)
		put_str(o, "<unknown>");
	put_str(o, " : container = ");
	out_reserve(o, MAX_NUMBER);
	o->p = put_int(o->p, type, u);
	put_str(o, " )");
}

void value_put(struct out *o, const struct ctf_value *v)
{
	switch (v->type->kind) {
	case CTF_INT:
		out_reserve(o, MAX_NUMBER);
		o->p = put_int(o->p, v->type, v->u);
		break;
	case CTF_ENUM:
		put_enum(o, v->type, v->u);
		break;
	case CTF_FLOAT:
		out_reserve(o, MAX_NUMBER);
		o->p += sprintf(o->p, "%g", v->f);
		break;
	default:
		put_quoted(o, v->str, v->len);
	}
}

/* What comes before a member or element. */
static void put_lead(struct out *o, struct value_level *l, const char *name)
{
	if (l->kind == CTF_VARIANT)
		return; /* its brace has a blank already, its option no name */
	out_put(o, ", " + !l->n, l->n ? 2 : 1);
	if (l->kind == CTF_STRUCT) {
		put_str(o, name ? name : "");
		put_str(o, " = ");
	} else {
		out_reserve(o, MAX_NUMBER);
		*o->p++ = '[';
		o->p = put_decimal(o->p, l->n);
		put_str(o, "] = ");
	}
	l->n++;
}

static void put_open(struct out *o, enum ctf_kind kind)
{
	put_str(o, kind == CTF_STRUCT ? "{" : kind == CTF_VARIANT ? "{ " : "[");
}

void value_put_all(struct out *o, const struct ctf_value *v, long n)
{
	struct value_level levels[MAX_DEPTH + 1];
	unsigned int depth = 0;
	long i;

	levels[0] = (struct value_level){ .kind = CTF_STRUCT };
	for (i = 0; i < n; i++, v++) {
		struct value_level *l = &levels[depth];

		if (v->step == CTF_CLOSE) {
			put_str(o, value_level_is_list(l) ? " ]" : " }");
			if (depth)
				depth--;
			continue;
		}
		if (depth)
			put_lead(o, l, v->name);
		else if (i)
			put_str(o, ", ");
		if (v->step == CTF_LEAF) {
			value_put(o, v);
			continue;
		}
		if (depth < MAX_DEPTH)
			depth++;
		levels[depth] = (struct value_level){ .kind = v->type->kind };
		put_open(o, v->type->kind);
	}
}
