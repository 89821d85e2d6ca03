// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctf/json_text.h"

#define MAX_JSON_DEPTH	200

int json_bad(struct json_reader *r, const struct json *v, const char *fmt, ...)
{
	uint32_t line = v ? v->line : r->line;
	uint32_t col = v ? v->col : (uint32_t)(r->at - r->line_at + 1);
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return fail(r->e, -EINVAL, "%s:%u:%u: %s", r->t->meta_path, line, col,
		    what);
}

static int peek(const struct json_reader *r)
{
	return r->at < r->t->text_len ? (unsigned char)r->t->text[r->at] : -1;
}

static void skip_blanks(struct json_reader *r)
{
	int c;

	for (; (c = peek(r)) == ' ' || c == '\t' || c == '\r' || c == '\n' ||
	       c == 0x1e;
	     r->at++) {
		if (c == '\n') {
			r->line++;
			r->line_at = r->at + 1;
		}
	}
}

bool json_at_end(struct json_reader *r)
{
	skip_blanks(r);
	return peek(r) < 0;
}

static int put(struct json_reader *r, size_t *n, unsigned int c)
{
	if (vec_grow(&r->buf, &r->cap_buf, *n + 1, 1))
		return fail_nomem(r->e);
	r->buf[(*n)++] = (char)c;
	return 0;
}

static int put_utf8(struct json_reader *r, size_t *n, uint32_t c)
{
	int ret;

	if (c < 0x80)
		return put(r, n, c);
	if (c >= 0x10000) {
		ret = put(r, n, 0xf0 | c >> 18);
		ret = ret ? ret : put(r, n, 0x80 | (c >> 12 & 63));
	} else if (c >= 0x800) {
		ret = put(r, n, 0xe0 | c >> 12);
	} else {
		ret = put(r, n, 0xc0 | c >> 6);
		return ret ? ret : put(r, n, 0x80 | (c & 63));
	}
	ret = ret ? ret : put(r, n, 0x80 | (c >> 6 & 63));
	return ret ? ret : put(r, n, 0x80 | (c & 63));
}

static int hex4(struct json_reader *r, uint32_t *out)
{
	int i, c;

	for (*out = 0, i = 0; i < 4; i++, r->at++) {
		c = peek(r);
		if (c >= '0' && c <= '9')
			c -= '0';
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			c = (c | 32) - 'a' + 10;
		else
			return json_bad(r, NULL, "four hexadecimal digits expected");
		*out = *out << 4 | (uint32_t)c;
	}
	return 0;
}

static int read_escape(struct json_reader *r, size_t *n)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	int c = peek(r), ret;
	uint32_t u, low;
	const char *p;

	r->at++;
	if (c != 'u') {
		p = c > 0 ? strchr(from, c) : NULL;
		return p ? put(r, n, (unsigned char)to[p - from]) :
			   json_bad(r, NULL, "an unknown escape");
	}
	ret = hex4(r, &u);
	if (!ret && u >= 0xd800 && u < 0xdc00 && peek(r) == '\\') {
		r->at += 2;
		ret = hex4(r, &low);
		u = 0x10000 + ((u - 0xd800) << 10) + ((low - 0xdc00) & 0x3ff);
	}
	if (!ret && !u)
		ret = json_bad(r, NULL, "a zero character");
	return ret ? ret : put_utf8(r, n, u);
}

static int read_string(struct json_reader *r, const char **out)
{
	size_t n = 0;
	int c, ret = 0;

	for (r->at++; (c = peek(r)) != '"' && !ret;) {
		if (c < 0x20)
			return json_bad(r, NULL, "a string without an end");
		r->at++;
		ret = c == '\\' ? read_escape(r, &n) :
				  put(r, &n, (unsigned int)c);
	}
	r->at++;
	if (ret)
		return ret;
	*out = arena_text(&r->t->arena, n ? r->buf : "", n);
	return *out ? 0 : fail_nomem(r->e);
}

static int read_number(struct json_reader *r, struct json *v)
{
	bool any = false;
	int c;

	v->kind = JSON_INT;
	if (peek(r) == '-') {
		v->negative = true;
		r->at++;
	}
	for (; (c = peek(r)) >= '0' && c <= '9'; r->at++, any = true)
		if (__builtin_mul_overflow(v->number, 10, &v->number) ||
		    __builtin_add_overflow(v->number, (uint64_t)(c - '0'),
					   &v->number))
			return json_bad(r, v, "a number above 2^64");
	if (!any)
		return json_bad(r, v, "a value expected");
	if (c == '.' || c == 'e' || c == 'E') {
		v->kind = JSON_REAL;
		while ((c = peek(r)) > 0 && strchr("0123456789.eE+-", c))
			r->at++;
	}
	if (v->negative) {
		if (v->number > 1ull << 63)
			return json_bad(r, v, "a number below -2^63");
		v->number = -v->number;
		v->negative = v->number != 0;
	}
	return 0;
}

static int read_word(struct json_reader *r, struct json *v)
{
	static const struct {
		const char *word;
		enum json_kind kind;
		bool value;
	} words[] = {
		{ "true", JSON_BOOL, true },
		{ "false", JSON_BOOL, false },
		{ "null", JSON_NULL, false },
	};
	size_t i, len;

	for (i = 0; i < 3; i++) {
		len = strlen(words[i].word);
		if (strncmp(r->t->text + r->at, words[i].word, len))
			continue;
		v->kind = words[i].kind;
		v->number = words[i].value;
		r->at += len;
		return 0;
	}
	return read_number(r, v);
}

static int read_children(struct json_reader *r, struct json *v, int close)
{
	struct json **last = &v->child;
	const char *key = NULL;
	int ret = 0;

	if (++r->depth > MAX_JSON_DEPTH)
		return json_bad(r, v, "nested too deep");
	for (r->at++;; r->at++) {
		skip_blanks(r);
		if (peek(r) == close && !v->n)
			break;
		if (close == '}') {
			if (peek(r) != '"')
				return json_bad(r, NULL, "a key expected");
			ret = read_string(r, &key);
			skip_blanks(r);
			if (!ret && peek(r) != ':')
				ret = json_bad(r, NULL, "':' expected");
			r->at++;
		}
		if (!ret)
			ret = json_read(r, last);
		if (ret)
			return ret;
		(*last)->key = key;
		last = &(*last)->next;
		v->n++;
		skip_blanks(r);
		if (peek(r) == close)
			break;
		if (peek(r) != ',')
			return json_bad(r, NULL, "',' or '%c' expected", close);
	}
	r->at++;
	r->depth--;
	return 0;
}

int json_read(struct json_reader *r, struct json **out)
{
	struct json *v = arena_get(&r->t->arena, sizeof(*v));
	int ret;

	if (!v)
		return fail_nomem(r->e);
	skip_blanks(r);
	v->line = r->line;
	v->col = (uint32_t)(r->at - r->line_at + 1);
	v->span.from = r->at;
	switch (peek(r)) {
	case '{':
		v->kind = JSON_OBJECT;
		ret = read_children(r, v, '}');
		break;
	case '[':
		v->kind = JSON_ARRAY;
		ret = read_children(r, v, ']');
		break;
	case '"':
		v->kind = JSON_TEXT;
		ret = read_string(r, &v->text);
		break;
	default:
		ret = read_word(r, v);
	}
	v->span.to = r->at;
	*out = v;
	return ret;
}

const struct json *json_get(const struct json *o, const char *key)
{
	const struct json *m;

	if (!o || o->kind != JSON_OBJECT)
		return NULL;
	for (m = o->child; m; m = m->next)
		if (!strcmp(m->key, key))
			return m;
	return NULL;
}
