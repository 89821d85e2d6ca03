// SPDX-License-Identifier: MIT
/*
 * Numbers as Parquet packs them come back as they were, by decoders that follow
 * the format's description, in as few bits as it allows; and a dictionary
 * numbers what comes as it came.
 */
#include <stdbool.h>
#include <string.h>

#include "check.h"
#include "export/packed.h"
#include "export/words.h"

#define MOST  3000
#define BLOCK 128
#define MINI  32

/* What is read, bit by bit; behind @end nothing may be. */
struct in {
	const uint8_t *p;
	const uint8_t *end;
};

static uint8_t byte(struct in *in)
{
	CHECK(in->p < in->end);
	return in->p < in->end ? *in->p++ : 0;
}

static uint64_t varint(struct in *in)
{
	uint64_t v = 0;
	unsigned int shift = 0;
	uint8_t b;

	do {
		b = byte(in);
		v |= (uint64_t)(b & 127) << shift;
		shift += 7;
	} while (b & 128 && shift < 64);
	return v;
}

static int64_t zigzag(struct in *in)
{
	uint64_t v = varint(in);

	return (int64_t)(v >> 1 ^ -(v & 1));
}

/* The @i-th number of @width bits, lowest first. */
static uint64_t bits(const uint8_t *p, size_t i, unsigned int width)
{
	uint64_t v = 0;
	unsigned int b;
	size_t at;

	for (b = 0; b < width; b++) {
		at = i * width + b;
		v |= (uint64_t)(p[at / 8] >> at % 8 & 1) << b;
	}
	return v;
}

static unsigned int width_of(uint64_t v)
{
	unsigned int n = 0;

	for (; v; v >>= 1)
		n++;
	return n;
}

/* ------------------------------------------------------------- differences */

/* @n: of these, at most MINI; the others have to be there all the same. */
static void mini_unpack(struct in *in, unsigned int width, int64_t least,
			int64_t *v, size_t n)
{
	uint64_t any = 0, more;
	size_t i;

	CHECK(width <= 64 && in->end - in->p >= (ptrdiff_t)(width * MINI / 8));
	for (i = 0; i < n; i++) {
		more = bits(in->p, i, width);
		any |= more;
		v[i] = (int64_t)((uint64_t)v[i - 1] + (uint64_t)least + more);
	}
	in->p += width * MINI / 8;
	CHECK(width_of(any) == width);
}

/* What they have in common is the smallest difference, with its sign. */
static void least_check(const int64_t *v, size_t n, int64_t least)
{
	size_t i;

	for (i = 0; i < n; i++)
		CHECK((int64_t)((uint64_t)v[i] - (uint64_t)v[i - 1]) >= least);
}

/* Return: how many there are. */
static size_t delta_unpack(struct in *in, int64_t *v)
{
	size_t n, i, mini;
	uint8_t width[BLOCK / MINI];
	int64_t least;

	CHECK(varint(in) == BLOCK);
	CHECK(varint(in) == BLOCK / MINI);
	n = varint(in);
	v[0] = zigzag(in);
	for (i = 1; i < n && n <= MOST; i += BLOCK) {
		least = zigzag(in);
		for (mini = 0; mini < BLOCK / MINI; mini++)
			width[mini] = byte(in);
		for (mini = 0; mini < BLOCK / MINI; mini++) {
			size_t at = i + mini * MINI;

			if (at < n)
				mini_unpack(in, width[mini], least, v + at,
					    n - at < MINI ? n - at : MINI);
			else
				CHECK(!width[mini]);
		}
		least_check(v + i, n - i < BLOCK ? n - i : BLOCK, least);
	}
	return n;
}

static void delta_one(void)
{
	static int64_t v[MOST], back[MOST + 1];
	size_t n = (size_t)check_bits(11), i;
	unsigned int most = (unsigned int)check_range(1, 64);
	bool near = check_range(0, 1);
	struct out o;
	struct in in;

	for (i = 0; i < n; i++) {
		v[i] = (int64_t)check_bits(most) - (int64_t)check_bits(most);
		if (near && i)
			v[i] = (int64_t)((uint64_t)v[i - 1] + (uint64_t)v[i]);
	}
	CHECK(out_new(&o, PACKED_ROOM, -1));
	packed_delta(&o, v, n);
	in = (struct in){(uint8_t *)o.start, (uint8_t *)o.p};
	CHECK_EQ(delta_unpack(&in, back), n);
	CHECK(in.p == in.end);
	CHECK(!memcmp(v, back, n * sizeof(*v)));
	out_free(&o);
}

