// SPDX-License-Identifier: MIT
#include <string.h>

#include "analysis/layers/json_path.h"
#include "analysis/layers/parse.h"

struct scan {
	const char *at;
	const char *end;
};

static bool is_next(struct scan *s, char c)
{
	while (s->at < s->end && strchr(" \t\r\n", *s->at) && *s->at)
		s->at++;
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/* Behind its opening quote; @out is what is between the quotes, as written. */
static bool string(struct scan *s, struct layer_slice *out, bool *escaped)
{
	const char *from = s->at;

	*escaped = false;
	while (s->at < s->end && *s->at != '"') {
		if (*s->at == '\\' && s->at + 1 < s->end) {
			*escaped = true;
			s->at++;
		}
		s->at++;
	}
	if (s->at == s->end)
		return false;
	*out = (struct layer_slice){from, (uint32_t)(s->at - from)};
	s->at++;
	return true;
}

/* A number, true, false, null: whatever has no sign of JSON in it. */
static struct layer_slice word(struct scan *s)
{
	const char *from = s->at;

	while (s->at < s->end && *s->at && !strchr(",:{}[]\" \t\r\n", *s->at))
		s->at++;
	return (struct layer_slice){from, (uint32_t)(s->at - from)};
}

/* Objects and arrays by counting: whether they are well formed does not matter.
 */
static bool skip_value(struct scan *s)
{
	struct layer_slice ignored;
	uint32_t depth = 0;
	bool escaped;

	do {
		if (is_next(s, '"')) {
			if (!string(s, &ignored, &escaped))
				return false;
		} else if (is_next(s, '{') || is_next(s, '[')) {
			depth++;
		} else if (is_next(s, '}') || is_next(s, ']')) {
			if (!depth--)
				return false;
		} else if (depth && (is_next(s, ',') || is_next(s, ':'))) {
			continue;
		} else if (!word(s).len) {
			return false;
		}
	} while (depth);
	return true;
}

static uint32_t hex(const char *s)
{
	uint32_t v = 0;
	int i;

	for (i = 0; i < 4; i++) {
		char c = s[i];

		v = v << 4 |
		    (uint32_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
	}
	return v & 0xffff;
}

static size_t put_utf8(char out[4], uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* Behind "\u"; a pair of halves is one character, one half alone is '?'. */
static size_t unicode(const char **s, const char *end, char out[4])
{
	uint32_t c, low;

	if (end - *s < 4)
		return *s = end, 0;
	c = hex(*s);
	*s += 4;
	if (c >> 10 == 0xd800 >> 10 && end - *s >= 6 && (*s)[0] == '\\' &&
	    (*s)[1] == 'u' && (low = hex(*s + 2)) >> 10 == 0xdc00 >> 10) {
		*s += 6;
		c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
	}
	/* A NUL would end the text that it is put into. */
	return put_utf8(out, c && c >> 11 != 0xd800 >> 11 ? c : '?');
}

static struct layer_slice unescape(struct layer_slice raw, char *buf,
				   size_t size)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *s = raw.s, *end = s + raw.len, *found;
	size_t n = 0, len;
	char out[4];

	while (s < end) {
		len = 1;
		out[0] = *s++;
		if (out[0] == '\\' && s < end) {
			out[0] = *s++;
			found = out[0] ? strchr(from, out[0]) : NULL;
			if (out[0] == 'u')
				len = unicode(&s, end, out);
			else if (found)
				out[0] = to[found - from];
		}
		if (n + len > size)
			break;
		memcpy(buf + n, out, len);
		n += len;
	}
	return (struct layer_slice){buf, (uint32_t)n};
}

static bool key_is(struct layer_slice raw, bool escaped, struct layer_slice key)
{
	char buf[256];

	if (escaped)
		raw = unescape(raw, buf, sizeof(buf));
	return raw.len == key.len && !memcmp(raw.s, key.s, key.len);
}

/* Behind '{', to before the value of @key. */
static bool member(struct scan *s, struct layer_slice key)
{
	struct layer_slice name;
	bool escaped, found;

	do {
		if (!is_next(s, '"') || !string(s, &name, &escaped))
			return false;
		found = key_is(name, escaped, key);
		if (!is_next(s, ':'))
			return false;
		if (found)
			return true;
	} while (skip_value(s) && is_next(s, ','));
	return false;
}

/* Behind '[', to before that element. */
static bool element(struct scan *s, struct layer_slice key)
{
	int64_t i;

	if (!layer_parse_number(key, &i) || i < 0)
		return false;
	while (i--) {
		if (!skip_value(s) || !is_next(s, ','))
			return false;
	}
	return true;
}

bool layers_json_get(const char *text, size_t n, const struct layer_slice *keys,
		     uint32_t n_keys, char *buf, size_t size,
		     struct layer_slice *out)
{
	struct scan s = { text, text + n };
	bool escaped;
	uint32_t i;

	for (i = 0; i < n_keys; i++) {
		if (is_next(&s, '{') ?
			    !member(&s, keys[i]) :
			    !is_next(&s, '[') || !element(&s, keys[i]))
			return false;
	}
	if (is_next(&s, '"')) {
		if (!string(&s, out, &escaped))
			return false;
		if (escaped)
			*out = unescape(*out, buf, size);
		return true;
	}
	*out = word(&s);
	return out->len && !layer_slice_is(*out, "null");
}
