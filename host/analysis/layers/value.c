// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/layers/json_path.h"
#include "analysis/layers/parse.h"
#include "analysis/layers/value.h"


int layers_reader_init(struct layers_reader *r, const struct layer *l)
{
	r->layer = l;
	r->sources = calloc(l->sources.count + 1, sizeof(*r->sources));
	r->fields = calloc(l->fields.count + 1, sizeof(*r->fields));
	return r->sources && r->fields ? 0 : -ENOMEM;
}

void layers_reader_free(struct layers_reader *r)
{
	free(r->sources);
	free(r->fields);
	r->sources = r->fields = NULL;
}

void layers_reader_event(struct layers_reader *r,
			 const struct layers_binding *b,
			 const struct ctf_event *ev)
{
	r->binding = b;
	r->cls = &b->cls[ev->cls->index];
	r->ev = ev;
	r->stamp++;
	r->pool_used = 0;
}

static struct layers_value text_value(const char *s, size_t len)
{
	struct layers_value v = { .kind = LAYERS_STRING };

	/* Writers put "-" where babeltrace2 would print an older text for "".
	 */
	if (!s || !len || (len == 1 && *s == '-'))
		v.kind = LAYERS_NONE;
	v.s = (struct layer_slice){ s, len > UINT32_MAX ? UINT32_MAX :
							  (uint32_t)len };
	return v;
}

static struct layers_value number_value(const struct ctf_type *type, int64_t n)
{
	return (struct layers_value){
		.kind = LAYERS_NUMBER,
		.is_signed = type ? type->is_signed : false,
		.base = type ? type->base : 10,
		.number = n,
	};
}

static struct layers_value enum_value(const struct ctf_type *type, uint64_t v)
{
	size_t i;

	for (i = 0; i < type->n_ranges; i++) {
		const struct ctf_range *r = &type->ranges[i];

		if (type->is_signed ? (int64_t)v >= (int64_t)r->lo &&
					      (int64_t)v <= (int64_t)r->hi :
				      v >= r->lo && v <= r->hi)
			return text_value(r->label, strlen(r->label));
	}
	return number_value(type, (int64_t)v);
}

static struct layers_value field_value(const struct ctf_event *ev,
				       const struct ctf_field *f)
{
	const char *s;
	uint64_t v;
	size_t len;

	if (!f->type)
		return (struct layers_value){LAYERS_NONE};
	s = ctf_get_str(ev, f, &len);
	if (s)
		return text_value(s, len);
	if (!ctf_get_u64(ev, f, &v))
		return (struct layers_value){LAYERS_NONE};
	return f->type->kind == CTF_ENUM ? enum_value(f->type, v) :
					   number_value(f->type, (int64_t)v);
}

static struct layers_value source_read(const struct layers_reader *r,
				       uint32_t source)
{
	const char *told = r->binding->told[source];

	switch (r->layer->sources.at[source].kind) {
	case LAYER_HOSTNAME:
	case LAYER_ENV:
		return text_value(told, told ? strlen(told) : 0);
	case LAYER_EVENT:
		return text_value(r->ev->cls->name, strlen(r->ev->cls->name));
	case LAYER_CPU:
		if (r->ev->cpu == UINT32_MAX)
			return (struct layers_value){LAYERS_NONE};
		return number_value(NULL, r->ev->cpu);
	default:
		return field_value(r->ev, &r->cls->field[source]);
	}
}

static const struct layers_value *source_get(struct layers_reader *r,
					     uint32_t source)
{
	struct layers_cached *c = &r->sources[source];

	if (c->stamp != r->stamp) {
		c->stamp = r->stamp;
		c->value = source_read(r, source);
	}
	return &c->value;
}

static struct layers_value json_value(struct layers_reader *r,
				      struct layer_slice s,
				      struct layer_range path)
{
	char *buf = r->pool + r->pool_used;
	struct layer_slice out;

	if (!layers_json_get(s.s, s.len, &r->layer->keys.at[path.first], path.n,
			     buf, sizeof(r->pool) - r->pool_used, &out))
		return (struct layers_value){LAYERS_NONE};
	if (out.s == buf)
		r->pool_used += out.len;
	return text_value(out.s, out.len);
}

static struct layers_value cut_value(struct layers_value v,
				     const struct layer_cut *c)
{
	const char *at = memmem(v.s.s, v.s.len, c->at.s, c->at.len);
	size_t before;

	if (!at)
		return (struct layers_value){LAYERS_NONE};
	before = (size_t)(at - v.s.s);
	if (!c->behind)
		return text_value(v.s.s, before);
	before += c->at.len;
	return text_value(v.s.s + before, v.s.len - before);
}

static struct layers_value field_read(struct layers_reader *r,
				      const struct layer_field *f)
{
	struct layers_value v = *source_get(r, f->source);
	uint32_t i;

	/* Paths and cuts are of texts. */
	if ((f->path.n || f->cuts.n) && v.kind != LAYERS_STRING)
		return (struct layers_value){LAYERS_NONE};
	if (f->path.n)
		v = json_value(r, v.s, f->path);
	for (i = 0; i < f->cuts.n && v.kind == LAYERS_STRING; i++)
		v = cut_value(v, &r->layer->cuts.at[f->cuts.first + i]);
	return v;
}

static const struct layers_value *field_get(struct layers_reader *r,
					    uint32_t field)
{
	struct layers_cached *c = &r->fields[field];

	if (c->stamp != r->stamp) {
		c->stamp = r->stamp;
		c->value = field_read(r, &r->layer->fields.at[field]);
	}
	return &c->value;
}