/* -------------------------------------------------------------------- runs */

/* Return: how many of @n were read; packed ones may be more, zeros then. */
static size_t runs_unpack(struct in *in, uint32_t *v, size_t n,
			  unsigned int width)
{
	size_t i = 0, k, count;
	uint64_t head, value;
	unsigned int b;

	while (i < n && in->p < in->end) {
		head = varint(in);
		count = head & 1 ? 8 * (head >> 1) : head >> 1;
		CHECK(count && count < n - i + (head & 1 ? 8 : 1));
		if (!count || count >= n - i + 8)
			return i;
		if (head & 1) {
			CHECK(in->end - in->p >=
			      (ptrdiff_t)(count * width / 8));
			for (k = 0; k < count; k++) {
				value = bits(in->p, k, width);
				CHECK(i + k < n || !value);
				if (i + k < n)
					v[i + k] = (uint32_t)value;
			}
			in->p += count * width / 8;
		} else {
			for (value = 0, b = 0; b < width; b += 8)
				value |= (uint64_t)byte(in) << b;
			for (k = 0; k < count && i + k < n; k++)
				v[i + k] = (uint32_t)value;
		}
		i += count;
	}
	return i < n ? i : n;
}

static void runs_one(void)
{
	static uint32_t v[MOST], back[MOST];
	size_t n = (size_t)check_bits(11), i,
	       longest = (size_t)check_bits(9) + 1;
	unsigned int width = (unsigned int)check_range(1, 32);
	size_t left = 0;
	struct out o;
	struct in in;

	for (i = 0; i < n; i++, left--) {
		if (!left)
			left = (size_t)check_range(1, longest);
		v[i] = left > 1 && i ? v[i - 1] : (uint32_t)check_bits(width);
	}
	CHECK(out_new(&o, PACKED_ROOM, -1));
	packed_runs(&o, v, n, width);
	in = (struct in){(uint8_t *)o.start, (uint8_t *)o.p};
	CHECK_EQ(runs_unpack(&in, back, n, width), n);
	CHECK(in.p == in.end);
	CHECK(!memcmp(v, back, n * sizeof(*v)));
	out_free(&o);
}

/* All the same: some bytes, however many they are. */
static void runs_same(void)
{
	static uint32_t v[MOST];
	struct out o;

	CHECK(out_new(&o, PACKED_ROOM, -1));
	packed_runs(&o, v, MOST, 1);
	CHECK(o.p - o.start == 3);
	out_free(&o);
}

static void widths(void)
{
	unsigned int i;

	CHECK(packed_width(0) == 1);
	for (i = 1; i < 32; i++) {
		CHECK(packed_width((1u << i) - 1) == i);
		CHECK(packed_width(1u << i) == i + 1);
	}
}

/* -------------------------------------------------------------- dictionary */

/* Some of few values, as bytes that may be any. */
static size_t value(uint64_t kind, char *s)
{
	size_t n = (size_t)(kind % 19), i;

	for (i = 0; i < n; i++)
		s[i] = (char)(kind * 2654435761u >> i);
	return n;
}

static bool is_value(const struct words *w, uint32_t number, uint64_t kind)
{
	char s[20];
	const char *t;
	size_t n = value(kind, s);

	return words_at(w, number, &t) == n && !memcmp(s, t, n);
}

static void words_one(struct words *w)
{
	uint64_t kinds = check_bits(11) + 1;
	size_t i, n = (size_t)check_range(1, 2000), seen = 0, last;
	uint32_t number = 0;
	char s[20];

	for (i = 0; i < n; i++) {
		uint64_t kind = check_range(0, kinds - 1);

		last = seen;
		CHECK(!words_number(w, s, value(kind, s), &number));
		seen = w->ends.count;
		CHECK(number < seen && seen - last <= 1);
		CHECK(seen == last || number == last);
		CHECK(is_value(w, number, kind));
		CHECK(!words_number(w, s, value(kind, s), &number));
		CHECK(w->ends.count == seen && is_value(w, number, kind));
	}
	words_clear(w);
	CHECK(!w->ends.count);
}

int main(int argc, char **argv)
{
	struct words w;
	uint64_t first;

	check_init(argc, argv);
	first = check_rand();
	widths();
	runs_same();
	CHECK(words_new(&w));
	for (uint64_t i = 0; i < 1000; i++) {
		check_reseed(first + i);
		delta_one();
		runs_one();
		if (i % 20 == 0)
			words_one(&w);
	}
	words_free(&w);
	return check_done();
}
