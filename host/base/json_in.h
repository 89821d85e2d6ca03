/* SPDX-License-Identifier: MIT */
/*
 * A JSON file that this project wrote, read as strictly as it was written: any
 * white space and any order of members, but no member that the reader does not
 * know. Of what others wrote, the reader skips those. After an error every function
 * returns false.
 */
#ifndef VMSYNC_BASE_JSON_IN_H
#define VMSYNC_BASE_JSON_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define IN_MAX_STRING 4096 /* bytes of a string, with the 0 at its end */

/**
 * struct vmsync_in - a file that is being read
 * @f:		it
 * @c:		one character of look-ahead
 * @line, @col:	where that is
 * @status:	0, or the first error, a negative errno
 * @error:	[@error_size] gets one line that tells it; may be NULL
 */
struct vmsync_in {
	FILE *f;
	int c;
	unsigned int line;
	unsigned int col;
	int status;
	char *error;
	size_t error_size;
};

/** in_fail() - it is not what is expected here; returns false */
bool in_fail(struct vmsync_in *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** in_fail_memory() - the same where memory is short */
bool in_fail_memory(struct vmsync_in *p);

/** in_string() - a string without its escapes, into @buf[IN_MAX_STRING] */
bool in_string(struct vmsync_in *p, char *buf);

/** in_copy() - what vmsync_json_string() wrote, into *@out, which is freed */
bool in_copy(struct vmsync_in *p, char **out);

/**
 * in_bare() - the same of a text in memory
 * @json:	what vmsync_json_string() wrote, without its quotes
 * Return: to be freed; NULL: it is no such string, or there is no memory
 */
char *in_bare(const char *json);

/** in_bool() - true or false */
bool in_bool(struct vmsync_in *p, bool *out);

/** in_number() - a number of 0 .. @max */
bool in_number(struct vmsync_in *p, uint64_t max, uint64_t *out);

/** in_time() - the same, of 0 .. INT64_MAX */
bool in_time(struct vmsync_in *p, int64_t *out);

/** in_u32() - the same, at most @max */
bool in_u32(struct vmsync_in *p, uint32_t max, uint32_t *out);

/** in_skip() - any value, which does not matter; what is within is not looked at */
bool in_skip(struct vmsync_in *p);

/** in_is_object() - whether the next value is one; changes nothing */
bool in_is_object(struct vmsync_in *p);

/** in_once() - mark member @bit as seen; each may come once */
bool in_once(struct vmsync_in *p, unsigned int *seen, unsigned int bit);

typedef bool (*in_member_fn)(struct vmsync_in *p, const char *key, void *ctx,
			     unsigned int *seen);

/** in_object() - an object whose members are read by @fn, which marks @seen */
bool in_object(struct vmsync_in *p, in_member_fn fn, void *ctx,
	       unsigned int *seen);

typedef bool (*in_element_fn)(struct vmsync_in *p, void *ctx);

/** in_array() - an array whose elements are read by @fn */
bool in_array(struct vmsync_in *p, in_element_fn fn, void *ctx);

/** in_key() - which of @keys [@n] is @key, or -1 */
int in_key(const char *const *keys, size_t n, const char *key);

/** in_file() - the whole file, which is one object */
bool in_file(struct vmsync_in *p, in_member_fn fn, void *ctx,
	     unsigned int *seen);

#endif /* VMSYNC_BASE_JSON_IN_H */
