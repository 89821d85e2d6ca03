// SPDX-License-Identifier: MIT
#include "qemu/format.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A declaration that is being read, and the text before the next value. */
struct declaration {
	const char *at;
	char text[512];
	size_t n;
};

bool qemu_is_name(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n && (isalnum((unsigned char)s[i]) || s[i] == '_'); i++)
		;
	return n && i == n && n < QEMU_NAME && !isdigit((unsigned char)*s);
}

static bool name_take(const char *s, size_t n, char out[QEMU_NAME])
{
	if (!qemu_is_name(s, n))
		return false;
	memcpy(out, s, n);
	out[n] = '\0';
	return true;
}

static bool has(const char *type, size_t n, const char *word)
{
	return memmem(type, n, word, strlen(word));
}

/* What QEMU is built for has 64 bits in a long and in a pointer. */
static uint8_t bits_of(const char *type, size_t n)
{
	if (has(type, n, "*") || has(type, n, "64"))
		return 64;
	if (has(type, n, "32"))
		return 32;
	if (has(type, n, "16") || has(type, n, "short"))
		return 16;
	if (has(type, n, "int8") || has(type, n, "char") || has(type, n, "bool"))
		return 8;
	if (has(type, n, "long") || has(type, n, "ptr"))
		return 64;
	return has(type, n, "int") || has(type, n, "unsigned") ? 32 : 64;
}

static bool is_unsigned(const char *type, size_t n)
{
	return has(type, n, "uint") || has(type, n, "unsigned") ||
	       has(type, n, "size_t") || has(type, n, "bool") ||
	       has(type, n, "*");
}

/* "TYPE NAME" or "TYPE *NAME", [@n]. */
static bool argument_take(struct qemu_format *f, const char *s, size_t n)
{
	struct qemu_field *field = &f->fields[f->n];
	size_t i, k;

	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	for (i = n; i && (isalnum((unsigned char)s[i - 1]) || s[i - 1] == '_');)
		i--;
	if (!i || f->n == QEMU_FIELDS || !name_take(s + i, n - i, field->name))
		return false;
	for (k = 0; k < f->n; k++) {
		if (!strcmp(f->fields[k].name, field->name))
			return false;
	}
	field->bits = bits_of(s, i);
	field->is_signed = !is_unsigned(s, i);
	f->n++;
	return true;
}

static bool arguments_take(struct declaration *r, struct qemu_format *f)
{
	const char *end = strchr(r->at, ')');
	size_t n;

	if (!end)
		return false;
	if (end - r->at == 4 && !memcmp(r->at, "void", 4))
		r->at = end;
	while (r->at < end) {
		n = strcspn(r->at, ",)");
		if (!argument_take(f, r->at, n))
			return false;
		r->at += n + (r->at + n < end);
	}
	r->at = end + 1;
	return true;
}

static bool text_add(struct declaration *r, char c)
{
	if (r->n + 1 >= sizeof(r->text))
		return false;
	r->text[r->n++] = c;
	return true;
}

/* The text so far is what stands before a value, or behind the last one. */
static char *text_end(struct declaration *r)
{
	char *s = strndup(r->text, r->n);

	r->n = 0;
	return s;
}

/* A conversion, behind its flags, width and length: "d", or PRIx64's "x". */
static int conversion_take(struct declaration *r, struct qemu_format *f, size_t i,
			   char c)
{
	struct qemu_field *field = &f->fields[i];

	if (i >= f->n || !strchr("diuxXpsc", c) || !c)
		return 0;
	field->base = strchr("xXp", c) ? 16 : 10;
	field->is_pointer = c == 'p';
	if (c == 's' || c == 'c')
		field->bits = 0;
	/* Two texts of any length with nothing between them: where is the border? */
	if (i && !r->n)
		return 0;
	field->before = text_end(r);
	return field->before ? 1 : -ENOMEM;
}

/* PRIx64 and the like, behind a quoted part that ends with "%". */
static char macro_take(struct declaration *r)
{
	char c;

	while (isspace((unsigned char)*r->at))
		r->at++;
	if (strncmp(r->at, "PRI", 3) || !strchr("diuxX", r->at[3]))
		return '\0';
	c = r->at[3];
	while (isalnum((unsigned char)*r->at))
		r->at++;
	while (isspace((unsigned char)*r->at))
		r->at++;
	/* Behind the last value there may be no other quoted part. */
	if (*r->at == '"')
		r->at++;
	else if (*r->at)
		c = '\0';
	else
		r->at = "\"";
	return c;
}

static int percent_take(struct declaration *r, struct qemu_format *f, size_t *i)
{
	char c;
	int ret;

	if (*r->at == '%') {
		r->at++;
		return text_add(r, '%');
	}
	if (*r->at == '#' && !(text_add(r, '0') && text_add(r, 'x')))
		return 0;
	r->at += strspn(r->at, "#0123456789.-lhzj");
	c = *r->at++;
	if (c == '"')
		c = macro_take(r);
	ret = conversion_take(r, f, *i, c);
	*i += ret > 0;
	return ret;
}

