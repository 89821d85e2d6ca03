// SPDX-License-Identifier: MIT
/* CTF 2: metadata as a row of JSON texts, one a fragment. */
#include <stdio.h>
#include <stdlib.h>

#include "ctf/json_type.h"

struct json_meta {
	struct json_reader r;
	struct json_aliases aliases;
	bool preamble;
};

static const char *text_of(const struct json *o, const char *key)
{
	const struct json *v = json_get(o, key);

	return v && v->kind == JSON_TEXT ? v->text : NULL;
}

static int read_uuid(struct json_meta *m, const struct json *v, uint8_t *out)
{
	const struct json *c = v->child;
	int i;

	if (v->kind != JSON_ARRAY || v->n != 16)
		return json_bad(&m->r, v, "16 bytes expected");
	for (i = 0; i < 16; i++, c = c->next) {
		if (c->kind != JSON_INT || c->number > 255)
			return json_bad(&m->r, c, "a byte expected");
		out[i] = (uint8_t)c->number;
	}
	return 0;
}

/* A scope's field class, which has to be a structure; optional. */
static int read_scope(struct json_meta *m, const struct json *f,
		      const char *key, const struct ctf_type **out)
{
	const struct json *v = json_get(f, key);
	int ret;

	if (!v)
		return 0;
	ret = json_type(&m->r, &m->aliases, v, out);
	if (!ret && (*out)->kind != CTF_STRUCT)
		ret = json_bad(&m->r, v, "\"%s\" has to be a structure", key);
	return ret;
}

static int read_preamble(struct json_meta *m, const struct json *f)
{
	const struct json *uuid = json_get(f, "uuid");
	uint64_t version;
	int ret = json_number(&m->r, f, "version", UINT64_MAX, &version);

	if (!ret && version != 2)
		ret = json_bad(&m->r, f, "only version 2 is known here");
	if (!ret && uuid) {
		m->r.t->has_uuid = true;
		ret = read_uuid(m, uuid, m->r.t->uuid);
	}
	m->preamble = true;
	return ret;
}

static int read_alias(struct json_meta *m, const struct json *f)
{
	struct json_aliases *a = &m->aliases;
	const struct ctf_type *type;
	int ret;

	if (!text_of(f, "name"))
		return json_bad(&m->r, f, "\"name\" is missing");
	ret = json_type(&m->r, a, json_get(f, "field-class"), &type);
	if (ret)
		return ret;
	if (vec_grow(&a->v, &a->cap, a->n + 1, sizeof(*a->v)))
		return fail_nomem(m->r.e);
	a->v[a->n++] = (struct json_alias){ text_of(f, "name"), type };
	return 0;
}

static int read_trace(struct json_meta *m, const struct json *f)
{
	const struct json *env = json_get(f, "environment"), *v;
	char number[32];

	if (env && env->kind != JSON_OBJECT)
		return json_bad(&m->r, env, "an object expected");
	m->r.t->has_env = env;
	m->r.t->env_is_empty = env && !env->n;
	m->r.t->env_block = env ? env->span : f->span;
	m->r.t->env_block.from++;
	for (v = env ? env->child : NULL; v; v = v->next) {
		const char *text = v->text;

		if (v->kind == JSON_INT) {
			snprintf(number, sizeof(number),
				 v->negative ? "%lld" : "%llu",
				 (long long)v->number);
			text = number;
		}
		if (text && env_add(m->r.t, v->key, text))
			return fail_nomem(m->r.e);
	}
	return read_scope(m, f, "packet-header-field-class",
			  &m->r.t->packet_header);
}

static int read_offset(struct json_meta *m, const struct json *f,
		       struct clock *c)
{
	const struct json *off = json_get(f, "offset-from-origin"), *v;

	if (!off)
		off = json_get(f, "offset");
	if (off && off->kind != JSON_OBJECT)
		return json_bad(&m->r, off, "an object expected");
	v = off ? json_get(off, "seconds") : NULL;
	if (v && v->kind != JSON_INT)
		return json_bad(&m->r, v, "an integer expected");
	if (v)
		c->pub.offset_s = (int64_t)v->number;
	v = off ? json_get(off, "cycles") : NULL;
	if (v && v->kind != JSON_INT)
		return json_bad(&m->r, v, "an integer expected");
	if (v)
		c->pub.offset = (int64_t)v->number;
	c->has_offset = off != NULL;
	/* The object of the two numbers, or the place for one. */
	if (off)
		c->block = off->span;
	else
		c->block.from = c->block.to = f->span.from + 1;
	return 0;
}