/* -------------------------------------------------------------- conditions */

static bool string_holds(const struct layer_condition *c, struct layer_slice s)
{
	struct layer_slice t = c->literal;

	switch (c->op) {
	case LAYER_EQUAL:
		return s.len == t.len && !memcmp(s.s, t.s, t.len);
	case LAYER_BEGINS:
		return s.len >= t.len && !memcmp(s.s, t.s, t.len);
	case LAYER_ENDS:
		return s.len >= t.len &&
		       !memcmp(s.s + s.len - t.len, t.s, t.len);
	case LAYER_CONTAINS:
		return memmem(s.s, s.len, t.s, t.len);
	default:
		return false;
	}
}

static int compare(const struct layers_value *v, int64_t number)
{
	if (v->is_signed)
		return (v->number > number) - (v->number < number);
	return ((uint64_t)v->number > (uint64_t)number) -
	       ((uint64_t)v->number < (uint64_t)number);
}

static bool number_holds(const struct layer_condition *c,
			 const struct layers_value *v)
{
	int is = compare(v, c->number);

	switch (c->op) {
	case LAYER_EQUAL:
		return !is;
	case LAYER_LESS:
		return is < 0;
	case LAYER_AT_MOST:
		return is <= 0;
	case LAYER_MORE:
		return is > 0;
	case LAYER_AT_LEAST:
		return is >= 0;
	default:
		return false;
	}
}

static bool holds(const struct layers_value *v, const struct layer_condition *c)
{
	static const struct layer_slice nothing = { "", 0 };
	struct layers_value number = {
		LAYERS_NUMBER, true, 10, { NULL, 0 }, 0
	};

	if (v->kind == LAYERS_NUMBER)
		return c->is_number && number_holds(c, v);
	if (v->kind == LAYERS_NONE)
		return string_holds(c, nothing);
	if (c->op >= LAYER_LESS)
		return layer_parse_number(v->s, &number.number) &&
		       number_holds(c, &number);
	return string_holds(c, v->s);
}

bool layers_holds(struct layers_reader *r, const struct layer_block *b)
{
	uint32_t i;

	for (i = 0; i < b->conditions.n; i++) {
		const struct layer_condition *c =
			&r->layer->conditions.at[b->conditions.first + i];

		if (holds(field_get(r, c->field), c) == c->negate)
			return false;
	}
	return true;
}

/* ------------------------------------------------------------------- texts */

/* A character is not cut in two. */
static void put(struct layers_text *out, struct layer_slice s)
{
	uint32_t room = LAYERS_TEXT - out->len, n = s.len < room ? s.len : room;

	while (n < s.len && n && ((unsigned char)s.s[n] & 0xc0) == 0x80)
		n--;
	memcpy(out->s + out->len, s.s, n);
	out->len += n;
}

/* Divisions by what the compiler knows: ids are numbers, mostly. */
static char *digits_put(char *at, uint64_t n, bool hex)
{
	if (!hex) {
		do
			*--at = (char)('0' + n % 10);
		while (n /= 10);
		return at;
	}
	do
		*--at = "0123456789abcdef"[n & 15];
	while (n >>= 4);
	*--at = 'x';
	*--at = '0';
	return at;
}

static void put_number(struct layers_text *out, const struct layers_value *v)
{
	bool hex = v->base == 16,
	     negative = v->is_signed && v->number < 0 && !hex;
	char text[24], *end = text + sizeof(text), *at;

	at = digits_put(end,
			negative ? -(uint64_t)v->number : (uint64_t)v->number,
			hex);
	if (negative)
		*--at = '-';
	put(out, (struct layer_slice){at, (uint32_t)(end - at)});
}

static bool part_put(struct layers_reader *r, const struct layer_part *part,
		     struct layers_text *out)
{
	uint32_t i;

	for (i = 0; i < part->alternatives.n; i++) {
		const struct layer_alternative *a =
			&r->layer->alternatives
				 .at[part->alternatives.first + i];
		const struct layers_value *v;

		if (a->is_literal) {
			put(out, a->literal);
			return true;
		}
		v = field_get(r, a->field);
		if (v->kind == LAYERS_STRING)
			put(out, v->s);
		else if (v->kind == LAYERS_NUMBER)
			put_number(out, v);
		else
			continue;
		return true;
	}
	return false;
}

bool layers_text_get(struct layers_reader *r, struct layer_range text,
		     struct layers_text *out)
{
	const struct layer_part *part = &r->layer->parts.at[text.first];
	const struct layer_part *end = part + text.n;
	uint32_t group = 0, before = 0;

	out->len = 0;
	while (part < end) {
		if (part->group && part->group != group) {
			group = part->group;
			before = out->len;
		}
		if (part_put(r, part, out)) {
			part++;
			continue;
		}
		if (!part->group)
			return false;
		out->len = before;
		while (part < end && part->group == group)
			part++;
	}
	out->s[out->len] = '\0';
	return out->len > 0;
}

bool layers_duration_get(struct layers_reader *r, struct layer_range text,
			 int64_t unit_ns, int64_t *ns)
{
	struct layers_text t;
	char *end;
	double v;

	if (!layers_text_get(r, text, &t))
		return false;
	v = strtod(t.s, &end);
	if (*end || end == t.s || !(v >= 0) || v * (double)unit_ns >= (double)LAYER_MOST_NS)
		return false;
	*ns = (int64_t)(v * (double)unit_ns + 0.5);
	return true;
}
