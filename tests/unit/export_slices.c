// SPDX-License-Identifier: MIT
/*
 * Rows of slices keep to their room in number and in bytes, whatever they are of:
 * short and long ones, few and many threads; and each still ends where it ended.
 */
#include "check.h"
#include "export/slices.h"

#define ROWS 3

/* Return: bytes of a row in the page. */
static size_t written(const struct slices *s, uint32_t row)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	slices_write(s, row, f);
	fclose(f);
	CHECK(n % 4 == 0);
	free(text);
	return n;
}

static int64_t row_end(const struct slices *s, uint32_t row)
{
	return vmsync_array_last(&s->rows.at[row].slices)->until_ns;
}

static void one(void)
{
	struct slices s = { .until_ns = 1,
			    .most = (size_t)check_range(50, 2000) };
	int64_t longest = (int64_t)1 << check_range(1, 36), ns[ROWS] = { 0 };
	size_t i, n = (size_t)check_range(1, 3000), sum = 0, all = 0;
	uint64_t threads = check_range(1, 1 << check_range(0, 20));
	size_t room = (size_t)check_range(200, 6000);

	s.until_ns = longest * (int64_t)n;
	for (i = 0; i < ROWS; i++)
		CHECK(slices_row(&s) == (int)i);
	for (i = 0; i < n; i++) {
		uint32_t row = i < ROWS ? (uint32_t)i :
					  (uint32_t)check_range(0, ROWS - 1);
		int64_t from = ns[row];

		ns[row] += (int64_t)check_range(1, (uint64_t)longest);
		CHECK(!slices_add(&s, row,
				  (enum slice_code)check_range(0, SLICE_NONE),
				  (uint32_t)check_range(0, threads), from,
				  ns[row]));
		CHECK(s.count <= s.most);
	}
	slices_fit(&s, room);
	for (i = 0; i < ROWS; i++) {
		if (i < n)
			CHECK(row_end(&s, (uint32_t)i) == ns[i]);
		sum += written(&s, (uint32_t)i);
		all += s.rows.at[i].slices.count;
	}
	CHECK(sum <= room);
	CHECK(all == s.count);
	slices_free(&s);
}

int main(int argc, char **argv)
{
	uint64_t first;

	check_init(argc, argv);
	first = check_rand();
	for (uint64_t i = 0; i < 2000; i++) {
		check_reseed(first + i);
		one();
	}
	return check_done();
}
