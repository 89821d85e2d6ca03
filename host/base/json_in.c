// SPDX-License-Identifier: MIT
#include "base/json_in.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_string.h"

bool in_fail(struct vmsync_in *p, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (p->status)
		return false;
	p->status = -EINVAL;
	if (!p->error || !p->error_size)
		return false;
	n = snprintf(p->error, p->error_size, "line %u, column %u: ", p->line,
		     p->col);
	if (n > 0 && (size_t)n < p->error_size) {
		va_start(ap, fmt);
		vsnprintf(p->error + n, p->error_size - (size_t)n, fmt, ap);
		va_end(ap);
	}
	return false;
}

bool in_fail_memory(struct vmsync_in *p)
{
	in_fail(p, "out of memory");
	p->status = -ENOMEM;
	return false;
}

static void next(struct vmsync_in *p)
{
	if (p->c == '\n') {
		p->line++;
		p->col = 0;
	}
	p->c = getc_unlocked(p->f);
	p->col++;
}

static void skip_space(struct vmsync_in *p)
{
	while (p->c == ' ' || p->c == '\t' || p->c == '\n' || p->c == '\r')
		next(p);
}

static bool is_next(struct vmsync_in *p, int c)
{
	skip_space(p);
	if (p->status || p->c != c)
		return false;
	next(p);
	return true;
}

static bool expect(struct vmsync_in *p, int c)
{
	return is_next(p, c) || in_fail(p, "expected '%c'", c);
}

/* At most two bytes: what map_save.c writes so are control characters. */
static bool get_escape(struct vmsync_in *p, char *buf, size_t *n)
{
	char hex[5] = "";
	unsigned long v;

	next(p);
	if (p->c == '"' || p->c == '\\' || p->c == '/') {
		buf[(*n)++] = (char)p->c;
		return true;
	}
	if (p->c != 'u')
		return in_fail(p, "escape not known here");
	for (int i = 0; i < 4; i++) {
		next(p);
		if (!isxdigit(p->c))
			return in_fail(p, "expected four hex digits");
		hex[i] = (char)p->c;
	}
	v = strtoul(hex, NULL, 16);
	if (!v || v > 0x7ff)
		return in_fail(p, "escape not known here");
	if (v > 0x7f) {
		buf[(*n)++] = (char)(0xc0 | v >> 6);
		v = 0x80 | (v & 0x3f);
	}
	buf[(*n)++] = (char)v;
	return true;
}

bool in_string(struct vmsync_in *p, char *buf)
{
	size_t n = 0;

	if (!expect(p, '"'))
		return false;
	while (p->c != '"') {
		if (p->c == EOF || (unsigned int)p->c < 0x20)
			return in_fail(p, "string not closed");
		if (n + 2 >= IN_MAX_STRING)
			return in_fail(p, "string too long");
		if (p->c != '\\')
			buf[n++] = (char)p->c;
		else if (!get_escape(p, buf, &n))
			return false;
		next(p);
	}
	next(p);
	buf[n] = '\0';
	return true;
}

bool in_copy(struct vmsync_in *p, char **out)
{
	char buf[IN_MAX_STRING];

	if (!in_string(p, buf))
		return false;
	vmsync_json_unescape(buf);
	free(*out);
	*out = strdup(buf);
	return *out || in_fail_memory(p);
}

char *in_bare(const char *json)
{
	size_t n = strlen(json) + 2;
	char *quoted = malloc(n + 1), *text = NULL;
	struct vmsync_in in = { 0 };

	if (!quoted)
		return NULL;
	snprintf(quoted, n + 1, "\"%s\"", json);
	in.f = fmemopen(quoted, n, "r");
	if (in.f) {
		in.c = getc(in.f);
		in_copy(&in, &text);
		fclose(in.f);
	}
	free(quoted);
	return text;
}

