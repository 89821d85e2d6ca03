// SPDX-License-Identifier: MIT
/* What a guest says of its free pages, of which nothing is believed. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"
#include "memory/pages.h"
#include "uapi/vmsync_pages.h"

#define MOST_SHIFT 35 /* of a run: VMSYNC_PAGES_MOST has 37 bits */

/**
 * struct head - of the file
 * @body:	bytes behind it
 */
struct head {
	uint64_t pages;
	uint64_t n_free;
	uint64_t body;
};

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static int bad(struct ctf_error *e, const char *path, const char *what)
{
	return vmsync_fail(e, -EINVAL, "have vmsync-agent make it again",
			   "%s: no file of free pages: %s", path, what);
}

static int head_read(struct memory_look *l, FILE *f, const char *path,
		     struct head *h, struct ctf_error *e)
{
	uint8_t p[VMSYNC_PAGES_HEADER];
	uint32_t magic;
	uint16_t version, bits;

	if (fread(p, 1, sizeof(p), f) != sizeof(p))
		return ferror(f) ? vmsync_fail_file(e, -errno, path) :
				   bad(e, path, "it is too short");
	memcpy(&magic, p, sizeof(magic));
	memcpy(&version, p + 4, sizeof(version));
	memcpy(&bits, p + 6, sizeof(bits));
	if (le32toh(magic) != VMSYNC_PAGES_MAGIC)
		return bad(e, path, "it begins otherwise");
	if (le16toh(version) != VMSYNC_PAGES_VERSION || le16toh(bits) != 12)
		return vmsync_fail(e, -EINVAL, "use a vmsync that is as new as the agent",
				   "%s: version %d of free pages, or pages that are "
				   "not of 4 KiB", path, le16toh(version));
	l->begin_ns = (int64_t)get64(p + 8);
	l->end_ns = (int64_t)get64(p + 16);
	h->pages = get64(p + 24);
	h->n_free = get64(p + 32);
	h->body = get64(p + 40);
	memcpy(l->boot, p + 48, sizeof(l->boot));
	if (l->begin_ns <= 0 || l->end_ns < l->begin_ns || !h->pages ||
	    h->pages > VMSYNC_PAGES_MOST || h->n_free > h->pages)
		return bad(e, path, "it was not ended, or says what cannot be");
	return 0;
}

/* A run's length, or -1: there is none, or it is not written as it has to be. */
static int64_t run_read(FILE *f, uint64_t *left)
{
	uint64_t v = 0;
	int shift, c;

	for (shift = 0; shift <= MOST_SHIFT && *left; shift += 7) {
		c = getc_unlocked(f);
		if (c == EOF)
			return -1;
		--*left;
		v |= (uint64_t)(c & 127) << shift;
		if (!(c & 128))
			return c || !shift ? (int64_t)v : -1;
	}
	return -1;
}

static int runs_read(struct memory_look *l, FILE *f, const char *path,
		     const struct head *h, struct ctf_error *e)
{
	uint64_t at = 0, n_free = 0, left = h->body;
	bool is_free = false;
	int64_t run;

	for (; left; is_free = !is_free) {
		run = run_read(f, &left);
		if (run < 0 || (!run && (at || is_free)) || (uint64_t)run > h->pages - at)
			return bad(e, path, "a run of pages cannot be");
		if (is_free) {
			memory_pages_add(&l->free, at, (uint64_t)run);
			n_free += (uint64_t)run;
		}
		at += (uint64_t)run;
	}
	if (at != h->pages || n_free != h->n_free || getc_unlocked(f) != EOF)
		return bad(e, path, "its runs are not what it says");
	l->strange = n_free - memory_pages_count(&l->free);
	return 0;
}

int memory_look_read(struct memory_look *l, const char *path, uint64_t n,
		     struct ctf_error *e)
{
	struct head h = { 0 };
	FILE *f = fopen(path, "re");
	int ret;

	*l = (struct memory_look){ 0 };
	if (!f)
		return vmsync_fail_file(e, -errno, path);
	ret = head_read(l, f, path, &h, e);
	if (!ret && memory_pages_init(&l->free, n))
		ret = vmsync_fail_memory(e);
	if (!ret)
		ret = runs_read(l, f, path, &h, e);
	fclose(f);
	if (ret)
		memory_look_free(l);
	return ret;
}

void memory_look_free(struct memory_look *l)
{
	memory_pages_free(&l->free);
}
