/* SPDX-License-Identifier: MIT */
/*
 * Numbers as text, without a loop and nearly without a branch.
 *
 * Eight digits are made at once in the bytes of a 64-bit number: halved into
 * fours, these into twos, these into ones, dividing by multiplication. What
 * is written may be followed by up to 16 bytes of anything: callers have room
 * for that.
 */
#ifndef VMSYNC_EXPORT_DIGITS_H
#define VMSYNC_EXPORT_DIGITS_H

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define TEN_8 100000000u

/* Digits of @v < 10^8 as bytes 0..9, the first one lowest. */
static inline uint64_t digits_8(uint32_t v)
{
	uint64_t x = v / 10000 | (uint64_t)(v % 10000) << 32;
	uint64_t high = (x * 10486 >> 20) & 0x0000007f0000007f;

	x = high | (x - high * 100) << 16;
	high = (x * 103 >> 10) & 0x000f000f000f000f;
	return high | (x - high * 10) << 8;
}

/* All eight. */
static inline char *put_digits_8(char *p, uint32_t v)
{
	uint64_t x = digits_8(v) | 0x3030303030303030;

	memcpy(p, &x, sizeof(x));
	return p + 8;
}

/* Without leading zeros. */
static inline char *put_below_10_8(char *p, uint32_t v)
{
	uint64_t x = digits_8(v);
	/* The last digit counts, were it 0. */
	unsigned int zeros = (unsigned int)__builtin_ctzll(x | 1ull << 63) / 8;

	x = (x | 0x3030303030303030) >> zeros * 8;
	memcpy(p, &x, sizeof(x));
	return p + 8 - zeros;
}

static inline char *put_decimal(char *p, uint64_t u)
{
	uint64_t high;

	if (u < TEN_8)
		return put_below_10_8(p, (uint32_t)u);
	high = u / TEN_8;
	if (high < TEN_8) {
		p = put_below_10_8(p, (uint32_t)high);
	} else {
		p = put_below_10_8(p, (uint32_t)(high / TEN_8));
		p = put_digits_8(p, (uint32_t)(high % TEN_8));
	}
	return put_digits_8(p, (uint32_t)(u % TEN_8));
}

/* Nine digits: a fraction of a second in ns. */
static inline char *put_ns(char *p, uint32_t ns)
{
	*p = (char)('0' + ns / TEN_8);
	return put_digits_8(p + 1, ns % TEN_8);
}

/* Four digits, by twos. */
static inline char *put_digits_4(char *p, uint32_t v)
{
	static const char twos[] =
		"00010203040506070809101112131415161718192021222324"
		"25262728293031323334353637383940414243444546474849"
		"50515253545556575859606162636465666768697071727374"
		"75767778798081828384858687888990919293949596979899";

	memcpy(p, twos + v / 100 * 2, 2);
	memcpy(p + 2, twos + v % 100 * 2, 2);
	return p + 4;
}

/* The last five digits of a fraction in ns. */
static inline char *put_ns_low(char *p, uint32_t ns)
{
	*p = (char)('0' + ns / 10000);
	return put_digits_4(p + 1, ns % 10000);
}

#ifdef __SSE2__
/* The sixteen hexadecimal digits of 64 bits. */
static inline void put_hex_16(char *p, uint64_t u)
{
	__m128i x = _mm_cvtsi64_si128((long long)__builtin_bswap64(u));
	__m128i low = _mm_set1_epi8(15), letter;

	x = _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi16(x, 4), low),
			      _mm_and_si128(x, low));
	letter = _mm_cmpgt_epi8(x, _mm_set1_epi8(9));
	x = _mm_add_epi8(x, _mm_and_si128(letter, _mm_set1_epi8('A' - '9' - 1)));
	x = _mm_add_epi8(x, _mm_set1_epi8('0'));
	_mm_storeu_si128((__m128i *)p, x);
}
#else
/* The hexadecimal digits of 32 bits, the highest in the lowest byte. */
static inline uint64_t hex_8(uint32_t v)
{
	uint64_t x = __builtin_bswap32(v), above_9;

	x = (x | x << 16) & 0x0000ffff0000ffff;
	x = (x | x << 8) & 0x00ff00ff00ff00ff;
	x = (x >> 4 & 0x000f000f000f000f) | (x & 0x000f000f000f000f) << 8;
	above_9 = (x + 0x0606060606060606) >> 4 & 0x0101010101010101;
	return x + 0x3030303030303030 + above_9 * 7;
}

static inline void put_hex_16(char *p, uint64_t u)
{
	uint64_t x = hex_8((uint32_t)(u >> 32));

	memcpy(p, &x, sizeof(x));
	x = hex_8((uint32_t)u);
	memcpy(p + 8, &x, sizeof(x));
}
#endif

/* In capitals, without leading zeros. */
static inline char *put_hex(char *p, uint64_t u)
{
	unsigned int zeros = (unsigned int)__builtin_clzll(u | 1) / 4;

	put_hex_16(p, u << zeros * 4);
	return p + 16 - zeros;
}

#endif /* VMSYNC_EXPORT_DIGITS_H */
