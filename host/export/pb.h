/* SPDX-License-Identifier: MIT */
/*
 * Protocol Buffers, as far as they are written here: into memory that is known
 * to be large enough. See https://protobuf.dev/programming-guides/encoding/
 */
#ifndef VMSYNC_EXPORT_PB_H
#define VMSYNC_EXPORT_PB_H

#include <stdint.h>
#include <string.h>

/* Most bytes of a number, and of a field's tag. */
#define PB_VARINT 10
#define PB_TAG	  5

/** pb_varint() - 7 bits a byte, the lowest first */
static inline uint8_t *pb_varint(uint8_t *p, uint64_t v)
{
	while (v >= 0x80) {
		*p++ = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	*p++ = (uint8_t)v;
	return p;
}

/** pb_uint() - an integer field; negative ones are of 64 bits */
static inline uint8_t *pb_uint(uint8_t *p, unsigned int field, uint64_t v)
{
	return pb_varint(pb_varint(p, field << 3), v);
}

/** pb_fixed64() - a field of 8 bytes */
static inline uint8_t *pb_fixed64(uint8_t *p, unsigned int field, uint64_t v)
{
	int i;

	p = pb_varint(p, field << 3 | 1);
	for (i = 0; i < 8; i++)
		*p++ = (uint8_t)(v >> 8 * i);
	return p;
}

/** pb_bytes() - a field of bytes: text, a message, packed numbers */
static inline uint8_t *pb_bytes(uint8_t *p, unsigned int field, const void *s,
				size_t n)
{
	p = pb_varint(pb_varint(p, field << 3 | 2), n);
	memcpy(p, s, n);
	return p + n;
}

/** pb_open() - begin a message, of @field; Return: where its fields go */
static inline uint8_t *pb_open(uint8_t *p, unsigned int field)
{
	return pb_varint(p, field << 3 | 2) + 1;
}

/**
 * pb_close() - end it: @start is what pb_open() returned
 * Most are so short that their length is in the byte which is there for it; else
 * they are moved, by less than PB_VARINT.
 */
static inline uint8_t *pb_close(uint8_t *start, uint8_t *p)
{
	size_t n = (size_t)(p - start);
	uint8_t head[PB_VARINT];
	size_t more;

	if (__builtin_expect(n < 0x80, 1)) {
		start[-1] = (uint8_t)n;
		return p;
	}
	more = (size_t)(pb_varint(head, n) - head) - 1;
	memmove(start + more, start, n);
	memcpy(start - 1, head, more + 1);
	return p + more;
}

/** pb_text() - pb_bytes() of a string */
static inline uint8_t *pb_text(uint8_t *p, unsigned int field, const char *s)
{
	return pb_bytes(p, field, s, strlen(s));
}

#endif /* VMSYNC_EXPORT_PB_H */
