// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "export/fields.h"
#include "export/value.h"
#include "base/utf8.h"

#define MAX_DEPTH 64

static void put_format(struct out *o, const char *format, uint64_t u)
{
	out_reserve(o, MAX_NUMBER);
	o->p += snprintf(o->p, MAX_NUMBER, format, u);
}

/* Characters are looked at in a copy of a few bytes, which has an end. */
static void put_text(struct out *o, const char *s, size_t left)
{
	out_put(o, "\"", 1);
	while (left && *s) {
		char few[5] = { 0 };
		uint32_t code;
		size_t n;

		memcpy(few, s, left < 4 ? left : 4);
		n = utf8_char(few, &code);
		if (!n)
			put_format(o, "\\\\x%02" PRIx64, (unsigned char)*s);
		else if (code == '\\')
			out_put(o, "\\\\\\\\", 4);
		else if (code == '"')
			out_put(o, "\\\"", 2);
		else if (utf8_is_control(code))
			put_format(o, "\\u%04" PRIx64, code);
		else
			out_put(o, s, n);
		n = n ? n : 1;
		s += n;
		left -= n;
	}
	out_put(o, "\"", 1);
}

static const char *label_of(const struct ctf_type *type, uint64_t u)
{
	size_t i;

	for (i = 0; i < type->n_ranges; i++) {
		const struct ctf_range *r = &type->ranges[i];

		if (type->is_signed ? (int64_t)u >= (int64_t)r->lo &&
					      (int64_t)u <= (int64_t)r->hi :
				      u >= r->lo && u <= r->hi)
			return r->label;
	}
	return NULL;
}

static void put_leaf(struct out *o, const struct ctf_value *v)
{
	const char *label;

	switch (v->type->kind) {
	case CTF_ENUM:
		label = label_of(v->type, v->u);
		if (label) {
			put_text(o, label, strlen(label));
			break;
		}
		/* fall through */
	case CTF_INT:
		put_format(o, v->type->is_signed ? "%" PRId64 : "%" PRIu64,
			   v->u);
		break;
	case CTF_FLOAT:
		out_reserve(o, MAX_NUMBER);
		if (isfinite(v->f))
			o->p += snprintf(o->p, MAX_NUMBER, "%.17g", v->f);
		else
			out_put(o, "null", 4);
		break;
	default:
		put_text(o, v->str, v->len);
	}
}

static void put_lead(struct out *o, struct value_level *l, const char *name)
{
	if (l->n++ && l->kind != CTF_VARIANT)
		out_put(o, ",", 1);
	if (l->kind != CTF_STRUCT)
		return;
	put_text(o, name ? name : "", name ? strlen(name) : 0);
	out_put(o, ":", 1);
}

static void put_close(struct out *o, const struct value_level *l)
{
	if (l->kind != CTF_VARIANT)
		out_put(o, value_level_is_list(l) ? "]" : "}", 1);
	else if (!l->n)
		out_put(o, "null", 4);
}

void fields_json(struct out *o, const struct ctf_value *v, long n, bool payload)
{
	struct value_level levels[MAX_DEPTH + 1] = { { .kind = CTF_STRUCT } };
	unsigned int depth = 0; /* a scope is at 1, and is not told */
	long i;

	out_put(o, "{", 1);
	for (i = 0; i < n; i++, v++) {
		struct value_level *l = &levels[depth > 1 ? depth - 1 : 0];

		if ((v->scope == CTF_PAYLOAD) != payload)
			continue;
		if (v->step == CTF_CLOSE) {
			if (depth-- > 1)
				put_close(o, l);
			continue;
		}
		if (depth)
			put_lead(o, l, v->name);
		if (v->step == CTF_LEAF) {
			put_leaf(o, v);
			continue;
		}
		if (depth++) {
			levels[depth - 1] = (struct value_level){v->type->kind, 0};
			if (v->type->kind != CTF_VARIANT)
				out_put(o,
					v->type->kind == CTF_STRUCT ? "{" : "[",
					1);
		}
	}
	out_put(o, "}", 1);
}
