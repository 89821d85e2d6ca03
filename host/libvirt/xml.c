// SPDX-License-Identifier: MIT
#include "libvirt/xml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void vmsync_xml_init(struct vmsync_xml *x, const char *text, size_t n)
{
	memset(x, 0, sizeof(*x));
	x->p = text;
	x->end = text + n;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ||
	       c == ':' || (unsigned char)c >= 0x80;
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

static struct vmsync_xml_slice take_name(const char *p, const char *end)
{
	struct vmsync_xml_slice s = { .p = p };

	while (p + s.n < end && is_name(p[s.n]))
		s.n++;
	return s;
}

static bool starts(const struct vmsync_xml *x, const char *with)
{
	size_t n = strlen(with);

	return (size_t)(x->end - x->p) >= n && !memcmp(x->p, with, n);
}

/* Go behind @mark. Return: where it begins, or NULL. */
static const char *pass(struct vmsync_xml *x, const char *mark)
{
	size_t n = strlen(mark);
	const char *at = memmem(x->p, (size_t)(x->end - x->p), mark, n);

	if (at)
		x->p = at + n;
	return at;
}

static bool slice_is(const struct vmsync_xml_slice *s, const char *text,
		     size_t n)
{
	return s->n == n && !memcmp(s->p, text, n);
}

/*
 * One attribute at @p: its name and what is between the quotes.
 * Return: where it ends, or NULL.
 */
static const char *attribute(const char *p, const char *end,
			     struct vmsync_xml_slice *name,
			     struct vmsync_xml_slice *value)
{
	const char *quote;

	*name = take_name(p, end);
	if (!name->n)
		return NULL;
	p = skip_blanks(p + name->n, end);
	if (p == end || *p++ != '=')
		return NULL;
	p = skip_blanks(p, end);
	if (p == end || (*p != '"' && *p != '\''))
		return NULL;
	quote = memchr(p + 1, *p, (size_t)(end - p - 1));
	if (!quote)
		return NULL;
	*value = (struct vmsync_xml_slice){ p + 1, (size_t)(quote - p - 1) };
	return memchr(value->p, '<', value->n) ? NULL : quote + 1;
}

static enum vmsync_xml_piece open_element(struct vmsync_xml *x)
{
	struct vmsync_xml_slice element = take_name(x->p + 1, x->end), name, value;
	const char *p = element.p + element.n, *next;

	if (!element.n || x->depth == VMSYNC_XML_DEPTH ||
	    (!x->depth && x->seen))
		return VMSYNC_XML_BAD;
	x->attrs.p = p;
	for (;;) {
		next = skip_blanks(p, x->end);
		if (next == x->end)
			return VMSYNC_XML_BAD;
		if (*next == '>' || *next == '/')
			break;
		/* Attributes are apart from each other and from the name. */
		if (next == p)
			return VMSYNC_XML_BAD;
		p = attribute(next, x->end, &name, &value);
		if (!p)
			return VMSYNC_XML_BAD;
	}
	x->attrs.n = (size_t)(next - x->attrs.p);
	x->empty = *next == '/';
	next += x->empty;
	if (next == x->end || *next != '>')
		return VMSYNC_XML_BAD;
	x->p = next + 1;
	x->stack[x->depth++] = element;
	x->seen = true;
	return VMSYNC_XML_OPEN;
}

static enum vmsync_xml_piece close_element(struct vmsync_xml *x)
{
	struct vmsync_xml_slice name = take_name(x->p + 2, x->end);
	const char *p = skip_blanks(name.p + name.n, x->end);

	if (!x->depth || p == x->end || *p != '>' ||
	    !slice_is(&x->stack[x->depth - 1], name.p, name.n))
		return VMSYNC_XML_BAD;
	x->p = p + 1;
	x->closed = true;
	return VMSYNC_XML_CLOSE;
}

static enum vmsync_xml_piece plain_text(struct vmsync_xml *x)
{
	const char *begin = x->p;
	const char *end = memchr(begin, '<', (size_t)(x->end - begin));

	x->p = end ? end : x->end;
	x->text = (struct vmsync_xml_slice){ begin, (size_t)(x->p - begin) };
	x->cdata = false;
	if (x->depth)
		return VMSYNC_XML_TEXT;
	/* Between elements of none there is nothing but blanks. */
	return skip_blanks(begin, x->p) == x->p ? VMSYNC_XML_TEXT :
						  VMSYNC_XML_BAD;
}

static enum vmsync_xml_piece cdata(struct vmsync_xml *x)
{
	const char *end;

	x->p += strlen("<![CDATA[");
	x->text.p = x->p;
	end = pass(x, "]]>");
	if (!end || !x->depth)
		return VMSYNC_XML_BAD;
	x->text.n = (size_t)(end - x->text.p);
	x->cdata = true;
	return VMSYNC_XML_TEXT;
}

static enum vmsync_xml_piece next_piece(struct vmsync_xml *x)
{
	for (;;) {
		if (x->p == x->end)
			return x->depth || !x->seen ? VMSYNC_XML_BAD :
						      VMSYNC_XML_END;
		if (starts(x, "<!--")) {
			x->p += 4;
			if (!pass(x, "-->"))
				return VMSYNC_XML_BAD;
		} else if (starts(x, "<?")) {
			if (!pass(x, "?>"))
				return VMSYNC_XML_BAD;
		} else {
			break;
		}
	}
	if (starts(x, "<![CDATA["))
		return cdata(x);
	if (starts(x, "</"))
		return close_element(x);
	return *x->p == '<' ? open_element(x) : plain_text(x);
}

enum vmsync_xml_piece vmsync_xml_next(struct vmsync_xml *x)
{
	enum vmsync_xml_piece piece;

	if (x->closed) {
		x->closed = false;
		x->depth--;
	}
	if (x->empty) {
		x->empty = false;
		x->closed = true;
		return VMSYNC_XML_CLOSE;
	}
	piece = next_piece(x);
	/* After an error there is nothing more. */
	if (piece == VMSYNC_XML_BAD) {
		x->end = x->p;
		x->seen = false;
		x->empty = x->closed = false;
	}
	return piece;
}

bool vmsync_xml_is(const struct vmsync_xml *x, size_t from, const char *path)
{
	size_t i, n;

	for (i = from; i < x->depth; i++) {
		n = strcspn(path, "/");
		if (!slice_is(&x->stack[i], path, n) || !n)
			return false;
		path += n;
		if (!*path)
			return i + 1 == x->depth;
		path++;
	}
	return false;
}

static size_t put_utf8(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* "#123", "#x7b" or a name, of what is between & and ;. Return: bytes, 0: none. */
static size_t entity(const char *p, size_t n, char out[4])
{
	static const struct {
		const char *name;
		char c;
	} names[] = { { "lt", '<' }, { "gt", '>' }, { "amp", '&' },
		      { "quot", '"' }, { "apos", '\'' } };
	bool hex = n > 2 && p[0] == '#' && p[1] == 'x';
	uint32_t code = 0;
	size_t i;

	if (n < 2 || p[0] != '#') {
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (n == strlen(names[i].name) &&
			    !memcmp(p, names[i].name, n)) {
				out[0] = names[i].c;
				return 1;
			}
		}
		return 0;
	}
	for (i = hex ? 2 : 1; i < n; i++) {
		char c = p[i] >= 'A' && p[i] <= 'F' ? (char)(p[i] + 32) : p[i];
		uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0') :
				 hex && c >= 'a' && c <= 'f' ?
							(uint32_t)(c - 'a' + 10) :
							99;

		if (digit == 99 || code > 0x10ffff)
			return 0;
		code = code * (hex ? 16 : 10) + digit;
	}
	return code && code <= 0x10ffff ? put_utf8(code, out) : 0;
}

static bool decode(struct vmsync_xml_slice s, bool plain, char *out, size_t size)
{
	size_t i, n = 0, len;
	char c[4];

	for (i = 0; i < s.n; i++) {
		const char *semicolon;

		len = 1;
		c[0] = s.p[i];
		if (!plain && c[0] == '&') {
			semicolon = memchr(s.p + i, ';', s.n - i);
			len = semicolon ? entity(s.p + i + 1,
						 (size_t)(semicolon - s.p) - i - 1,
						 c) :
					  0;
			i = semicolon ? (size_t)(semicolon - s.p) : i;
		}
		/* A NUL would end the text before its end. */
		if (!len || !c[0] || n + len >= size) {
			out[0] = 0;
			return false;
		}
		memcpy(out + n, c, len);
		n += len;
	}
	out[n] = 0;
	return true;
}

bool vmsync_xml_attr(const struct vmsync_xml *x, const char *name, char *out,
		     size_t size)
{
	const char *p = x->attrs.p, *end = p + x->attrs.n;
	struct vmsync_xml_slice n, value;

	out[0] = 0;
	for (;;) {
		p = skip_blanks(p, end);
		if (p == end)
			return false;
		p = attribute(p, end, &n, &value);
		if (!p)
			return false;
		if (slice_is(&n, name, strlen(name)))
			return decode(value, false, out, size);
	}
}

bool vmsync_xml_text(const struct vmsync_xml *x, char *out, size_t size)
{
	return decode(x->text, x->cdata, out, size);
}
