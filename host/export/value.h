/* SPDX-License-Identifier: MIT */
/* Values of any type as text, one by one. */
#ifndef VMSYNC_EXPORT_VALUE_H
#define VMSYNC_EXPORT_VALUE_H

#include "ctf/ctf.h"
#include "export/out.h"

#define MAX_NUMBER 96 /* characters of a number, with what may follow it */

/** value_is_plain() - whether a character of a string is printed as it is */
static inline bool value_is_plain(unsigned char c)
{
	return c >= 0x20 && c != 0x7f && c != '"' && c != '\\' && c != '\'' &&
	       c != '?';
}

/**
 * struct value_level - where in the nesting of an event's steps we are
 * @kind:	of what the next member or element is in
 * @n:		how many of them came
 */
struct value_level {
	enum ctf_kind kind;
	uint64_t n;
};

/** value_level_is_list() - elements have no names */
static inline bool value_level_is_list(const struct value_level *l)
{
	return l->kind == CTF_ARRAY || l->kind == CTF_SEQUENCE;
}

/** value_put_escape() - a character that is not plain, at most 4 for it */
char *value_put_escape(char *p, unsigned char c);

/** value_put() - a leaf */
void value_put(struct out *o, const struct ctf_value *v);

/** value_put_all() - all steps of an event, whatever their nesting */
void value_put_all(struct out *o, const struct ctf_value *v, long n);

#endif /* VMSYNC_EXPORT_VALUE_H */
