// SPDX-License-Identifier: MIT
#include "live/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuse/fail.h"
#include "live/viewer.h"

/* The head of a packet of metadata, CTF 1.8: magic number, content and size in bits. */
#define MAGIC	0x75d11d57
#define HEAD	37
#define CONTENT 24
#define SIZE	28

static uint32_t load(const uint8_t *p, bool swap)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swap ? __builtin_bswap32(v) : v;
}

/* Moves the text of all packets that are whole to the front; its length. */
static size_t unpack(uint8_t *raw, size_t len)
{
	bool swap = len >= HEAD && load(raw, true) == MAGIC;
	size_t at = 0, out = 0;

	if (len >= 4 && load(raw, false) != MAGIC && load(raw, true) != MAGIC)
		return len; /* it is not in packets */
	while (len - at >= HEAD && load(raw + at, swap) == MAGIC) {
		size_t content = load(raw + at + CONTENT, swap) / 8;
		size_t size = load(raw + at + SIZE, swap) / 8;

		if (content < HEAD || content > size || size > len - at)
			break;
		memmove(raw + out, raw + at + HEAD, content - HEAD);
		out += content - HEAD;
		at += size;
	}
	return out;
}

/* FNV-1a: it is to tell a text from what was another session's, not from an attack. */
static uint64_t hash_of(const uint8_t *p, size_t n)
{
	uint64_t h = 14695981039346656037ull;

	while (n--)
		h = (h ^ *p++) * 1099511628211ull;
	return h;
}

/* All of a file, of which @size bytes are there, to be freed. */
static uint8_t *load_all(int fd, const char *path, size_t *size,
			 struct ctf_error *e)
{
	uint8_t *raw = malloc(*size + 1);
	size_t n = 0;
	ssize_t got = 1;

	if (!raw) {
		vmsync_fail_memory(e);
		return NULL;
	}
	while (n < *size && got > 0) {
		got = pread(fd, raw + n, *size - n, (off_t)n);
		n += got > 0 ? (size_t)got : 0;
	}
	if (got < 0) {
		vmsync_fail_file(e, -errno, path);
		free(raw);
		return NULL;
	}
	*size = n;
	return raw;
}

static int tell(struct live_text *t, const uint8_t *text, size_t len,
		const char *path,
		int (*take)(void *ctx, const uint8_t *bytes, size_t n,
			    struct ctf_error *e),
		void *ctx, struct ctf_error *e)
{
	size_t at = (size_t)t->told;
	int ret = 0;

	if (len < at || (at && hash_of(text, at) != t->hash))
		return vmsync_fail(e, -ESTALE, "", "%.400s: it was made anew",
				   path);
	if (len == at)
		return 0;
	for (; !ret && at < len; at += LIVE_PART)
		ret = take(ctx, text + at,
			   len - at < LIVE_PART ? len - at : LIVE_PART, e);
	t->told = len;
	t->hash = hash_of(text, len);
	return ret ? ret : 1;
}

int live_text_read(struct live_text *t, const char *path,
		   int (*take)(void *ctx, const uint8_t *bytes, size_t n,
			       struct ctf_error *e),
		   void *ctx, struct ctf_error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	uint8_t *raw;
	size_t size;
	int ret = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : vmsync_fail_file(e, -errno, path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size == t->file) {
		close(fd);
		return 0;
	}
	size = st.st_size < (off_t)LIVE_METADATA_MAX ? (size_t)st.st_size :
						       LIVE_METADATA_MAX;
	raw = load_all(fd, path, &size, e);
	close(fd);
	if (!raw)
		return e->code;
	t->file = (uint64_t)st.st_size;
	/* A new chunk's is written from its beginning: it is looked at when it is there. */
	size = unpack(raw, size);
	if (size)
		ret = tell(t, raw, size, path, take, ctx, e);
	free(raw);
	return ret;
}
