/* SPDX-License-Identifier: MIT */
/* What the files of the TSDL parser share. */
#ifndef CTF_TSDL_H
#define CTF_TSDL_H

#include "ctf/lex.h"

/* Types by their names and tags, and members of a struct or variant. */
enum name_kind { NAME_TYPE, NAME_STRUCT, NAME_ENUM, NAME_VARIANT, NAME_MEMBER };

/* A pair of braces in which type names may be declared. */
struct scope {
	struct scope *up;
	uint32_t id;
};

struct name {
	uint32_t scope;
	uint32_t kind;
	const char *text;	/* interned */
	const struct ctf_type *type;
};

struct parser {
	struct lexer lex;
	struct token cur;
	struct ctf_trace *t;
	struct ctf_error *e;
	struct scope root;
	uint32_t n_scopes;
	unsigned int depth;
	bool has_trace;		/* the trace block was read, */
	bool has_major, has_minor; /* and what was in it */
	struct name *names;	/* hash table */
	size_t n_names, cap_names;
	char *buf;		/* a dotted or many-word name being read */
	size_t cap_buf;
};

/* An expression on the right of = */
struct value {
	enum token_kind kind;	/* TOKEN_NUMBER, TOKEN_STRING, TOKEN_WORD */
	bool negative;
	uint64_t number;	/* two's complement where negative */
	const char *text;	/* dotted words are one text */
	struct meta_span span;
	uint32_t line, col;
};

/* Attributes that a block or type has so far: each can be given once. */
struct keys {
	const char *key[32];	/* interned */
	unsigned int n;
};

/* tsdl.c */
int bad_at(struct parser *p, const struct token *tok, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int next(struct parser *p);
bool at_word(const struct parser *p, const char *w);
bool at_punct(const struct parser *p, char c);
int want_punct(struct parser *p, char c);
int read_path(struct parser *p, const char **out);
/* The same, or a string. */
int read_key(struct parser *p, const char **out);
/* The name of a struct, enum or variant, or NULL where there is none. */
int read_tag_name(struct parser *p, const char **out);
int read_value(struct parser *p, struct value *v);
int value_bool(struct parser *p, const struct value *v, bool *out);
int value_small(struct parser *p, const struct value *v, uint64_t max,
		uint64_t *out);
int key_once(struct parser *p, struct keys *seen, const struct token *tok,
	     const char *key);
/* Words that the language has for itself; C's names of types are not among them. */
bool is_keyword(const char *s);
bool is_c_word(const char *s);
void scope_enter(struct parser *p, struct scope *s, struct scope *up);
int name_add(struct parser *p, const struct scope *s, enum name_kind kind,
	     const char *text, const struct ctf_type *type);
const struct ctf_type *name_find(const struct parser *p, const struct scope *s,
				 enum name_kind kind, const char *text);

/* Members, options or ranges while their number is not known. */
struct list {
	void *v;
	size_t n, cap;
};

/* tsdl_type.c */
struct ctf_type *type_new(struct parser *p, enum ctf_kind kind);
/* To be called when all of it is known: type_finish(), and a message. */
int type_done(struct parser *p, const struct token *tok, struct ctf_type *t);
const void *list_keep(struct parser *p, struct list *l, size_t size);
int read_type(struct parser *p, struct scope *s, const struct ctf_type **out);
int read_typealias(struct parser *p, struct scope *s);
int read_typedef(struct parser *p, struct scope *s);
bool at_declaration(const struct parser *p);
int read_declaration(struct parser *p, struct scope *s);

/* tsdl_leaf.c */
int attr_align(struct parser *p, const struct value *v, uint32_t *out);
int read_integer(struct parser *p, const struct ctf_type **out);
int read_float(struct parser *p, const struct ctf_type **out);
int read_string(struct parser *p, const struct ctf_type **out);
int read_enum(struct parser *p, struct scope *s, const struct ctf_type **out);

/* tsdl_compound.c */
int array_of(struct parser *p, const struct ctf_type **type);
int read_declarator(struct parser *p, const struct ctf_type **type,
		    const char **name);
int read_struct(struct parser *p, struct scope *s, const struct ctf_type **out);
int read_variant(struct parser *p, struct scope *s, const struct ctf_type **out);

/* type.c: finishes a type (alignment, size, depth), checks its limits */
int type_finish(struct ctf_type *t);

#endif /* CTF_TSDL_H */
