// SPDX-License-Identifier: MIT
#include "ctf/json_type.h"
#include "ctf/tsdl.h"

struct maker {
	struct json_reader *r;
	const struct json_aliases *aliases;
};

/* What a field means, by role; "default-clock-timestamp" is two things. */
static const struct {
	const char *name;
	uint8_t sem;
} roles[] = {
	{ "packet-magic-number", SEM_MAGIC },
	{ "metadata-stream-uuid", SEM_UUID },
	{ "data-stream-class-id", SEM_STREAM_ID },
	{ "data-stream-id", SEM_INSTANCE },
	{ "packet-content-length", SEM_CONTENT },
	{ "packet-total-length", SEM_PACKET },
	{ "packet-end-default-clock-timestamp", SEM_END },
	{ "packet-sequence-number", SEM_SEQ },
	{ "discarded-event-record-counter-snapshot", SEM_DISCARDED },
	{ "event-record-class-id", SEM_ID },
	{ "default-clock-timestamp", SEM_STAMP },
};

static const struct {
	const char *name;
	enum ctf_scope scope;
} origins[] = {
	{ "packet-header", CTF_PACKET_HEADER },
	{ "packet-context", CTF_PACKET_CONTEXT },
	{ "event-record-header", CTF_EVENT_HEADER },
	{ "event-record-common-context", CTF_STREAM_CONTEXT },
	{ "event-record-specific-context", CTF_EVENT_CONTEXT },
	{ "event-record-payload", CTF_PAYLOAD },
};

static int make(struct maker *m, const struct json *v,
		const struct ctf_type **out);

int json_number(struct json_reader *r, const struct json *o, const char *key,
		uint64_t max, uint64_t *out)
{
	const struct json *v = json_get(o, key);

	if (!v)
		return json_bad(r, o, "\"%s\" is missing", key);
	if (v->kind != JSON_INT || v->negative || v->number > max)
		return json_bad(r, v, "\"%s\": a number from 0 to %llu expected",
				key, (unsigned long long)max);
	*out = v->number;
	return 0;
}

static const char *text_of(const struct json *o, const char *key)
{
	const struct json *v = json_get(o, key);

	return v && v->kind == JSON_TEXT ? v->text : "";
}

static int make_align(struct maker *m, const struct json *v, const char *key,
		      struct ctf_type *t)
{
	uint64_t n = 1;
	int ret = json_get(v, key) ? json_number(m->r, v, key, 1 << 20, &n) : 0;

	if (!ret && (!n || n & (n - 1)))
		ret = json_bad(m->r, v, "an alignment is a power of two");
	t->align = (uint32_t)n;
	return ret;
}

static void make_role(const struct json *v, struct ctf_type *t)
{
	const struct json *list = json_get(v, "roles"), *name;
	size_t i;

	for (name = list ? list->child : NULL; name; name = name->next)
		for (i = 0; i < sizeof(roles) / sizeof(*roles); i++)
			if (name->kind == JSON_TEXT &&
			    !strcmp(name->text, roles[i].name))
				t->role = roles[i].sem;
}

/* One range [lo, hi] */
static int make_range(struct maker *m, const struct json *v, uint64_t *lo,
		      uint64_t *hi)
{
	if (v->kind != JSON_ARRAY || v->n != 2 ||
	    v->child->kind != JSON_INT || v->child->next->kind != JSON_INT)
		return json_bad(m->r, v, "a range of two integers expected");
	*lo = v->child->number;
	*hi = v->child->next->number;
	return 0;
}

/* {"label": [[lo, hi], ...], ...} */
static int make_mappings(struct maker *m, const struct json *v,
			 struct ctf_type *t)
{
	const struct json *map = json_get(v, "mappings"), *label, *range;
	struct ctf_range *out;
	size_t n = 0;
	int ret;

	if (!map || map->kind != JSON_OBJECT)
		return 0;
	for (label = map->child; label; label = label->next)
		n += label->n;
	out = arena_get(&m->r->t->arena, n * sizeof(*out));
	if (!out)
		return fail_nomem(m->r->e);
	t->kind = CTF_ENUM;
	t->ranges = out;
	for (label = map->child; label; label = label->next) {
		for (range = label->child; range; range = range->next) {
			struct ctf_range *o = &out[t->n_ranges++];

			o->label = label->key;
			ret = make_range(m, range, &o->lo, &o->hi);
			if (ret)
				return ret;
		}
	}
	return 0;
}

static int make_byte_order(struct maker *m, const struct json *v,
			   struct ctf_type *t)
{
	const char *order = text_of(v, "byte-order");
	const char *bits = text_of(v, "bit-order");

	t->big_endian = !strcmp(order, "big-endian");
	if (!t->big_endian && strcmp(order, "little-endian"))
		return json_bad(m->r, v, "a byte-order expected");
	if (*bits && strcmp(bits, t->big_endian ? "last-to-first" :
						  "first-to-last"))
		return json_bad(m->r, v, "a bit-order that is not that of the byte-order is not known");
	return 0;
}

