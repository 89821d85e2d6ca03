// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctf/outdir.h"

static const char *folder(const struct outfile *f)
{
	return f->is_index ? "index/" : "";
}

static int fail_file(const struct outfile *f, int err, struct ctf_error *e)
{
	fail(e, -err, "%s/%s%.200s: %s", f->dir->path, folder(f), f->name,
	     strerror(err));
	if (err == ENOSPC || err == EDQUOT)
		return remedy(e, "make room there, or write elsewhere");
	if (err == EFBIG)
		return remedy(e, "raise the limit of a file's size (ulimit -f)");
	if (err == EEXIST)
		return remedy(e, "write into an empty folder");
	return e ? e->code : -err;
}

int outdir_open(struct outdir *d, const char *path, struct ctf_error *e)
{
	d->path = path;
	d->index_fd = d->fd = -1;
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		return fail(e, -errno, "%s: %s", path, strerror(errno));
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd < 0)
		return fail(e, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

int outdir_add_index(struct outdir *d, struct ctf_error *e)
{
	if (d->index_fd >= 0)
		return 0;
	if (mkdirat(d->fd, "index", 0777) < 0 && errno != EEXIST)
		return fail(e, -errno, "%s/index: %s", d->path,
			    strerror(errno));
	d->index_fd = openat(d->fd, "index",
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d->index_fd < 0)
		return fail(e, -errno, "%s/index: %s", d->path,
			    strerror(errno));
	return 0;
}

void outdir_close(struct outdir *d)
{
	if (d->fd >= 0)
		close(d->fd);
	if (d->index_fd >= 0)
		close(d->index_fd);
}

int outfile_create(struct outfile *f, const struct outdir *d, const char *name,
		   bool is_index, struct ctf_error *e)
{
	*f = (struct outfile){ .dir = d, .name = name, .is_index = is_index };
	f->fd = openat(is_index ? d->index_fd : d->fd, name,
		       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		       0666);
	return f->fd < 0 ? fail_file(f, errno, e) : 0;
}

int outfile_write(struct outfile *f, const void *buf, size_t len, uint64_t off,
		  struct ctf_error *e)
{
	const uint8_t *p = buf;

	while (len) {
		ssize_t n = pwrite(f->fd, p, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_file(f, errno, e);
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* Some file systems tell only here that the disk is full. */
int outfile_close(struct outfile *f, struct ctf_error *e)
{
	int fd = f->fd;

	if (fd < 0)
		return 0;
	f->fd = -1;
	return close(fd) < 0 ? fail_file(f, errno, e) : 0;
}
