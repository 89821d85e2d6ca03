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

	in = openat(from_dir, from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
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
		char path[4096], source[4096];
		struct stat st;

		if (entry->d_name[0] == '.')
			continue;
		if (fstatat(dirfd(dir), entry->d_name, &st,
			    AT_SYMLINK_NOFOLLOW)) {
			ret = vmsync_fail_file(c->e, -errno, entry->d_name);
			break;
		}
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", to,
				     entry->d_name) >= sizeof(path) ||
		    (size_t)snprintf(source, sizeof(source), "%s/%s", from,
				     entry->d_name) >= sizeof(source)) {
			errno = ENAMETOOLONG;
			ret = vmsync_fail_file(c->e, -errno, to);
		} else if (S_ISREG(st.st_mode)) {
			if (c->link && !linkat(dirfd(dir), entry->d_name,
					       AT_FDCWD, path, 0))
				c->done += (uint64_t)st.st_size;
			else
				ret = copy_file(c, dirfd(dir), entry->d_name, path);
		} else if (S_ISDIR(st.st_mode) && top &&
			   !strcmp(entry->d_name, "index")) {
			ret = copy_folder(c, source, path, false);
		}
	}
	closedir(dir);
	return ret;
}

int vmsync_trace_copy(const char *from, const char *to, bool link,
		      void (*progress)(void *ctx, uint64_t done), void *ctx,
		      struct ctf_error *e)
{
	struct copier c = {
		.progress = progress, .ctx = ctx, .link = link, .e = e,
	};
	int ret;

	c.buffer = malloc(CHUNK);
	if (!c.buffer)
		return vmsync_fail_memory(e);
	ret = copy_folder(&c, from, to, true);
	free(c.buffer);
	return ret;
}
