// SPDX-License-Identifier: MIT
/*
 * libFuzzer: the first line is taken for a declaration of QEMU's, each other one for
 * what was printed by it. What is read of a line has room, is the same a second time,
 * and its texts end within it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu/format.h"

static void wrong(const char *what)
{
	fprintf(stderr, "wrong: %s\n", what);
	abort();
}

/* As CTF reads them: numbers of their size, texts up to a NUL. */
static size_t size_of(const struct qemu_format *f, const uint8_t *at, size_t n)
{
	size_t i, used = 0;

	for (i = 0; i < f->n; i++) {
		used += f->fields[i].bits ? f->fields[i].bits / 8 :
			strnlen((const char *)at + used, n - used) + 1;
		if (used > n)
			wrong("a value is not whole");
	}
	return used;
}

static void line(const struct qemu_format *f, const char *args, size_t n)
{
	size_t room = n + QEMU_FIELDS * sizeof(uint64_t);
	uint8_t *a = malloc(room), *b = malloc(room);
	long size, again;

	if (!a || !b)
		abort();
	size = qemu_format_read(f, args, n, a);
	again = qemu_format_read(f, args, n, b);
	if (size > (long)room || size != again ||
	    (size > 0 && memcmp(a, b, (size_t)size)))
		wrong("another answer, or no room");
	if (size >= 0 && size_of(f, a, (size_t)size) != (size_t)size)
		wrong("more than its values");
	free(a);
	free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *end = memchr(data, '\n', size), *at;
	struct qemu_format f;
	char *first;
	size_t n;
	int ret;

	if (!end || memchr(data, '\0', size))
		return 0;
	first = strndup((const char *)data, (size_t)(end - (const char *)data));
	if (!first)
		abort();
	ret = qemu_format_parse(first, &f);
	if (ret < 0 || f.n > QEMU_FIELDS)
		wrong("fields");
	for (at = end + 1; ret && at < (const char *)data + size; at += n + 1) {
		n = size - (size_t)(at - (const char *)data);
		end = memchr(at, '\n', n);
		n = end ? (size_t)(end - at) : n;
		line(&f, at, n);
	}
	qemu_format_free(&f);
	free(first);
	return 0;
}
