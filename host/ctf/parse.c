// SPDX-License-Identifier: MIT
/* TSDL: the blocks trace, env, clock, stream and event. */
#include <stdio.h>
#include <stdlib.h>

#include "ctf/tsdl.h"

/*
 * What a block is made of: its handlers of "key = value" and of "key := type",
 * and whether anybody may choose the keys.
 */
struct braces {
	int (*on_value)(struct parser *p, void *obj, const char *key,
			const struct value *v);
	int (*on_type)(struct parser *p, void *obj, const char *key,
		       const struct ctf_type *type);
	bool is_open;
};

static int read_statement(struct parser *p, struct scope *s,
			  struct keys *seen, const struct braces *b, void *obj)
{
	struct token tok = p->cur;
	const struct ctf_type *type;
	const char *key;
	struct value v;
	int ret;

	if (at_declaration(p))
		return read_declaration(p, s);
	ret = read_key(p, &key);
	if (!ret && !b->is_open)
		ret = key_once(p, seen, &tok, key);
	if (ret)
		return ret;
	if (p->cur.kind == TOKEN_ASSIGN) {
		ret = next(p);
		if (!ret)
			ret = read_type(p, s, &type);
		if (!ret && !b->on_type)
			ret = bad_at(p, &tok, "no type belongs here");
		if (!ret)
			ret = b->on_type(p, obj, key, type);
	} else {
		ret = want_punct(p, '=');
		if (!ret)
			ret = read_value(p, &v);
		if (!ret)
			ret = b->on_value(p, obj, key, &v);
	}
	return ret ? ret : want_punct(p, ';');
}

/* { statements } ; -- where @span, the inside of the braces goes there */
static int read_block(struct parser *p, const struct braces *b, void *obj,
		      struct meta_span *span)
{
	struct keys seen = { .n = 0 };
	struct scope s;
	int ret;

	scope_enter(p, &s, &p->root);
	if (span)
		span->from = p->cur.to;
	ret = want_punct(p, '{');
	while (!ret && !at_punct(p, '}'))
		ret = read_statement(p, &s, &seen, b, obj);
	if (span)
		span->to = p->cur.from;
	if (!ret)
		ret = next(p);
	return ret ? ret : want_punct(p, ';');
}

