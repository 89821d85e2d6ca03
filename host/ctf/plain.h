/* SPDX-License-Identifier: MIT */
/*
 * Numbers that are at the same place in every event of a class, in whole bytes,
 * as nearly all of a kernel's are: read without looking at their type again.
 */
#ifndef CTF_PLAIN_H
#define CTF_PLAIN_H

#include <string.h>

#include "ctf/ctf.h"

#define CTF_PLAIN_BYTES 8 /* that are loaded, whatever the number's size */

/**
 * struct ctf_plain - such a number
 * @at:		bytes from the beginning of the event's fields
 * @mask:	its bits
 * @sign:	the highest of them, 0: it has no sign
 */
struct ctf_plain {
	uint32_t at;
	uint64_t mask;
	uint64_t sign;
};

/** ctf_field_plain() - is the field such a number? @out is filled in if so */
bool ctf_field_plain(const struct ctf_field *f, struct ctf_plain *out);

/**
 * ctf_field_plain_text() - is the field text in a row of so many bytes?
 * @at:		bytes from the beginning of the event's fields, filled in if so
 */
bool ctf_field_plain_text(const struct ctf_field *f, uint64_t bytes,
			  uint32_t *at);

/**
 * ctf_plain_there() - may the numbers of an event be loaded?
 * @bytes:	the largest @at of those, and CTF_PLAIN_BYTES
 * False near the end of a packet, and where events do not begin at whole bytes:
 * use ctf_get_u64() then.
 */
static inline bool ctf_plain_there(const struct ctf_event *ev, uint32_t bytes)
{
	return !(ev->at & 7) && ev->at + bytes * 8ull <= ev->packet->content;
}

/** ctf_plain_get() - load it; of an event of the field's class */
static inline int64_t ctf_plain_get(const struct ctf_event *ev,
				    const struct ctf_plain *p)
{
	uint64_t v;

	memcpy(&v, ev->data + ev->at / 8 + p->at, sizeof(v));
	v &= p->mask;
	return (int64_t)((v ^ p->sign) - p->sign);
}

#endif /* CTF_PLAIN_H */
