/* SPDX-License-Identifier: MIT */
/*
 * Shapes: what the text of all events of a class has in common.
 *
 * Where a class has no variant, and no list but of numbers, the steps of its
 * events differ in the lengths of lists and nothing else: what is printed before
 * each value is made once, and of an event only its values are stored, to be
 * printed later and by another thread.
 */
#ifndef VMSYNC_EXPORT_SHAPE_H
#define VMSYNC_EXPORT_SHAPE_H

#include "ctf/ctf.h"
#include "export/out.h"

#define SHAPE_PAD  32 /* bytes behind text that may be read, and written */
#define SHAPE_WORD 40 /* characters that 8 bytes of what is stored can take */

enum form {
	FORM_DECIMAL,
	FORM_HEX,
	FORM_TEXT,
	FORM_OTHER,
	FORM_DECIMALS, /* lists of such numbers */
	FORM_HEXES,
};

/**
 * struct lead - a value, or a list, and what is printed before it
 * @text:	in shape.text
 * @len:	its characters
 * @value:	which of the event's steps it is, were lists empty
 * @form:	how it is printed
 * @mask:	decimal: the sign bit, or 0; hexadecimal: which bits count
 * @type:	of the value
 */
struct lead {
	uint32_t text;
	uint32_t len;
	uint32_t value;
	enum form form;
	uint64_t mask;
	const struct ctf_type *type;
};

/**
 * struct shape - of one class
 * @cls:	the class
 * @is_fixed:	as said above; else it has a name and nothing more
 * @is_empty:	it has no fields
 * @n:		values and lists
 * @lead:	[@n]
 * @text:	"sched_switch: ", the leads, and what ends the line
 * @name_len:	characters of the first of these
 * @tail:	place of the last
 * @tail_len:	its characters
 * @room:	characters that an event can take, without strings and lists
 */
struct shape {
	const struct ctf_class *cls;
	bool is_fixed;
	bool is_empty;
	uint32_t n;
	struct lead *lead;
	char *text;
	uint32_t name_len;
	uint32_t tail;
	uint32_t tail_len;
	uint32_t room;
};

/** shape_make() - of the class of an event; false where memory is out */
bool shape_make(struct shape *sh, const struct ctf_class *cls,
		const struct ctf_value *v, long n);

/** shape_free() - what shape_make() made, also where it failed */
void shape_free(struct shape *sh);

/**
 * shape_store() - keep the values of an event
 * @sh:		of its class; @is_fixed
 * @v:		its steps
 * @at:		where to
 * @end:	where room ends
 *
 * Return: behind what was stored, or NULL where it does not fit.
 */
uint64_t *shape_store(const struct shape *sh, const struct ctf_value *v,
		      uint64_t *at, const uint64_t *end);

/**
 * shape_print() - print what shape_store() kept, from the first lead on
 * @sh:		shape
 * @at:		what was stored; SHAPE_PAD bytes behind it can be read
 * @o:		has room for @room characters, and SHAPE_PAD more
 * @room:	for the whole event, at least
 */
void shape_print(const struct shape *sh, const uint64_t *at, struct out *o,
		 size_t room);

/* Copies @n characters: up to SHAPE_PAD more are read and written. */
static inline char *shape_copy(char *p, const char *s, uint32_t n)
{
	uint32_t i;

	memcpy(p, s, SHAPE_PAD);
	for (i = SHAPE_PAD; __builtin_expect(i < n, 0); i += SHAPE_PAD)
		memcpy(p + i, s + i, SHAPE_PAD);
	return p + n;
}

#endif /* VMSYNC_EXPORT_SHAPE_H */
