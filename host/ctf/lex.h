/* SPDX-License-Identifier: MIT */
/* TSDL's words: from text to tokens. */
#ifndef CTF_LEX_H
#define CTF_LEX_H

#include "ctf/internal.h"

enum token_kind {
	TOKEN_EOF,
	TOKEN_WORD,
	TOKEN_NUMBER,
	TOKEN_STRING,
	TOKEN_PUNCT,		/* one character, or the two below */
	TOKEN_ASSIGN,		/* := */
	TOKEN_DOTS,		/* ... */
	TOKEN_BAD,
};

/**
 * struct token - one word of the text
 * @kind:	see above
 * @c:		TOKEN_PUNCT: the character
 * @text:	TOKEN_WORD, TOKEN_STRING: interned, equal texts are one pointer
 * @number:	TOKEN_NUMBER
 * @line:	from 1
 * @col:	from 1, in bytes
 * @from:	byte offset in the text
 * @to:		byte offset behind it
 */
struct token {
	enum token_kind kind;
	char c;
	const char *text;
	uint64_t number;
	uint32_t line, col;
	size_t from, to;
};

struct lexer {
	const char *text;
	size_t len, at;
	uint32_t line;
	size_t line_at;
	const char *path;
	struct arena *arena;
	const char **table;	/* interned texts, by hash */
	size_t n_table, cap_table;
	char *buf;		/* a string being read */
	size_t cap_buf;
	struct ctf_error *e;
};

void lex_init(struct lexer *l, struct ctf_trace *t, struct ctf_error *e);
void lex_free(struct lexer *l);
/* Reads the next token; TOKEN_BAD after an error (l->e is set). */
void lex_next(struct lexer *l, struct token *tok);
/* The one pointer for this text, NULL where memory is out. */
const char *lex_intern(struct lexer *l, const char *s, size_t len);

#endif /* CTF_LEX_H */