static int bad_value(struct parser *p, const struct value *v, const char *what)
{
	return fail(p->e, -EINVAL, "%s:%u:%u: %s", p->t->meta_path, v->line,
		    v->col, what);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int read_uuid(struct parser *p, const struct value *v, uint8_t *out)
{
	const char *s = v->text;
	int i;

	if (v->kind != TOKEN_STRING || strlen(s) != 36)
		return bad_value(p, v, "a uuid expected");
	for (i = 0; i < 16; i++) {
		if (*s == '-')
			s++;
		if (hex(s[0]) < 0 || hex(s[1]) < 0)
			return bad_value(p, v, "a uuid expected");
		out[i] = (uint8_t)(hex(s[0]) << 4 | hex(s[1]));
		s += 2;
	}
	return 0;
}

static int want_struct(struct parser *p, const char *key,
		       const struct ctf_type *type)
{
	if (type->kind == CTF_STRUCT)
		return 0;
	return bad_at(p, &p->cur, "%.64s has to be a struct", key);
}

/* ------------------------------------------------------------------- trace */

static int trace_version(struct parser *p, const struct value *v,
			 uint64_t known, bool *has)
{
	*has = true;
	if (v->kind != TOKEN_NUMBER || v->number != known)
		return bad_value(p, v, "only version 1.8 is known here");
	return 0;
}

static int trace_value(struct parser *p, void *obj, const char *key,
		       const struct value *v)
{
	struct ctf_trace *t = obj;

	if (!strcmp(key, "uuid")) {
		t->has_uuid = true;
		return read_uuid(p, v, t->uuid);
	}
	if (!strcmp(key, "major"))
		return trace_version(p, v, 1, &p->has_major);
	if (!strcmp(key, "minor"))
		return trace_version(p, v, 8, &p->has_minor);
	return 0;
}

static int trace_type(struct parser *p, void *obj, const char *key,
		      const struct ctf_type *type)
{
	struct ctf_trace *t = obj;

	if (!strcmp(key, "packet.header")) {
		t->packet_header = type;
		return want_struct(p, key, type);
	}
	return 0;
}

static int env_value(struct parser *p, void *obj, const char *key,
		     const struct value *v)
{
	char number[32];
	const char *text = v->text;

	if (v->kind == TOKEN_NUMBER) {
		snprintf(number, sizeof(number), v->negative ? "%lld" : "%llu",
			 (long long)v->number);
		text = number;
	}
	return env_add(obj, key, text) ? fail_nomem(p->e) : 0;
}

/* ------------------------------------------------------------------- clock */

static bool is_clock_number(const char *key)
{
	return !strcmp(key, "freq") || !strcmp(key, "precision") ||
	       !strcmp(key, "offset_s") || !strcmp(key, "offset");
}

static int clock_value(struct parser *p, void *obj, const char *key,
		       const struct value *v)
{
	struct clock *c = obj;

	if (!strcmp(key, "name")) {
		c->name = v->text;
		return v->text ? 0 : bad_value(p, v, "a name expected");
	}
	if (!strcmp(key, "uuid")) {
		c->pub.has_uuid = true;
		return read_uuid(p, v, c->pub.uuid);
	}
	if (!strcmp(key, "description") && v->text)
		c->pub.desc = v->text;
	if (!strcmp(key, "absolute")) {
		c->absolute = v->span;
		return value_bool(p, v, &c->pub.absolute);
	}
	if (!is_clock_number(key))
		return 0;
	if (v->kind != TOKEN_NUMBER)
		return bad_value(p, v, "a number expected");
	if (!strcmp(key, "freq")) {
		if (!v->number || v->negative)
			return bad_value(p, v, "a frequency above 0 expected");
		c->pub.freq = v->number;
	} else if (!strcmp(key, "precision")) {
		c->pub.precision = v->number;
	} else if (!strcmp(key, "offset_s")) {
		c->pub.offset_s = (int64_t)v->number;
		c->offset_s = v->span;
	} else if (!strcmp(key, "offset")) {
		c->pub.offset = (int64_t)v->number;
		c->offset = v->span;
	}
	return 0;
}

/* The name is inside of the block, so the clock is read apart first. */
static int read_clock(struct parser *p)
{
	static const struct braces block = { .on_value = clock_value };
	struct clock tmp = { .pub = { .freq = 1000000000, .desc = "" } };
	struct token tok = p->cur;
	struct clock *c;
	int ret;

	ret = read_block(p, &block, &tmp, &tmp.block);
	if (ret)
		return ret;
	if (!tmp.name)
		return bad_at(p, &tok, "a clock without a name");
	c = clock_get(p->t, tmp.name);
	if (!c)
		return bad_at(p, &tok, "too many clocks, or no memory for this one");
	if (c->defined)
		return bad_at(p, &tok, "a second clock of the same name");
	tmp.pub.name = c->pub.name;
	tmp.name = c->name;
	tmp.defined = true;
	*c = tmp;
	return 0;
}

/* ---------------------------------------------------------- stream, event */

static int stream_value(struct parser *p, void *obj, const char *key,
			const struct value *v)
{
	struct sclass *sc = obj;

	if (strcmp(key, "id"))
		return 0;
	sc->has_id = true;
	return value_small(p, v, UINT64_MAX, &sc->id);
}

static int stream_type(struct parser *p, void *obj, const char *key,
		       const struct ctf_type *type)
{
	struct sclass *sc = obj;

	if (!strcmp(key, "packet.context"))
		sc->packet_context = type;
	else if (!strcmp(key, "event.header"))
		sc->header = type;
	else if (!strcmp(key, "event.context"))
		sc->context = type;
	else
		return 0;
	return want_struct(p, key, type);
}

static int event_value(struct parser *p, void *obj, const char *key,
		       const struct value *v)
{
	struct class *c = obj;
	uint64_t n = 0;
	int ret = 0;

	if (!strcmp(key, "name")) {
		if (!v->text)
			return bad_value(p, v, "a name expected");
		c->pub.name = v->text;
	} else if (!strcmp(key, "id")) {
		c->has_id = true;
		ret = value_small(p, v, UINT64_MAX, &c->pub.id);
	} else if (!strcmp(key, "stream_id")) {
		ret = value_small(p, v, UINT64_MAX, &c->pub.stream_id);
	} else if (!strcmp(key, "loglevel") && v->kind == TOKEN_NUMBER) {
		ret = value_small(p, v, 1024, &n);
		c->pub.loglevel = (int)n;
	}
	return ret;
}

static int event_type(struct parser *p, void *obj, const char *key,
		      const struct ctf_type *type)
{
	struct class *c = obj;

	if (!strcmp(key, "fields"))
		c->pub.scope[CTF_PAYLOAD] = type;
	else if (!strcmp(key, "context"))
		c->pub.scope[CTF_EVENT_CONTEXT] = type;
	else
		return 0;
	return want_struct(p, key, type);
}

static int ignore_value(struct parser *p, void *obj, const char *key,
			const struct value *v)
{
	(void)p;
	(void)obj;
	(void)key;
	(void)v;
	return 0;
}

/* -------------------------------------------------------------------- file */

static int read_event(struct parser *p, const struct token *tok)
{
	static const struct braces block = { event_value, event_type, false };
	struct class *c = class_add(p->t);
	int ret;

	if (!c)
		return fail_nomem(p->e);
	c->pub.name = NULL;
	c->line = tok->line;
	c->col = tok->col;
	ret = read_block(p, &block, c, NULL);
	if (!ret && !c->pub.name)
		return bad_at(p, tok, "an event without a name");
	return ret;
}

static int read_stream(struct parser *p)
{
	static const struct braces block = { stream_value, stream_type, false };
	struct sclass *sc = sclass_add(p->t);

	return sc ? read_block(p, &block, sc, NULL) : fail_nomem(p->e);
}

static int read_trace(struct parser *p, const struct token *tok)
{
	static const struct braces block = { trace_value, trace_type, false };
	int ret;

	if (p->has_trace)
		return bad_at(p, tok, "a second trace block");
	p->has_trace = true;
	ret = read_block(p, &block, p->t, NULL);
	if (!ret && !(p->has_major && p->has_minor))
		return bad_at(p, tok, "a trace block without major and minor");
	return ret;
}

static int read_top(struct parser *p)
{
	static const struct braces env = { env_value, NULL, true };
	static const struct braces callsite = { ignore_value, NULL, true };
	struct token tok = p->cur;
	int ret;

	if (at_declaration(p))
		return read_declaration(p, &p->root);
	if (p->cur.kind != TOKEN_WORD)
		return bad_at(p, &p->cur, "a block or a declaration expected");
	ret = next(p);
	if (ret)
		return ret;
	if (!strcmp(tok.text, "trace"))
		return read_trace(p, &tok);
	if (!strcmp(tok.text, "env"))
		return read_block(p, &env, p->t, &p->t->env_block);
	if (!strcmp(tok.text, "clock"))
		return read_clock(p);
	if (!strcmp(tok.text, "callsite"))
		return read_block(p, &callsite, NULL, NULL);
	if (!strcmp(tok.text, "stream"))
		return read_stream(p);
	if (!strcmp(tok.text, "event"))
		return read_event(p, &tok);
	return bad_at(p, &tok, "an unknown block \"%.64s\"", tok.text);
}

/*
 * Types before the trace block already depend on its byte order, so it is
 * looked for first.
 */
static int find_byte_order(struct parser *p)
{
	bool in_trace = false, is_key = false, found = false;
	unsigned int depth = 0;
	int ret = next(p);

	for (; !ret && p->cur.kind != TOKEN_EOF; ret = next(p)) {
		if (at_punct(p, '{'))
			depth++;
		else if (at_punct(p, '}') && depth)
			depth--;
		else if (!depth && p->cur.kind == TOKEN_WORD)
			in_trace = at_word(p, "trace");
		if (is_key && p->cur.kind == TOKEN_WORD) {
			p->t->big_endian = at_word(p, "be") ||
					   at_word(p, "network");
			if (!p->t->big_endian && !at_word(p, "le"))
				return bad_at(p, &p->cur, "a byte order (le, be, network) expected");
			found = true;
			is_key = false;
		}
		if (depth == 1 && in_trace && at_word(p, "byte_order"))
			is_key = true;
	}
	if (!ret && !found)
		return bad_at(p, &p->cur, "no trace block with a byte_order");
	return ret;
}

int tsdl_parse(struct ctf_trace *t, struct ctf_error *e)
{
	struct parser p = { .t = t, .e = e };
	int ret;

	lex_init(&p.lex, t, e);
	ret = find_byte_order(&p);
	p.lex.at = p.lex.line_at = 0;
	p.lex.line = 1;
	if (!ret)
		ret = next(&p);
	while (!ret && p.cur.kind != TOKEN_EOF)
		ret = read_top(&p);
	lex_free(&p.lex);
	free(p.names);
	free(p.buf);
	return ret;
}
