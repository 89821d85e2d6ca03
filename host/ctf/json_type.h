/* SPDX-License-Identifier: MIT */
/* CTF 2 field classes to types. */
#ifndef CTF_JSON_TYPE_H
#define CTF_JSON_TYPE_H

#include "ctf/json_text.h"

struct json_alias {
	const char *name;
	const struct ctf_type *type;
};

struct json_aliases {
	struct json_alias *v;
	size_t n, cap;
};

/* A field class: an object, or the name of an alias. */
int json_type(struct json_reader *r, const struct json_aliases *aliases,
	      const struct json *v, const struct ctf_type **out);
/* A member that has to be an integer of 0 .. @max. */
int json_number(struct json_reader *r, const struct json *o, const char *key,
		uint64_t max, uint64_t *out);

#endif /* CTF_JSON_TYPE_H */
