// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/layers/parse.h"
#include "fuse/fail.h"

static bool out_of_memory(struct layer_parser *p)
{
	vmsync_fail_memory(p->lex.e);
	p->lex.token.kind = LAYER_TOKEN_BAD;
	return false;
}

#define ADD(p, array, ...)                                    \
	({                                                    \
		__typeof__((p)->layer->array.at) at_ =        \
			vmsync_array_add(&(p)->layer->array); \
		if (at_)                                      \
			*at_ = (__typeof__(*at_))__VA_ARGS__; \
		at_ ? true : out_of_memory(p);                \
	})

bool layer_parse_number(struct layer_slice s, int64_t *number)
{
	char text[24], *end;

	if (!s.len || s.len >= sizeof(text))
		return false;
	memcpy(text, s.s, s.len);
	text[s.len] = '\0';
	errno = 0;
	/* All 64 bits, and negative ones: strtoull() takes both. */
	*number = (int64_t)strtoull(text, &end, 0);
	return !*end && !errno &&
	       (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
}

static bool same(struct layer_slice a, struct layer_slice b)
{
	return a.len == b.len && !memcmp(a.s, b.s, a.len);
}

static enum layer_source_kind kind_of(struct layer_slice name)
{
	size_t prefix = strlen(LAYER_ENV_PREFIX);

	if (layer_slice_is(name, "$hostname"))
		return LAYER_HOSTNAME;
	if (layer_slice_is(name, "$event"))
		return LAYER_EVENT;
	if (layer_slice_is(name, "$cpu"))
		return LAYER_CPU;
	if (name.len > prefix && !memcmp(name.s, LAYER_ENV_PREFIX, prefix))
		return LAYER_ENV;
	return LAYER_FIELD;
}

static bool source_find(struct layer_parser *p, struct layer_slice name,
			uint32_t *source)
{
	enum layer_source_kind kind = kind_of(name);
	uint32_t i;

	if (!name.len || memchr(name.s, '*', name.len) ||
	    memchr(name.s, '?', name.len))
		return layer_lex_fail(&p->lex, "'%.*s' is no name of a field",
				      (int)name.len, name.s);
	if (name.s[0] == '$' && kind == LAYER_FIELD)
		return layer_lex_fail(&p->lex,
				      "there are $hostname, $event, $cpu and "
				      "$env.NAME, no '%.*s'",
				      (int)name.len, name.s);
	for (i = 0; i < p->layer->sources.count; i++) {
		if (same(p->layer->sources.at[i].name, name))
			break;
	}
	*source = i;
	return i < p->layer->sources.count || ADD(p, sources, { kind, name });
}

/* "json/payload/id": the keys behind the source's name. */
static bool path_add(struct layer_parser *p, struct layer_slice rest,
		     struct layer_range *path)
{
	path->first = (uint32_t)p->layer->keys.count;
	while (rest.len) {
		const char *slash;
		struct layer_slice key;

		rest.s++;
		rest.len--;
		slash = memchr(rest.s, '/', rest.len);
		key = (struct layer_slice){
			rest.s, slash ? (uint32_t)(slash - rest.s) : rest.len};
		if (!key.len)
			return layer_lex_fail(&p->lex,
					      "a key is missing behind "
					      "'/'");
		if (!ADD(p, keys, key))
			return false;
		rest.s += key.len;
		rest.len -= key.len;
		path->n++;
	}
	return true;
}

/* A '<' or '>' that is no comparison: a string is behind it. */
static bool cut_next(struct layer_parser *p, bool *behind)
{
	struct layer_lexer before = p->lex;

	*behind = layer_lex_is(&p->lex, ">");
	if (!*behind && !layer_lex_is(&p->lex, "<"))
		return false;
	if (p->lex.at < p->lex.end && *p->lex.at == '"')
		return true;
	while (p->lex.at < p->lex.end &&
	       (*p->lex.at == ' ' || *p->lex.at == '\t'))
		p->lex.at++;
	if (p->lex.at < p->lex.end && *p->lex.at == '"')
		return true;
	p->lex = before;
	return false;
}

static bool cuts_add(struct layer_parser *p, struct layer_range *cuts)
{
	bool behind;

	cuts->first = (uint32_t)p->layer->cuts.count;
	while (cut_next(p, &behind)) {
		layer_lex_next(&p->lex);
		if (p->lex.token.kind != LAYER_TOKEN_STRING)
			return false;
		if (!p->lex.token.text.len)
			return layer_lex_fail(&p->lex,
					      "nothing is in every text: "
					      "name what to look for");
		if (!ADD(p, cuts, { behind, p->lex.token.text }))
			return false;
		cuts->n++;
		layer_lex_next(&p->lex);
	}
	return p->lex.token.kind != LAYER_TOKEN_BAD;
}

static bool same_field(const struct layer *l, const struct layer_field *a,
		       const struct layer_field *b)
{
	uint32_t i;

	if (a->source != b->source || a->path.n != b->path.n ||
	    a->cuts.n != b->cuts.n)
		return false;
	for (i = 0; i < a->path.n; i++) {
		if (!same(l->keys.at[a->path.first + i],
			  l->keys.at[b->path.first + i]))
			return false;
	}
	for (i = 0; i < a->cuts.n; i++) {
		const struct layer_cut *x = &l->cuts.at[a->cuts.first + i];
		const struct layer_cut *y = &l->cuts.at[b->cuts.first + i];

		if (x->behind != y->behind || !same(x->at, y->at))
			return false;
	}
	return true;
}

bool layer_parse_field(struct layer_parser *p, uint32_t *field)
{
	struct layer_slice word = p->lex.token.text;
	struct layer_field f = { 0 };
	const char *slash;
	uint32_t n, i;

	if (p->lex.token.kind != LAYER_TOKEN_WORD)
		return layer_lex_fail(&p->lex,
				      "the name of a field is missing");
	slash = memchr(word.s, '/', word.len);
	n = slash ? (uint32_t)(slash - word.s) : word.len;
	if (!source_find(p, (struct layer_slice){word.s, n}, &f.source) ||
	    !path_add(p, (struct layer_slice){word.s + n, word.len - n},
		      &f.path))
		return false;
	layer_lex_next(&p->lex);
	if (!cuts_add(p, &f.cuts))
		return false;
	for (i = 0; i < p->layer->fields.count; i++) {
		if (same_field(p->layer, &p->layer->fields.at[i], &f))
			break;
	}
	*field = i;
	if (i == LAYER_MAX_FIELDS)
		return layer_lex_fail(&p->lex,
				      "more than %u fields in one file",
				      LAYER_MAX_FIELDS);
	return i < p->layer->fields.count || ADD(p, fields, f);
}

static bool part_next(const struct layer_parser *p)
{
	return p->lex.token.kind == LAYER_TOKEN_WORD ||
	       p->lex.token.kind == LAYER_TOKEN_STRING;
}

static bool alternative(struct layer_parser *p)
{
	struct layer_alternative a = { 0 };

	if (p->lex.token.kind == LAYER_TOKEN_STRING) {
		a.is_literal = true;
		a.literal = p->lex.token.text;
		layer_lex_next(&p->lex);
	} else if (!layer_parse_field(p, &a.field)) {
		return false;
	}
	return ADD(p, alternatives, a);
}

static bool part(struct layer_parser *p, uint32_t group)
{
	struct layer_part part = { .group = group };

	part.alternatives.first = (uint32_t)p->layer->alternatives.count;
	for (;;) {
		if (!alternative(p))
			return false;
		part.alternatives.n++;
		if (!layer_lex_is(&p->lex, "|"))
			break;
		layer_lex_next(&p->lex);
		if (!part_next(p))
			return layer_lex_fail(&p->lex, "a field or a string is "
						       "missing behind '|'");
	}
	return ADD(p, parts, part);
}

bool layer_parse_text(struct layer_parser *p, struct layer_range *out)
{
	uint32_t group = 0, groups = 0;

	out->first = (uint32_t)p->layer->parts.count;
	for (;;) {
		if (layer_lex_is(&p->lex, "[")) {
			if (group)
				return layer_lex_fail(&p->lex,
						      "'[' within '['");
			group = ++groups;
			layer_lex_next(&p->lex);
			if (!part_next(p))
				return layer_lex_fail(&p->lex,
						      "nothing is "
						      "between '[' and ']'");
		} else if (layer_lex_is(&p->lex, "]") && group) {
			group = 0;
			layer_lex_next(&p->lex);
		} else if (part_next(p)) {
			if (!part(p, group))
				return false;
		} else {
			break;
		}
	}
	if (group)
		return layer_lex_fail(&p->lex, "']' is missing");
	out->n = (uint32_t)p->layer->parts.count - out->first;
	return out->n ||
	       layer_lex_fail(&p->lex, "a field or a string is missing");
}

static bool operator_of(struct layer_parser *p, struct layer_condition *c)
{
	static const struct {
		const char *sign;
		enum layer_operator op;
	} table[] = {
		{ "=", LAYER_EQUAL }, { "^=", LAYER_BEGINS },
		{ "$=", LAYER_ENDS }, { "*=", LAYER_CONTAINS },
		{ "<", LAYER_LESS },  { "<=", LAYER_AT_MOST },
		{ ">", LAYER_MORE },  { ">=", LAYER_AT_LEAST },
	};
	struct layer_slice sign = p->lex.token.text;
	size_t i;

	if (p->lex.token.kind == LAYER_TOKEN_SIGN && sign.s[0] == '!') {
		c->negate = true;
		sign.s++;
		sign.len--;
	}
	for (i = 0; p->lex.token.kind == LAYER_TOKEN_SIGN &&
		    i < sizeof(table) / sizeof(table[0]);
	     i++) {
		if (layer_slice_is(sign, table[i].sign)) {
			c->op = table[i].op;
			layer_lex_next(&p->lex);
			return true;
		}
	}
	return layer_lex_fail(&p->lex, "one of = != ^= $= *= < <= > >= is "
				       "missing");
}

bool layer_parse_condition(struct layer_parser *p)
{
	struct layer_condition c = { 0 };

	if (!layer_parse_field(p, &c.field) || !operator_of(p, &c))
		return false;
	if (!part_next(p))
		return layer_lex_fail(&p->lex,
				      "a string or a number is missing");
	c.literal = p->lex.token.text;
	c.is_number = layer_parse_number(c.literal, &c.number);
	if (p->lex.token.kind == LAYER_TOKEN_WORD && !c.is_number)
		return layer_lex_fail(&p->lex,
				      "'%.*s' is no number, and texts "
				      "are written in \"\"",
				      (int)c.literal.len, c.literal.s);
	if (c.op >= LAYER_LESS && !c.is_number)
		return layer_lex_fail(&p->lex,
				      "what is less or more is a number");
	layer_lex_next(&p->lex);
	return ADD(p, conditions, c);
}
