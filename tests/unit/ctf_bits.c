// SPDX-License-Identifier: MIT
/* Numbers at any bit against the slowest way to read and write them. */
#include <string.h>

#include "check.h"
#include "ctf/bits.h"

static int bit_at(const uint8_t *data, uint64_t pos, bool big)
{
	unsigned int in = pos & 7;

	return data[pos >> 3] >> (big ? 7 - in : in) & 1;
}

static uint64_t slow_read(const uint8_t *data, uint64_t pos, unsigned int size,
			  bool big)
{
	uint64_t v = 0;
	unsigned int i;

	for (i = 0; i < size; i++) {
		uint64_t b = (uint64_t)bit_at(data, pos + i, big);

		v |= b << (big ? size - 1 - i : i);
	}
	return v;
}

static void test_read_write(void)
{
	uint8_t data[24], copy[24];
	unsigned int i, k, size;
	uint64_t pos, v;
	bool big;

	for (i = 0; i < 20000; i++) {
		for (k = 0; k < sizeof(data); k++)
			data[k] = (uint8_t)check_rand();
		memcpy(copy, data, sizeof(copy));
		size = (unsigned int)check_range(1, 64);
		pos = check_range(0, sizeof(data) * 8 - size);
		big = check_rand() & 1;
		v = check_rand() & low_bits(size);
		CHECK(bits_read(data, pos, size, big) ==
		      slow_read(data, pos, size, big));
		bits_write(data, pos, size, big, v);
		CHECK(slow_read(data, pos, size, big) == v);
		for (k = 0; k < sizeof(data) * 8; k++)
			if ((k < pos || k >= pos + size) &&
			    bit_at(data, k, big) != bit_at(copy, k, big))
				break;
		CHECK_EQ(k, sizeof(data) * 8);
	}
}

static void test_sign(void)
{
	CHECK_EQ(sign_extend(1, 1), -1);
	CHECK_EQ(sign_extend(0, 1), 0);
	CHECK_EQ(sign_extend(0x80, 8), -128);
	CHECK_EQ(sign_extend(0x7f, 8), 127);
	CHECK_EQ(sign_extend(1ull << 63, 64), INT64_MIN);
	CHECK_EQ(sign_extend(5, 64), 5);
}

static void test_string(void)
{
	uint8_t buf[100];
	size_t start, zero, end;
	unsigned int i;

	for (i = 0; i < 20000; i++) {
		memset(buf, 'x', sizeof(buf));
		start = check_range(0, 40);
		end = check_range(start, sizeof(buf));
		zero = check_range(start, sizeof(buf) - 1);
		buf[zero] = 0;
		CHECK_EQ(string_size(buf + start, buf + end),
			 zero < end ? zero - start + 1 : 0);
	}
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	test_read_write();
	test_sign();
	test_string();
	return check_done();
}
