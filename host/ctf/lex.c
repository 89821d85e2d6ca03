// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "ctf/lex.h"

void lex_init(struct lexer *l, struct ctf_trace *t, struct ctf_error *e)
{
	memset(l, 0, sizeof(*l));
	l->text = t->text;
	l->len = t->text_len;
	l->line = 1;
	l->path = t->meta_path;
	l->arena = &t->arena;
	l->e = e;
}

void lex_free(struct lexer *l)
{
	free(l->table);
	free(l->buf);
}

static uint64_t hash(const char *s, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ull;

	while (len--)
		h = (h ^ (uint8_t)*s++) * 0x100000001b3ull;
	return h ^ h >> 29;
}

static int table_grow(struct lexer *l)
{
	size_t n = l->cap_table ? l->cap_table * 2 : 1024;
	const char **t = calloc(n, sizeof(*t));
	size_t i, k;

	if (!t)
		return -ENOMEM;
	for (i = 0; i < l->cap_table; i++) {
		const char *s = l->table[i];

		if (!s)
			continue;
		for (k = hash(s, strlen(s)) & (n - 1); t[k];)
			k = (k + 1) & (n - 1);
		t[k] = s;
	}
	free(l->table);
	l->table = t;
	l->cap_table = n;
	return 0;
}

const char *lex_intern(struct lexer *l, const char *s, size_t len)
{
	size_t k;

	if (l->n_table * 2 >= l->cap_table && table_grow(l))
		return NULL;
	for (k = hash(s, len) & (l->cap_table - 1); l->table[k];
	     k = (k + 1) & (l->cap_table - 1))
		if (!strncmp(l->table[k], s, len) && !l->table[k][len])
			return l->table[k];
	l->table[k] = arena_text(l->arena, s, len);
	if (l->table[k])
		l->n_table++;
	return l->table[k];
}

static void bad(struct lexer *l, struct token *tok, const char *what)
{
	tok->kind = TOKEN_BAD;
	fail(l->e, -EINVAL, "%s:%u:%u: %s", l->path, tok->line, tok->col, what);
}

static int peek(const struct lexer *l, size_t ahead)
{
	return l->at + ahead < l->len ? (unsigned char)l->text[l->at + ahead] : 0;
}

static void newline(struct lexer *l)
{
	l->line++;
	l->line_at = l->at + 1;
}

static int skip_comment(struct lexer *l, struct token *tok)
{
	tok->line = l->line;
	tok->col = (uint32_t)(l->at - l->line_at + 1);
	if (peek(l, 1) == '/') {
		while (l->at < l->len && peek(l, 0) != '\n')
			l->at++;
		return 0;
	}
	for (l->at += 2; l->at < l->len; l->at++) {
		if (peek(l, 0) == '*' && peek(l, 1) == '/') {
			l->at += 2;
			return 0;
		}
		if (peek(l, 0) == '\n')
			newline(l);
	}
	bad(l, tok, "a comment without an end");
	return -EINVAL;
}

static int skip_blanks(struct lexer *l, struct token *tok)
{
	for (;;) {
		int c = peek(l, 0);

		if (c == '\n') {
			newline(l);
			l->at++;
		} else if (c && strchr(" \t\r\f\v", c)) {
			l->at++;
		} else if (c == '/' && (peek(l, 1) == '/' || peek(l, 1) == '*')) {
			if (skip_comment(l, tok))
				return -EINVAL;
		} else {
			return 0;
		}
	}
}

static bool is_word(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

static int digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

static void number(struct lexer *l, struct token *tok)
{
	unsigned int base = 10;
	uint64_t v = 0;
	bool any = false;

	if (peek(l, 0) == '0' && (peek(l, 1) | 32) == 'x') {
		base = 16;
		l->at += 2;
	} else if (peek(l, 0) == '0' && (peek(l, 1) | 32) == 'b') {
		base = 2;
		l->at += 2;
	} else if (peek(l, 0) == '0') {
		base = 8;
	}
	for (; (unsigned int)digit(peek(l, 0)) < base; l->at++, any = true) {
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, digit(peek(l, 0)), &v)) {
			bad(l, tok, "a number above 2^64");
			return;
		}
	}
	while (peek(l, 0) && strchr("uUlL", peek(l, 0)))
		l->at++;
	if (!any || is_word(peek(l, 0))) {
		bad(l, tok, "not a number");
		return;
	}
	tok->kind = TOKEN_NUMBER;
	tok->number = v;
}

