// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analysis/layers/lex.h"
#include "fuse/fail.h"

/* The longest ones first: the beginning of each is another one. */
static const char *const signs[] = {
	"!^=", "!$=", "!*=", "!=", "^=", "$=", "*=", "<=",
	">=",  "=",   "<",   ">",  "|",	 "[",  "]",  ",",
};

#define N_SIGNS (sizeof(signs) / sizeof(signs[0]))

bool layer_lex_fail(struct layer_lexer *l, const char *format, ...)
{
	char what[256];
	va_list args;

	if (l->token.kind != LAYER_TOKEN_BAD) {
		va_start(args, format);
		vsnprintf(what, sizeof(what), format, args);
		va_end(args);
		vmsync_fail(l->e, -EINVAL, "layers.rst has the format",
			    "%.200s:%u:%u: %s", l->path, l->token.line,
			    l->token.col, what);
	}
	l->token.kind = LAYER_TOKEN_BAD;
	return false;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("_.:*?/$@-", c));
}

static void line_begin(struct layer_lexer *l)
{
	l->line++;
	l->line_at = l->at;
}

/* Blanks, comments, and the end of a line that goes on in the next one. */
static void skip(struct layer_lexer *l)
{
	while (l->at < l->end) {
		if (*l->at == ' ' || *l->at == '\t' || *l->at == '\r') {
			l->at++;
		} else if (*l->at == '#') {
			while (l->at < l->end && *l->at != '\n')
				l->at++;
		} else if (*l->at == '\\' && l->at + 1 < l->end &&
			   l->at[1] == '\n') {
			l->at += 2;
			line_begin(l);
		} else {
			return;
		}
	}
}

static void take(struct layer_lexer *l, enum layer_token_kind kind, size_t n)
{
	l->token.kind = kind;
	l->token.text = (struct layer_slice){l->at, (uint32_t)n};
	l->at += n;
}

/* What it means takes its place; that is never longer. */
static void string(struct layer_lexer *l)
{
	char *out = ++l->at;

	l->token.text.s = out;
	while (l->at < l->end && *l->at != '"' && *l->at != '\n') {
		if ((unsigned char)*l->at < 0x20 && *l->at != '\t') {
			l->token.col = (uint32_t)(l->at - l->line_at) + 1;
			layer_lex_fail(l, "a control character in a string");
			return;
		}
		if (*l->at != '\\') {
			*out++ = *l->at++;
			continue;
		}
		if (l->at + 1 >= l->end || !strchr("\"\\", l->at[1]) ||
		    !l->at[1]) {
			l->token.col = (uint32_t)(l->at - l->line_at) + 1;
			layer_lex_fail(l, "in a string, \\ stands before \" "
					  "and \\ only");
			return;
		}
		*out++ = l->at[1];
		l->at += 2;
	}
	if (l->at == l->end || *l->at != '"') {
		layer_lex_fail(l, "the string does not end in this line");
		return;
	}
	l->at++;
	l->token.kind = LAYER_TOKEN_STRING;
	l->token.text.len = (uint32_t)(out - l->token.text.s);
}

static bool sign(struct layer_lexer *l)
{
	size_t i, n;

	for (i = 0; i < N_SIGNS; i++) {
		n = strlen(signs[i]);
		if ((size_t)(l->end - l->at) >= n &&
		    !memcmp(l->at, signs[i], n)) {
			take(l, LAYER_TOKEN_SIGN, n);
			return true;
		}
	}
	return false;
}

static void word(struct layer_lexer *l)
{
	size_t n = 0;

	while (l->at + n < l->end && is_word(l->at[n]))
		n++;
	if (n)
		take(l, LAYER_TOKEN_WORD, n);
	else if ((unsigned char)*l->at < 0x20 || (unsigned char)*l->at > 0x7e)
		layer_lex_fail(l,
			       "a byte 0x%02x can be in strings and comments "
			       "only",
			       (unsigned char)*l->at);
	else
		layer_lex_fail(l, "'%c' means nothing here", *l->at);
}

/* Lines that are empty, or hold a comment, are none. */
static void line(struct layer_lexer *l, bool was_empty)
{
	l->token.kind = LAYER_TOKEN_LINE;
	do {
		l->at++;
		line_begin(l);
		skip(l);
	} while (l->at < l->end && *l->at == '\n');
	if (was_empty)
		layer_lex_next(l);
}

void layer_lex_next(struct layer_lexer *l)
{
	bool at_begin = l->at == l->line_at;

	if (l->token.kind == LAYER_TOKEN_BAD)
		return;
	skip(l);
	l->token.line = l->line;
	l->token.col = (uint32_t)(l->at - l->line_at) + 1;
	if (l->at == l->end)
		l->token.kind = LAYER_TOKEN_END;
	else if (*l->at == '\n')
		line(l, at_begin && l->token.kind == LAYER_TOKEN_END);
	else if (*l->at == '"')
		string(l);
	else if (!sign(l))
		word(l);
}

void layer_lex_begin(struct layer_lexer *l, const char *path, char *text,
		     size_t n, struct ctf_error *e)
{
	*l = (struct layer_lexer){
		.path = path,
		.at = text,
		.end = text + n,
		.line_at = text,
		.line = 1,
		.token.kind = LAYER_TOKEN_END,
		.e = e,
	};
	layer_lex_next(l);
}

bool layer_lex_is(const struct layer_lexer *l, const char *s)
{
	return l->token.kind == LAYER_TOKEN_SIGN &&
	       layer_slice_is(l->token.text, s);
}

bool layer_lex_line_ends(const struct layer_lexer *l)
{
	return l->token.kind == LAYER_TOKEN_LINE ||
	       l->token.kind == LAYER_TOKEN_END;
}
