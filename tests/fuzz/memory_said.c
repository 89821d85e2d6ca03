// SPDX-License-Identifier: MIT
/*
 * libFuzzer: what a guest's agent, or a monitor, may say of memory: any bytes as a look
 * at free pages, as the text of "info mtree -f", and as an answer of QMP, by the first
 * byte. What is taken of a look adds up, slots do not overlap, a text is not longer than
 * what it is of.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory/pages.h"
#include "memory/slots.h"

#define PAGES 100000

static struct ctf_error e;

static void wrong(const char *what)
{
	fprintf(stderr, "wrong: %s\n", what);
	abort();
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static void look(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct memory_look l;
	char path[64];

	if (fd < 0)
		fd = memfd_create("look", 0);
	if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		wrong("no file");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (memory_look_read(&l, path, PAGES, &e)) {
		if (!e.msg[0] || l.free.bits)
			wrong("an error without a word, or with pages");
		return;
	}
	if (l.free.n != PAGES || l.end_ns < l.begin_ns ||
	    memory_pages_count(&l.free) + l.strange != get64(data + 32))
		wrong("pages that do not add up");
	memory_look_free(&l);
}

static void slots(const char *text)
{
	static struct memory_slots s;
	size_t i;

	if (memory_slots_parse(&s, text, &e))
		return;
	for (i = 0; i < s.n; i++) {
		if (!s.slot[i].pages || s.slot[i].pages > memory_slots_pages(&s) ||
		    (i && s.slot[i].page < s.slot[i - 1].page + s.slot[i - 1].pages))
			wrong("slots that overlap");
	}
}

static void reply(const char *text)
{
	uint64_t n;
	char *out = memory_reply_text(text, "return");

	if (out && strlen(out) > strlen(text))
		wrong("a text that is longer");
	free(out);
	memory_reply_number(text, "actual", &n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = size ? calloc(1, size) : NULL;

	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	if (data[0] == 'l')
		look(data + 1, size - 1);
	else if (data[0] == 's')
		slots(text);
	else
		reply(text);
	free(text);
	return 0;
}