static int read_clock(struct json_meta *m, const struct json *f)
{
	const char *name = text_of(f, "id"), *origin = text_of(f, "origin");
	const struct json *uid = json_get(f, "uuid");
	struct clock *c;
	int ret;

	name = name ? name : text_of(f, "name");
	c = name ? clock_get(m->r.t, name) : NULL;
	if (!c)
		return json_bad(&m->r, f, "a clock without an id, or too many");
	if (c->defined)
		return json_bad(&m->r, f, "a second clock of the same id");
	c->defined = true;
	c->pub.desc = text_of(f, "description") ?: "";
	c->pub.absolute = origin && !strcmp(origin, "unix-epoch");
	ret = json_number(&m->r, f, "frequency", UINT64_MAX, &c->pub.freq);
	if (!ret && !c->pub.freq)
		ret = json_bad(&m->r, f, "a frequency above 0 expected");
	if (!ret && json_get(f, "precision"))
		ret = json_number(&m->r, f, "precision", UINT64_MAX,
				  &c->pub.precision);
	if (!ret && uid && uid->kind == JSON_ARRAY) {
		c->pub.has_uuid = true;
		ret = read_uuid(m, uid, c->pub.uuid);
	}
	return ret ? ret : read_offset(m, f, c);
}

static int read_stream(struct json_meta *m, const struct json *f)
{
	struct sclass *sc = sclass_add(m->r.t);
	const char *clock = text_of(f, "default-clock-class-id");
	int ret = 0;

	if (!sc)
		return fail_nomem(m->r.e);
	clock = clock ? clock : text_of(f, "default-clock-class-name");
	if (clock) {
		struct clock *c = clock_get(m->r.t, clock);

		if (!c)
			return fail_nomem(m->r.e);
		sc->clock = &c->pub;
	}
	sc->has_id = json_get(f, "id") != NULL;
	if (sc->has_id)
		ret = json_number(&m->r, f, "id", UINT64_MAX, &sc->id);
	if (!ret)
		ret = read_scope(m, f, "packet-context-field-class",
				 &sc->packet_context);
	if (!ret)
		ret = read_scope(m, f, "event-record-header-field-class",
				 &sc->header);
	return ret ? ret : read_scope(m, f,
				      "event-record-common-context-field-class",
				      &sc->context);
}

static int read_event(struct json_meta *m, const struct json *f)
{
	struct class *c = class_add(m->r.t);
	const char *name = text_of(f, "name");
	int ret = 0;

	if (!c)
		return fail_nomem(m->r.e);
	c->line = f->line;
	c->col = f->col;
	c->pub.name = name ? name : "";
	c->pub.stream_id = 0;
	if (json_get(f, "id"))
		ret = json_number(&m->r, f, "id", UINT64_MAX, &c->pub.id);
	if (!ret && json_get(f, "data-stream-class-id"))
		ret = json_number(&m->r, f, "data-stream-class-id", UINT64_MAX,
				  &c->pub.stream_id);
	if (!ret)
		ret = read_scope(m, f, "specific-context-field-class",
				 &c->pub.scope[CTF_EVENT_CONTEXT]);
	return ret ? ret : read_scope(m, f, "payload-field-class",
				      &c->pub.scope[CTF_PAYLOAD]);
}

static int read_fragment(struct json_meta *m)
{
	static const struct {
		const char *type;
		int (*read)(struct json_meta *m, const struct json *f);
	} kinds[] = {
		{ "preamble", read_preamble },
		{ "field-class-alias", read_alias },
		{ "trace-class", read_trace },
		{ "clock-class", read_clock },
		{ "data-stream-class", read_stream },
		{ "event-record-class", read_event },
	};
	const char *type;
	struct json *f;
	size_t i;
	int ret = json_read(&m->r, &f);

	if (ret)
		return ret;
	type = text_of(f, "type");
	if (!type)
		return json_bad(&m->r, f, "a fragment with a type expected");
	if (!m->preamble && strcmp(type, "preamble"))
		return json_bad(&m->r, f, "the first fragment has to be a preamble");
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(type, kinds[i].type))
			return kinds[i].read(m, f);
	return json_bad(&m->r, f, "a fragment of type \"%.64s\" is not known",
			type);
}

int json_parse(struct ctf_trace *t, struct ctf_error *e)
{
	struct json_meta m = { .r = { .t = t, .e = e, .line = 1 } };
	int ret = 0;

	while (!ret && !json_at_end(&m.r))
		ret = read_fragment(&m);
	free(m.aliases.v);
	free(m.r.buf);
	return ret;
}
