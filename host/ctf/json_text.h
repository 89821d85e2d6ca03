/* SPDX-License-Identifier: MIT */
/* JSON texts as trees, with where everything stands. */
#ifndef CTF_JSON_TEXT_H
#define CTF_JSON_TEXT_H

#include "ctf/internal.h"

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_INT,		/* number, two's complement where negative */
	JSON_REAL,		/* a number with a fraction or an exponent */
	JSON_TEXT,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json {
	enum json_kind kind;
	bool negative;
	uint64_t number;	/* JSON_INT, JSON_BOOL */
	const char *text;	/* JSON_TEXT, without escapes */
	const char *key;	/* of a member of an object */
	struct json *child, *next;
	size_t n;		/* children */
	uint32_t line, col;
	struct meta_span span;
};

struct json_reader {
	struct ctf_trace *t;
	struct ctf_error *e;
	size_t at;
	uint32_t line;
	size_t line_at;
	unsigned int depth;
	char *buf;
	size_t cap_buf;
};

/* Reads the next value; blanks and record separators before it are skipped. */
int json_read(struct json_reader *r, struct json **out);
/* Whether there is nothing but blanks left. */
bool json_at_end(struct json_reader *r);
/* The member of an object with this key, or NULL. */
const struct json *json_get(const struct json *o, const char *key);
int json_bad(struct json_reader *r, const struct json *v, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* CTF_JSON_TEXT_H */
