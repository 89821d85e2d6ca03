// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuse/copy.h"
#include "fuse/fail.h"

/* Read into memory that stays in the processor's cache. */
#define CHUNK (256u << 10)

struct copier {
	void (*progress)(void *ctx, uint64_t done);
	void *ctx;
	uint64_t done;
	bool link;
	bool own_metadata;
	char *buffer; /* CHUNK bytes */
	struct ctf_error *e;
};

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno != EINTR)
			return -errno;
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
	return 0;
}

/* One chunk: its size, 0 at the end, or less. */
static ssize_t copy_chunk(struct copier *c, int in, int out)
{
	ssize_t n;

	do
		n = read(in, c->buffer, CHUNK);
	while (n < 0 && errno == EINTR);
	return n > 0 && write_all(out, c->buffer, (size_t)n) ? -1 : n;
}

/*
 * Where the file system can share blocks between files, nothing is copied. (Else
 * this is faster than copy_file_range(), which looks up each page twice.)
 */
static ssize_t copy_bytes(struct copier *c, int in, int out)
{
	struct stat st;
	ssize_t n;

	if (!ioctl(out, FICLONE, in) && !fstat(out, &st)) {
		c->done += (uint64_t)st.st_size;
		return 0;
	}
	while ((n = copy_chunk(c, in, out)) > 0) {
		c->done += (uint64_t)n;
		if (c->progress)
			c->progress(c->ctx, c->done);
	}
	return n;
}

static int copy_file(struct copier *c, int from_dir, const char *from,
		     const char *to)
{
	int in, out, ret = 0;

	in = openat(from_dir, from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return vmsync_fail_file(c->e, -errno, from);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (out < 0) {
		ret = vmsync_fail_file(c->e, -errno, to);
		close(in);
		return ret;
	}
	if (copy_bytes(c, in, out) < 0)
		ret = vmsync_fail_file(c->e, -errno, to);
	if (close(out) && !ret)
		ret = vmsync_fail_file(c->e, -errno, to);
	close(in);
	return ret;
}

/* Hard links are to what a symbolic link leads to. */
static int take_file(struct copier *c, int from_dir, const char *name,
		     const struct stat *st, const char *to)
{
	if (!c->link ||
	    linkat(from_dir, name, AT_FDCWD, to, AT_SYMLINK_FOLLOW))
		return copy_file(c, from_dir, name, to);
	c->done += (uint64_t)st->st_size;
	return 0;
}

static int copy_folder(struct copier *c, const char *from, const char *to,
		       bool top);

/* One entry of a folder: what a reader would open, whatever it is by itself. */
static int copy_entry(struct copier *c, int dir, const char *name,
		      const char *from, const char *to, bool top)
{
	char path[4096], source[4096];
	struct stat st;

	if (fstatat(dir, name, &st, 0))
		return vmsync_fail_file(c->e, -errno, name);
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", to, name) >=
		    sizeof(path) ||
	    (size_t)snprintf(source, sizeof(source), "%s/%s", from, name) >=
		    sizeof(source))
		return vmsync_fail_file(c->e, -ENAMETOOLONG, to);
	if (S_ISREG(st.st_mode))
		return take_file(c, dir, name, &st, path);
	if (S_ISDIR(st.st_mode) && top && !strcmp(name, "index"))
		return copy_folder(c, source, path, false);
	return 0;
}

static int copy_folder(struct copier *c, const char *from, const char *to,
		       bool top)
{
	DIR *dir = opendir(from);
	struct dirent *entry;
	int ret = 0;

	if (!dir)
		return vmsync_fail_file(c->e, -errno, from);
	if (mkdir(to, 0755) && errno != EEXIST)
		ret = vmsync_fail_file(c->e, -errno, to);
	while (!ret && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    (top && c->own_metadata && !strcmp(entry->d_name, "metadata")))
			continue;
		ret = copy_entry(c, dirfd(dir), entry->d_name, from, to, top);
	}
	closedir(dir);
	return ret;
}

static int changed(const struct ctf_trace *t, const char *name,
		   struct ctf_error *e)
{
	return vmsync_fail(e, -EIO, "has it been changed meanwhile?",
			   "%.200s%s%.200s: not copied as it was read",
			   ctf_trace_path(t), *name ? "/" : "", name);
}

/*
 * What was read is what is there now: a tracer that goes on may have written over
 * the packets that were read, in a file that is as long as before.
 */
static int check_streams(const struct ctf_trace *t, const char *to,
			 const struct ctf_passed *read, struct ctf_error *e)
{
	struct ctf_passed there = { 0 };
	struct ctf_error unread;
	char path[4096];
	struct stat st;
	size_t i;

	for (i = 0; i < ctf_trace_streams(t); i++) {
		const struct ctf_stream *s = ctf_trace_stream(t, i);

		snprintf(path, sizeof(path), "%s/%s", to, ctf_stream_name(s));
		if (lstat(path, &st) || !S_ISREG(st.st_mode) ||
		    (uint64_t)st.st_size != ctf_stream_bytes(s) ||
		    ctf_stream_pass(s, path, &there, &unread))
			return changed(t, ctf_stream_name(s), e);
	}
	return ctf_passed_same_packets(&there, read) ? 0 : changed(t, "", e);
}

int vmsync_trace_copy(const struct ctf_trace *t, const char *to,
		      const struct vmsync_copy *how, struct ctf_error *e)
{
	struct copier c = {
		.progress = how->progress,
		.ctx = how->progress_ctx,
		.link = how->link && !ctf_trace_is_scratch(t),
		.own_metadata = how->own_metadata,
		.e = e,
	};
	int ret;

	c.buffer = malloc(CHUNK);
	if (!c.buffer)
		return vmsync_fail_memory(e);
	ret = copy_folder(&c, ctf_trace_folder(t), to, true);
	free(c.buffer);
	return ret ? ret : check_streams(t, to, how->read, e);
}
