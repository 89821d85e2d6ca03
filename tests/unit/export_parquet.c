// SPDX-License-Identifier: MIT
/*
 * A group of rows of Parquet goes to the file when it has so many rows or so
 * many bytes of texts, whichever is first, and what cannot be written is said.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "check.h"
#include "export/parquet_column.h"
#include "export/parquet_file.h"

#define TEXT 1000

/* A row of threads, whose name is another one each time, of @n characters. */
static int row_add(struct parquet *p, int64_t number, size_t n)
{
	static char name[TEXT + 1];
	struct export_value v[] = {
		{ .number = number }, { .number = 1 },	{ .number = number },
		{ .none = true },     { .text = name },
	};

	memset(name, 'x', n);
	snprintf(name + n, sizeof(name) - n, "%" PRId64, number);
	return parquet_row(p, v);
}

/* Return: rows until the file was longer than before. */
static uint32_t rows_of_group(struct parquet *p, int fd, size_t n)
{
	static int64_t number;
	off_t before = lseek(fd, 0, SEEK_CUR);
	uint32_t rows = 0;

	while (rows <= PARQUET_ROWS && lseek(fd, 0, SEEK_CUR) == before) {
		CHECK(!row_add(p, number++, n));
		rows++;
	}
	return rows;
}

static void groups(void)
{
	FILE *f = tmpfile();
	int fd = fileno(f);
	struct parquet *p = parquet_new(EXPORT_THREADS, fd, PARQUET_ROWS);
	char end[4] = "";
	int i;

	for (i = 0; i < 3; i++) {
		size_t n = TEXT - 20 - (size_t)check_range(0, 500);
		uint32_t rows = rows_of_group(p, fd, n);

		CHECK(rows > PARQUET_WORDS / TEXT - 64);
		CHECK(rows < PARQUET_WORDS / n + 64);
		CHECK(rows_of_group(p, fd, 0) == PARQUET_ROWS);
	}
	CHECK(!parquet_end(p));
	CHECK(pread(fd, end, 4, lseek(fd, 0, SEEK_CUR) - 4) == 4);
	CHECK(!memcmp(end, "PAR1", 4));
	parquet_free(p);
	fclose(f);
}

static void no_room(void)
{
	int fd = open("/dev/full", O_WRONLY);
	struct parquet *p = parquet_new(EXPORT_THREADS, fd, PARQUET_ROWS);
	int i, ret = 0;

	for (i = 0; !ret && i < (int)PARQUET_ROWS; i++)
		ret = row_add(p, i, 0);
	CHECK_EQ(ret, -ENOSPC);
	parquet_free(p);
	p = parquet_new(EXPORT_THREADS, fd, PARQUET_ROWS);
	CHECK(!row_add(p, 1, 0));
	CHECK_EQ(parquet_end(p), -ENOSPC);
	parquet_free(p);
	close(fd);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	groups();
	no_room();
	return check_done();
}
