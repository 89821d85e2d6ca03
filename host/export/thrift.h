/* SPDX-License-Identifier: MIT */
/*
 * Thrift's compact protocol, as far as it is written here: structs of numbers,
 * bytes, lists and structs. See
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
#ifndef VMSYNC_EXPORT_THRIFT_H
#define VMSYNC_EXPORT_THRIFT_H

#include <stdint.h>

#include "export/out.h"
#include "export/pb.h"

#define THRIFT_DEPTH 8

enum thrift_type {
	THRIFT_TRUE = 1,
	THRIFT_I32 = 5,
	THRIFT_I64 = 6,
	THRIFT_BINARY = 8,
	THRIFT_LIST = 9,
	THRIFT_STRUCT = 12,
};

/**
 * struct thrift - a struct that is being written; all 0 but @out: it begins
 * @last:	[@depth] the field before, of it and of those that it is in
 */
struct thrift {
	struct out *out;
	int last[THRIFT_DEPTH];
	int depth;
};

/** thrift_varint() - 7 bits a byte, the lowest first */
static inline void thrift_varint(struct out *o, uint64_t v)
{
	out_reserve(o, PB_VARINT);
	o->p = (char *)pb_varint((uint8_t *)o->p, v);
}

/** thrift_zigzag() - a number that may be negative: 0, -1, 1, -2, ... */
static inline void thrift_zigzag(struct out *o, int64_t v)
{
	thrift_varint(o, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

/** thrift_field() - what comes before the value of a field, which are in order
 */
static inline void thrift_field(struct thrift *t, int field,
				enum thrift_type type)
{
	char head = (char)((field - t->last[t->depth]) << 4 | (int)type);

	out_put(t->out, &head, 1);
	t->last[t->depth] = field;
}

/** thrift_i32() - a field with a number */
static inline void thrift_i32(struct thrift *t, int field, int32_t v)
{
	thrift_field(t, field, THRIFT_I32);
	thrift_zigzag(t->out, v);
}

/** thrift_i64() - the same, of 64 bits */
static inline void thrift_i64(struct thrift *t, int field, int64_t v)
{
	thrift_field(t, field, THRIFT_I64);
	thrift_zigzag(t->out, v);
}

/** thrift_bytes() - bytes without a field, as in a list */
static inline void thrift_bytes(struct thrift *t, const void *s, size_t n)
{
	thrift_varint(t->out, n);
	out_put(t->out, s, n);
}

/** thrift_binary() - a field with bytes */
static inline void thrift_binary(struct thrift *t, int field, const void *s,
				 size_t n)
{
	thrift_field(t, field, THRIFT_BINARY);
	thrift_bytes(t, s, n);
}

/** thrift_text() - a field with a string */
static inline void thrift_text(struct thrift *t, int field, const char *s)
{
	thrift_binary(t, field, s, strlen(s));
}

/** thrift_list() - a field with a list: @n values follow */
static inline void thrift_list(struct thrift *t, int field,
			       enum thrift_type type, size_t n)
{
	char head = (char)((n < 15 ? n : 15) << 4 | type);

	thrift_field(t, field, THRIFT_LIST);
	out_put(t->out, &head, 1);
	if (n >= 15)
		thrift_varint(t->out, n);
}

/** thrift_begin() - begin a struct that is an element of a list */
static inline void thrift_begin(struct thrift *t)
{
	t->last[++t->depth] = 0;
}

/** thrift_open() - begin a struct that is a field */
static inline void thrift_open(struct thrift *t, int field)
{
	thrift_field(t, field, THRIFT_STRUCT);
	thrift_begin(t);
}

/** thrift_end() - end a struct, the outermost one too */
static inline void thrift_end(struct thrift *t)
{
	out_put(t->out, "", 1);
	t->depth--;
}

#endif /* VMSYNC_EXPORT_THRIFT_H */