bool in_bool(struct vmsync_in *p, bool *out)
{
	const char *text;

	skip_space(p);
	*out = p->c == 't';
	for (text = *out ? "true" : "false"; *text; text++) {
		if (p->c != *text)
			return in_fail(p, "expected true or false");
		next(p);
	}
	return true;
}

bool in_number(struct vmsync_in *p, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	skip_space(p);
	if (!isdigit(p->c))
		return in_fail(p, "expected a number that is not negative");
	if (p->c == '0') {
		next(p);
		*out = 0;
		return !isdigit(p->c) || in_fail(p, "number begins with 0");
	}
	for (; isdigit(p->c); next(p)) {
		uint64_t digit = (uint64_t)(p->c - '0');

		if (__builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, digit, &v) || v > max)
			return in_fail(p, "number above %" PRIu64, max);
	}
	*out = v;
	return true;
}

bool in_time(struct vmsync_in *p, int64_t *out)
{
	uint64_t v;

	if (!in_number(p, INT64_MAX, &v))
		return false;
	*out = (int64_t)v;
	return true;
}

bool in_u32(struct vmsync_in *p, uint32_t max, uint32_t *out)
{
	uint64_t v;

	if (!in_number(p, max, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

/* Behind the opening quote; a backslash and what follows are no end. */
static bool skip_string(struct vmsync_in *p)
{
	while (p->c != '"') {
		if (p->c == '\\')
			next(p);
		if (p->c == EOF || (unsigned int)p->c < 0x20)
			return in_fail(p, "string not closed");
		next(p);
	}
	next(p);
	return true;
}

/* Brackets are counted, not matched: that serves to find the end. */
bool in_skip(struct vmsync_in *p)
{
	size_t depth = 0;

	do {
		skip_space(p);
		if (p->c == EOF)
			return in_fail(p, "value not closed");
		if (is_next(p, '"')) {
			if (!skip_string(p))
				return false;
			continue;
		}
		if (p->c == '{' || p->c == '[') {
			depth++;
		} else if (p->c == '}' || p->c == ']') {
			if (!depth--)
				return in_fail(p, "value expected");
		} else if (!depth && (p->c == ',' || p->c == ':')) {
			return in_fail(p, "value expected");
		} else if (isalnum(p->c) || p->c == '-') {
			while (isalnum(p->c) || p->c == '+' || p->c == '-' ||
			       p->c == '.')
				next(p);
			continue;
		}
		next(p);
	} while (depth);
	return !p->status;
}

bool in_is_object(struct vmsync_in *p)
{
	skip_space(p);
	return p->c == '{';
}

bool in_once(struct vmsync_in *p, unsigned int *seen, unsigned int bit)
{
	if (*seen & 1u << bit)
		return in_fail(p, "member given twice");
	*seen |= 1u << bit;
	return true;
}

bool in_object(struct vmsync_in *p, in_member_fn fn, void *ctx,
	       unsigned int *seen)
{
	char key[IN_MAX_STRING];

	*seen = 0;
	if (!expect(p, '{'))
		return false;
	do {
		if (!in_string(p, key) || !expect(p, ':') ||
		    !fn(p, key, ctx, seen))
			return false;
	} while (is_next(p, ','));
	return expect(p, '}');
}

bool in_array(struct vmsync_in *p, in_element_fn fn, void *ctx)
{
	if (!expect(p, '['))
		return false;
	if (is_next(p, ']'))
		return true;
	do {
		if (!fn(p, ctx))
			return false;
	} while (is_next(p, ','));
	return expect(p, ']');
}

int in_key(const char *const *keys, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(keys[i], key))
			return (int)i;
	return -1;
}

bool in_file(struct vmsync_in *p, in_member_fn fn, void *ctx,
	     unsigned int *seen)
{
	next(p);
	if (!in_object(p, fn, ctx, seen))
		return false;
	skip_space(p);
	return p->c == EOF || in_fail(p, "something follows the end");
}
