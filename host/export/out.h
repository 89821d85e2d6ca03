/* SPDX-License-Identifier: MIT */
/* A buffer for text: it grows, or is written to a file where it is full. */
#ifndef VMSYNC_EXPORT_OUT_H
#define VMSYNC_EXPORT_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/**
 * struct out - text that is being made
 * @p:		where the next character goes
 * @end:	where room ends
 * @start:	its first character
 * @fd:		where to write what does not fit, or -1: it grows
 * @error:	negative errno, or 0: why it could not be written or made larger
 */
struct out {
	char *p;
	char *end;
	char *start;
	int fd;
	int error;
};

/** out_new() - an empty one with @room; false where memory is out */
bool out_new(struct out *o, size_t room, int fd);

/** out_free() - also after a failed out_new() */
void out_free(struct out *o);

/** out_write() - write all of it to @fd and empty it; 0 or @error */
int out_write(struct out *o, int fd);

/** out_make_room() - the slow part of out_reserve() */
void out_make_room(struct out *o, size_t n);

/**
 * out_reserve() - make room for @n characters behind @p
 *
 * Where that fails, @error is set and the text so far is lost: there is room
 * in any case, as long as @n is at most what out_new() was asked for.
 */
static inline void out_reserve(struct out *o, size_t n)
{
	if (__builtin_expect((size_t)(o->end - o->p) < n, 0))
		out_make_room(o, n);
}

/** out_put() - append any text */
void out_put(struct out *o, const char *s, size_t n);

#endif /* VMSYNC_EXPORT_OUT_H */