/* "text %d text %" PRIu64 " text" */
static int format_take(struct declaration *r, struct qemu_format *f)
{
	size_t i = 0;
	int ret = 1;

	while (isspace((unsigned char)*r->at))
		r->at++;
	if (*r->at++ != '"')
		return 0;
	while (ret > 0 && *r->at && *r->at != '"') {
		if (*r->at == '\\')
			return 0;
		if (*r->at == '%') {
			r->at++;
			ret = percent_take(r, f, &i);
		} else {
			ret = text_add(r, *r->at++);
		}
	}
	if (ret <= 0 || i != f->n || *r->at != '"' || r->at[1])
		return ret < 0 ? ret : 0;
	f->after = text_end(r);
	return f->after ? 1 : -ENOMEM;
}

int qemu_format_parse(const char *line, struct qemu_format *f)
{
	struct declaration r = { .at = line };
	size_t n;

	memset(f, 0, sizeof(*f));
	n = strcspn(line, "(");
	/* Properties stand before the name: "disable", "vcpu". */
	while (memchr(r.at, ' ', n)) {
		size_t word = strcspn(r.at, " ") + 1;

		r.at += word;
		n -= word;
	}
	if (!r.at[n] || (!name_take(r.at, n, f->name) &&
			 (strncmp(r.at, "qmp:", 4) ||
			  !name_take(r.at + 4, n - 4, f->name))))
		return 0;
	if (!strncmp(r.at, "qmp:", 4))
		snprintf(f->name, sizeof(f->name), "%.*s", (int)n, r.at);
	r.at += n + 1;
	return arguments_take(&r, f) ? format_take(&r, f) : 0;
}

void qemu_format_free(struct qemu_format *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		free(f->fields[i].before);
	free(f->after);
	memset(f, 0, sizeof(*f));
}

/* What is being read: [@at, @end). */
struct text {
	const char *at;
	const char *end;
};

static bool literal(struct text *t, const char *s)
{
	size_t n = strlen(s);

	if ((size_t)(t->end - t->at) < n || memcmp(t->at, s, n))
		return false;
	t->at += n;
	return true;
}

static int digit_of(char c, uint8_t base)
{
	int d = isdigit((unsigned char)c) ? c - '0' :
		base == 16 && isxdigit((unsigned char)c) ?
			tolower((unsigned char)c) - 'a' + 10 : -1;

	return d;
}

/* Any number that goes into the field's bits, whatever its sign is. */
static bool number(struct text *t, const struct qemu_field *f, uint64_t *out)
{
	uint64_t most = f->bits == 64 ? UINT64_MAX : (1ull << f->bits) - 1;
	const char *begin;
	bool negative;
	uint64_t v = 0;

	if (f->is_pointer && literal(t, "(nil)")) {
		*out = 0;
		return true;
	}
	if (f->is_pointer && !literal(t, "0x"))
		return false;
	while (t->at < t->end && *t->at == ' ')
		t->at++;
	negative = f->base == 10 && literal(t, "-");
	for (begin = t->at; t->at < t->end; t->at++) {
		int d = digit_of(*t->at, f->base);

		if (d < 0)
			break;
		if (__builtin_mul_overflow(v, (uint64_t)f->base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)d, &v) || v > most)
			return false;
	}
	if (negative && v > most / 2 + 1)
		return false;
	*out = negative ? -v : v;
	return t->at > begin;
}

/* Up to what follows it; the last one takes the rest. */
static bool words(struct text *t, const char *next, bool last, uint8_t **out)
{
	size_t left = (size_t)(t->end - t->at), n = strlen(next);
	const char *end = last ? t->end - n : memmem(t->at, left, next, n);

	if (!end || left < n)
		return false;
	*out = (uint8_t *)mempcpy(*out, t->at, (size_t)(end - t->at));
	*(*out)++ = '\0';
	t->at = end;
	return true;
}

long qemu_format_read(const struct qemu_format *f, const char *args, size_t n,
		      uint8_t *out)
{
	struct text t = { args, args + n };
	uint8_t *begin = out;
	uint64_t v;
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct qemu_field *field = &f->fields[i];
		bool last = i + 1 == f->n;

		if (!literal(&t, field->before))
			return -1;
		if (!field->bits) {
			if (!words(&t, last ? f->after : field[1].before, last,
				   &out))
				return -1;
			continue;
		}
		if (!number(&t, field, &v))
			return -1;
		memcpy(out, &v, field->bits / 8);
		out += field->bits / 8;
	}
	return literal(&t, f->after) && t.at == t.end ? out - begin : -1;
}

void qemu_format_print(const struct qemu_format *f, FILE *out)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct qemu_field *field = &f->fields[i];

		if (field->bits)
			fprintf(out, "\t\tinteger { size = %u; align = 8; "
				"signed = %d; encoding = none; base = %u; } _%s;\n",
				field->bits, field->is_signed, field->base,
				field->name);
		else
			fprintf(out, "\t\tstring _%s;\n", field->name);
	}
}