static int make_base(struct maker *m, const struct json *v, struct ctf_type *t)
{
	uint64_t base = 10;
	int ret = json_get(v, "preferred-display-base") ?
		json_number(m->r, v, "preferred-display-base", 16, &base) : 0;

	t->base = (uint8_t)base;
	return ret;
}

static int make_fixed(struct maker *m, const struct json *v, struct ctf_type *t,
		      const char *what)
{
	uint64_t size = 0;
	int ret = json_number(m->r, v, "length", 64, &size);

	if (!ret && !size)
		ret = json_bad(m->r, v, "a length from 1 to 64 expected");
	t->size = (uint8_t)size;
	t->is_signed = !strcmp(what, "signed-integer");
	if (!ret)
		ret = make_byte_order(m, v, t);
	if (!ret)
		ret = make_align(m, v, "alignment", t);
	if (!ret)
		ret = make_base(m, v, t);
	make_role(v, t);
	if (!strcmp(what, "floating-point-number")) {
		t->kind = CTF_FLOAT;
		if (!ret && size != 32 && size != 64)
			ret = json_bad(m->r, v, "only floating point numbers of 32 and 64 bits are known");
		return ret;
	}
	t->kind = CTF_INT;
	return ret || strstr(what, "integer") == NULL ?
		       ret : make_mappings(m, v, t);
}

static int make_varlen(struct maker *m, const struct json *v,
		       struct ctf_type *t, const char *what)
{
	int ret;

	t->kind = CTF_INT;
	t->is_varlen = true;
	t->size = 64;
	t->align = 8;
	t->is_signed = !strcmp(what, "signed-integer");
	make_role(v, t);
	ret = make_base(m, v, t);
	return ret ? ret : make_mappings(m, v, t);
}

/* A place of a field: {"origin": scope, "path": [names]} */
static int make_ref(struct maker *m, const struct json *v, const char *key,
		    struct ctf_type *t)
{
	const struct json *loc = json_get(v, key), *path, *name;
	const char *origin = loc ? text_of(loc, "origin") : "";
	char buf[1024];
	size_t n = 0, len, i;

	path = loc ? json_get(loc, "path") : NULL;
	if (!path || path->kind != JSON_ARRAY || !path->n)
		return json_bad(m->r, v, "\"%s\" with a path expected", key);
	for (name = path->child; name; name = name->next) {
		if (name->kind != JSON_TEXT)
			return json_bad(m->r, name, "only names are known in a path");
		len = strlen(name->text);
		if (n + len + 2 > sizeof(buf))
			return json_bad(m->r, name, "a path that is too long");
		memcpy(buf + n, name->text, len);
		n += len;
		buf[n++] = REF_SEPARATOR;
	}
	t->ref = arena_text(&m->r->t->arena, buf, n - 1);
	if (!t->ref)
		return fail_nomem(m->r->e);
	t->ref_line = loc->line;
	t->ref_col = loc->col;
	for (i = 0; i < sizeof(origins) / sizeof(*origins); i++)
		if (!strcmp(origin, origins[i].name))
			t->ref_scope = (uint8_t)(origins[i].scope + 1);
	if (*origin && !t->ref_scope)
		return json_bad(m->r, loc, "an origin that is not known");
	return 0;
}

static struct ctf_type *byte_type(struct maker *m, bool is_text)
{
	struct ctf_type *t = arena_get(&m->r->t->arena, sizeof(*t));

	if (!t)
		return NULL;
	t->kind = CTF_INT;
	t->size = t->align = 8;
	t->base = is_text ? 10 : 16;
	t->is_text = is_text;
	type_finish(t);
	return t;
}

/* Strings, blobs and arrays, whose length is given or in another field. */
static int make_array(struct maker *m, const struct json *v, struct ctf_type *t,
		      bool is_static, const char *what)
{
	bool is_array = !strcmp(what, "array");
	int ret;

	t->kind = is_static ? CTF_ARRAY : CTF_SEQUENCE;
	make_role(v, t);
	if (is_array) {
		ret = make(m, json_get(v, "element-field-class"), &t->elem);
		if (!ret && json_get(v, "minimum-alignment"))
			ret = make_align(m, v, "minimum-alignment", t);
		if (!ret && t->align > t->elem->align)
			ret = json_bad(m->r, v, "a minimum-alignment of an array above that of its elements is not known");
	} else {
		t->elem = byte_type(m, !strcmp(what, "string"));
		ret = t->elem ? 0 : fail_nomem(m->r->e);
	}
	if (ret)
		return ret;
	return is_static ? json_number(m->r, v, "length", UINT64_MAX, &t->len) :
			   make_ref(m, v, "length-field-location", t);
}

static int make_members(struct maker *m, const struct json *list,
			struct ctf_type *t)
{
	struct ctf_member *out;
	const struct json *c;
	int ret;

	if (!list)
		return 0;
	if (list->kind != JSON_ARRAY)
		return json_bad(m->r, list, "an array expected");
	out = arena_get(&m->r->t->arena, list->n * sizeof(*out));
	if (!out)
		return fail_nomem(m->r->e);
	t->members = out;
	for (c = list->child; c; c = c->next, out++, t->n_members++) {
		out->name = out->raw_name = text_of(c, "name");
		ret = make(m, json_get(c, "field-class"), &out->type);
		if (ret)
			return ret;
	}
	return 0;
}

