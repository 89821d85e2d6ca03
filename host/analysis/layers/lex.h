/* SPDX-License-Identifier: MIT */
/* Words, strings and signs of a layer file. */
#ifndef VMSYNC_LAYERS_LEX_H
#define VMSYNC_LAYERS_LEX_H

#include "analysis/layers/layer.h"

enum layer_token_kind {
	LAYER_TOKEN_WORD,
	LAYER_TOKEN_STRING,
	LAYER_TOKEN_SIGN, /* = != ^= !^= ... < > <= >= | [ ] , */
	LAYER_TOKEN_LINE, /* the end of a line that is not empty */
	LAYER_TOKEN_END,  /* of the file */
	LAYER_TOKEN_BAD,  /* said in the error */
};

/** struct layer_token - @text of a string is what it means: without escapes */
struct layer_token {
	enum layer_token_kind kind;
	struct layer_slice text;
	uint32_t line;
	uint32_t col; /* from 1, in bytes */
};

/**
 * struct layer_lexer - where it is
 * @at:		what comes next; strings are unescaped in place, behind it
 * @token:	the last one that was read
 */
struct layer_lexer {
	const char *path;
	char *at;
	char *end;
	char *line_at;
	uint32_t line;
	struct layer_token token;
	struct ctf_error *e;
};

/** layer_lex_begin() - the first token of @text [@n bytes, writable] */
void layer_lex_begin(struct layer_lexer *l, const char *path, char *text,
		     size_t n, struct ctf_error *e);

/** layer_lex_next() - the next one, in @token */
void layer_lex_next(struct layer_lexer *l);

/** layer_lex_is() - is it this sign, or the end of a line? */
bool layer_lex_is(const struct layer_lexer *l, const char *sign);
bool layer_lex_line_ends(const struct layer_lexer *l);

/**
 * layer_lex_fail() - something is wrong at the token; the first error counts
 * Return: false
 */
bool layer_lex_fail(struct layer_lexer *l, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* VMSYNC_LAYERS_LEX_H */
