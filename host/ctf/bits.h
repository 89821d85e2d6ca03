/* SPDX-License-Identifier: MIT */
/* Numbers of any size at any bit, both byte orders. */
#ifndef CTF_BITS_H
#define CTF_BITS_H

#include "ctf/internal.h"

static inline uint64_t low_bits(unsigned int n)
{
	return n >= 64 ? UINT64_MAX : (1ull << n) - 1;
}

static inline uint64_t sign_extend(uint64_t v, unsigned int size)
{
	unsigned int up = 64 - size;

	return (uint64_t)((int64_t)(v << up) >> up);
}

/*
 * Reads @size bits (1..64) at bit @pos. Little endian counts bits from the
 * lowest of a byte, big endian from the highest.
 */
static inline uint64_t bits_read(const uint8_t *data, uint64_t pos,
				 unsigned int size, bool big)
{
	const uint8_t *p = data + (pos >> 3);
	unsigned int shift = pos & 7, total = shift + size, got = 0;
	unsigned __int128 v = 0;

	for (; got < total; got += 8) {
		if (big)
			v = v << 8 | *p++;
		else
			v |= (unsigned __int128)*p++ << got;
	}
	v >>= big ? got - total : shift;
	return (uint64_t)v & low_bits(size);
}

/* Writes the low @size bits of @v at bit @pos and nothing beside them. */
static inline void bits_write(uint8_t *data, uint64_t pos, unsigned int size,
			      bool big, uint64_t v)
{
	unsigned int i, n;

	for (i = 0; i < size; i += n, pos += n) {
		unsigned int in = pos & 7;
		uint8_t part, mask;

		n = 8 - in < size - i ? 8 - in : size - i;
		mask = (uint8_t)low_bits(n);
		if (big) {
			part = (uint8_t)(v >> (size - i - n)) & mask;
			mask = (uint8_t)(mask << (8 - in - n));
			part = (uint8_t)(part << (8 - in - n));
		} else {
			part = (uint8_t)(v >> i) & mask;
			mask = (uint8_t)(mask << in);
			part = (uint8_t)(part << in);
		}
		data[pos >> 3] = (uint8_t)((data[pos >> 3] & ~mask) | part);
	}
}

/*
 * Reads a number of as many bytes as it needs, low ones first, 7 bits each.
 * Return: its bytes, or 0 where it passes @end (bits) or 64 bits.
 */
static inline unsigned int varlen_read(const uint8_t *data, uint64_t pos,
				       uint64_t end, bool is_signed,
				       uint64_t *out)
{
	uint64_t v = 0;
	unsigned int n;

	for (n = 0; n < 10 && pos + 8 * n + 8 <= end; n++) {
		uint8_t byte = data[pos / 8 + n];

		v |= (uint64_t)(byte & 127) << 7 * n;
		if (byte & 128)
			continue;
		n++;
		*out = is_signed && n < 10 ? sign_extend(v, 7 * n) : v;
		return n;
	}
	return 0;
}

/* Bytes up to and with the NUL, or 0 where there is none before @end. */
size_t string_size(const uint8_t *p, const uint8_t *end);

#endif /* CTF_BITS_H */