/* Behind a backslash: the character, or -1. At most three digits are one. */
static int escape(struct lexer *l)
{
	static const char from[] = "abfnrtv\\'\"?", to[] = "\a\b\f\n\r\t\v\\'\"?";
	int c = peek(l, 0), v = 0, n;
	const char *p;

	if (c == 'x') {
		l->at++;
		for (n = 0; n < 3 && digit(peek(l, 0)) < 16; n++, l->at++)
			v = v * 16 + digit(peek(l, 0));
		return n ? v & 255 : -1;
	}
	if (c >= '0' && c <= '7') {
		for (n = 0; n < 3 && digit(peek(l, 0)) < 8; n++, l->at++)
			v = v * 8 + digit(peek(l, 0));
		return v & 255;
	}
	p = c ? strchr(from, c) : NULL;
	l->at++;
	return p ? to[p - from] : -1;
}

/*
 * "text" or 'text', which are the same. Like in C, what is behind a zero
 * character is not part of it.
 */
static void string(struct lexer *l, struct token *tok)
{
	int c, end = peek(l, 0);
	size_t n = 0;

	for (l->at++; (c = peek(l, 0)) != end; ) {
		if (!c) {
			bad(l, tok, "a string without an end");
			return;
		}
		if (c == '\n')
			newline(l);
		l->at++;
		if (c == '\\') {
			c = escape(l);
			if (c < 0) {
				bad(l, tok, "an unknown escape in a string");
				return;
			}
		}
		if (vec_grow(&l->buf, &l->cap_buf, n + 1, 1)) {
			tok->kind = TOKEN_BAD;
			fail_nomem(l->e);
			return;
		}
		l->buf[n++] = (char)c;
	}
	l->at++;
	tok->kind = TOKEN_STRING;
	tok->text = lex_intern(l, n ? l->buf : "",
			       n ? strnlen(l->buf, n) : 0);
}

static void word(struct lexer *l, struct token *tok)
{
	size_t from = l->at;

	while (is_word(peek(l, 0)))
		l->at++;
	tok->kind = TOKEN_WORD;
	tok->text = lex_intern(l, l->text + from, l->at - from);
}

void lex_next(struct lexer *l, struct token *tok)
{
	int c;

	memset(tok, 0, sizeof(*tok));
	if (skip_blanks(l, tok))
		return;
	tok->line = l->line;
	tok->col = (uint32_t)(l->at - l->line_at + 1);
	tok->from = l->at;
	c = peek(l, 0);
	/* C's prefix of wide strings says nothing here. */
	if (c == 'L' && (peek(l, 1) == '"' || peek(l, 1) == '\'')) {
		l->at++;
		c = peek(l, 0);
	}
	if (l->at >= l->len) {
		tok->kind = TOKEN_EOF;
	} else if (c >= '0' && c <= '9') {
		number(l, tok);
	} else if (c == '"' || c == '\'') {
		string(l, tok);
	} else if (is_word(c)) {
		word(l, tok);
	} else if (c == ':' && peek(l, 1) == '=') {
		tok->kind = TOKEN_ASSIGN;
		l->at += 2;
	} else if (c == '.' && peek(l, 1) == '.' && peek(l, 2) == '.') {
		tok->kind = TOKEN_DOTS;
		l->at += 3;
	} else if (strchr("{}[]();:,=<>.-+*", c)) {
		tok->kind = TOKEN_PUNCT;
		tok->c = (char)c;
		l->at++;
	} else {
		bad(l, tok, "a character that has no meaning here");
		return;
	}
	if ((tok->kind == TOKEN_WORD || tok->kind == TOKEN_STRING) && !tok->text) {
		tok->kind = TOKEN_BAD;
		fail_nomem(l->e);
	}
	tok->to = l->at;
}
