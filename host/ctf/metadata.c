// SPDX-License-Identifier: MIT
/* The file "metadata": from packets or plain text to one plain text. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctf/internal.h"

#define META_HEADER	37	/* bytes of a metadata packet's header */

static uint32_t get32(const uint8_t *p, bool swap)
{
	uint32_t v = load32(p);

	return swap ? __builtin_bswap32(v) : v;
}

/*
 * Joins the contents of metadata packets, in place: what is written never
 * overtakes what is read.
 */
static int unpack(struct ctf_trace *t, char *raw, size_t len, bool swap,
		  struct ctf_error *e)
{
	size_t at = 0, out = 0;

	while (at < len) {
		const uint8_t *h = (const uint8_t *)raw + at;
		uint64_t content, packet;

		if (len - at < META_HEADER) {
			fail(e, -EINVAL, "%s: cut short in the packet at byte %zu",
			     t->meta_path, at);
			return remedy(e, "copy the whole trace again");
		}
		if (get32(h, swap) != META_MAGIC)
			return fail(e, -EINVAL,
				    "%s: no metadata packet at byte %zu",
				    t->meta_path, at);
		content = get32(h + 24, swap);
		packet = get32(h + 28, swap);
		if (h[32] || h[33])
			return fail(e, -ENOTSUP,
				    "%s: compressed or encrypted metadata",
				    t->meta_path);
		if (content % 8 || packet % 8 || content > packet ||
		    content / 8 < META_HEADER)
			return fail(e, -EINVAL,
				    "%s: the packet at byte %zu has impossible sizes",
				    t->meta_path, at);
		content = content / 8 - META_HEADER;
		packet /= 8;
		/* The last packet's padding may be missing, its text not. */
		if (content > len - at - META_HEADER) {
			fail(e, -EINVAL, "%s: cut short in the packet at byte %zu",
			     t->meta_path, at);
			return remedy(e, "copy the whole trace again");
		}
		memmove(raw + out, raw + at + META_HEADER, content);
		out += content;
		at += packet < len - at ? packet : len - at;
	}
	t->text_len = out;
	return 0;
}

/* Takes @raw (heap, @len bytes and room for one more) as the metadata. */
int metadata_unpack(struct ctf_trace *t, char *raw, size_t len,
		    struct ctf_error *e)
{
	int ret = 0;

	t->text = raw;
	t->text_len = len;
	if (len >= 4) {
		uint32_t magic = load32((const uint8_t *)raw);

		if (magic == META_MAGIC || __builtin_bswap32(magic) == META_MAGIC)
			ret = unpack(t, raw, len, magic != META_MAGIC, e);
	}
	if (ret)
		return ret;
	raw[t->text_len] = 0;
	if (memchr(raw, 0, t->text_len))
		return fail(e, -EINVAL, "%s: a zero byte in the text",
			    t->meta_path);
	for (len = 0; len < t->text_len && strchr(" \t\r\n", raw[len]); len++)
		;
	t->is_json = raw[len] == '\x1e' || raw[len] == '{';
	if (len == t->text_len) {
		fail(e, -EINVAL, "%s: empty", t->meta_path);
		return remedy(e, "copy the whole trace again, or leave it out");
	}
	return 0;
}

int pread_all(int fd, void *buf, size_t len, uint64_t off)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t n = pread(fd, p, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -EIO;
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int metadata_read(struct ctf_trace *t, uint64_t bytes, struct ctf_error *e)
{
	struct stat st;
	char *raw;
	int fd, ret;

	fd = open(t->meta_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		fail(e, -ENOENT, "%s: not a trace: no such file", t->meta_path);
		return remedy(e, "give a folder that has a file metadata");
	}
	if (fd < 0)
		return fail(e, -errno, "%s: %s", t->meta_path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return fail(e, -EINVAL, "%s: not a regular file", t->meta_path);
	}
	if (st.st_size > MAX_METADATA) {
		close(fd);
		return fail(e, -ENOTSUP, "%s: larger than %u MiB", t->meta_path,
			    MAX_METADATA >> 20);
	}
	if (!bytes || bytes > (uint64_t)st.st_size)
		bytes = (uint64_t)st.st_size;
	raw = malloc((size_t)bytes + 1);
	if (!raw) {
		close(fd);
		return fail_nomem(e);
	}
	ret = pread_all(fd, raw, (size_t)bytes, 0);
	close(fd);
	if (ret) {
		free(raw);
		return fail(e, ret, "%s: %s", t->meta_path, strerror(-ret));
	}
	return metadata_unpack(t, raw, (size_t)bytes, e);
}