/* Which values of the selector choose which option. */
static int make_choices(struct maker *m, const struct json *list,
			struct ctf_type *t, bool is_optional)
{
	const struct json *c, *ranges, *range;
	struct ctf_choice *out;
	size_t n = 0, option = 0;
	int ret;

	for (c = list; c; c = is_optional ? NULL : c->next) {
		ranges = json_get(c, "selector-field-ranges");
		n += ranges ? ranges->n : 1;
	}
	out = arena_get(&m->r->t->arena, n * sizeof(*out));
	if (!out)
		return fail_nomem(m->r->e);
	t->choices = out;
	for (c = list; c; c = is_optional ? NULL : c->next, option++) {
		ranges = json_get(c, "selector-field-ranges");
		/* A boolean selector has no ranges: all but 0. */
		if (!ranges && is_optional)
			out[t->n_choices++] =
				(struct ctf_choice){ 1, UINT64_MAX, 0 };
		for (range = ranges ? ranges->child : NULL; range;
		     range = range->next) {
			struct ctf_choice *o = &out[t->n_choices++];

			o->option = option;
			ret = make_range(m, range, &o->lo, &o->hi);
			if (ret)
				return ret;
		}
	}
	return 0;
}

static int make_variant(struct maker *m, const struct json *v,
			struct ctf_type *t)
{
	const struct json *options = json_get(v, "options");
	int ret;

	t->kind = CTF_VARIANT;
	ret = make_ref(m, v, "selector-field-location", t);
	if (!ret)
		ret = make_members(m, options, t);
	return ret ? ret : make_choices(m, options ? options->child : NULL, t,
					false);
}

static int make_optional(struct maker *m, const struct json *v,
			 struct ctf_type *t)
{
	struct ctf_member *one = arena_get(&m->r->t->arena, sizeof(*one));
	int ret;

	if (!one)
		return fail_nomem(m->r->e);
	t->kind = CTF_VARIANT;
	t->is_optional = true;
	one->name = one->raw_name = "";
	t->members = one;
	t->n_members = 1;
	ret = make_ref(m, v, "selector-field-location", t);
	if (!ret)
		ret = make(m, json_get(v, "field-class"), &one->type);
	return ret ? ret : make_choices(m, v, t, true);
}

static int make_struct(struct maker *m, const struct json *v,
		       struct ctf_type *t)
{
	int ret;

	t->kind = CTF_STRUCT;
	ret = make_align(m, v, "minimum-alignment", t);
	return ret ? ret : make_members(m, json_get(v, "member-classes"), t);
}

static bool begins(const char **s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(*s, prefix, n))
		return false;
	*s += n;
	return true;
}

static int make_kind(struct maker *m, const struct json *v, const char *type,
		     struct ctf_type *t)
{
	const char *s = type;
	const char *enc;

	if (begins(&s, "fixed-length-"))
		return make_fixed(m, v, t, s);
	if (begins(&s, "variable-length-"))
		return make_varlen(m, v, t, s);
	enc = text_of(v, "encoding");
	if (*enc && strcmp(enc, "utf-8"))
		return json_bad(m->r, v, "only text in utf-8 is known");
	if (!strcmp(s, "null-terminated-string")) {
		t->kind = CTF_STRING;
		t->is_text = true;
		return 0;
	}
	if (begins(&s, "static-length-"))
		return make_array(m, v, t, true, s);
	if (begins(&s, "dynamic-length-"))
		return make_array(m, v, t, false, s);
	if (!strcmp(s, "structure"))
		return make_struct(m, v, t);
	if (!strcmp(s, "variant"))
		return make_variant(m, v, t);
	if (!strcmp(s, "optional"))
		return make_optional(m, v, t);
	return json_bad(m->r, v, "a field class of type \"%.64s\" is not known",
			type);
}

static int make(struct maker *m, const struct json *v,
		const struct ctf_type **out)
{
	struct ctf_type *t;
	size_t i;
	int ret;

	if (v && v->kind == JSON_TEXT) {
		for (i = m->aliases->n; i-- > 0;)
			if (!strcmp(m->aliases->v[i].name, v->text)) {
				*out = m->aliases->v[i].type;
				return 0;
			}
		return json_bad(m->r, v, "field class alias \"%.64s\" is not declared",
				v->text);
	}
	if (!v || v->kind != JSON_OBJECT)
		return json_bad(m->r, v, "a field class expected");
	t = arena_get(&m->r->t->arena, sizeof(*t));
	if (!t)
		return fail_nomem(m->r->e);
	t->base = 10;
	ret = make_kind(m, v, text_of(v, "type"), t);
	if (!ret && type_finish(t))
		ret = json_bad(m->r, v, "a type that is too large or too deep");
	*out = t;
	return ret;
}

int json_type(struct json_reader *r, const struct json_aliases *aliases,
	      const struct json *v, const struct ctf_type **out)
{
	struct maker m = { r, aliases };

	return make(&m, v, out);
}
