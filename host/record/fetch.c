// SPDX-License-Identifier: MIT
#include "record/fetch.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuse/fail.h"

struct entry {
	uint32_t folder;
	bool metadata;
	uint64_t size;
};

static int failed(struct vmsync_fetch *f, int err, struct ctf_error *e)
{
	return vmsync_fail_file(e, -err, f->folder);
}

static int too_much(struct vmsync_fetch *f, struct ctf_error *e)
{
	return vmsync_fail(e, -EFBIG, "record for a shorter time, or fewer events",
			   "%s: the guest has more than %d files, or %" PRIu64
			   " MiB", f->folder, VMSYNC_FETCH_FILES,
			   f->most >> 20);
}

static struct entry entry_read(const struct vmsync_fetch *f, size_t i)
{
	const uint8_t *p = f->list + i * VMSYNC_PORT_ENTRY_LEN;
	uint32_t folder, kind;
	uint64_t size;

	memcpy(&folder, p, 4);
	memcpy(&kind, p + 4, 4);
	memcpy(&size, p + 8, 8);
	return (struct entry){ le32toh(folder), le32toh(kind) == 1,
			       le64toh(size) };
}

int vmsync_fetch_begin(struct vmsync_fetch *f, const char *folder, uint64_t most,
		       struct ctf_error *e)
{
	memset(f, 0, sizeof(*f));
	f->folder = folder;
	f->most = most;
	f->fd = -1;
	return mkdir(folder, 0777) ? failed(f, errno, e) : 0;
}

void vmsync_fetch_next(struct vmsync_fetch *f, struct vmsync_port_frame *pull)
{
	memset(pull, 0, sizeof(*pull));
	pull->type = VMSYNC_PORT_PULL;
	pull->file = f->file;
	pull->offset = f->offset;
	pull->length = VMSYNC_PORT_PULL_MAX;
	f->until = f->offset + pull->length;
}

/* A folder for each of the guest's; in it the metadata, and streams by number. */
static int file_open(struct vmsync_fetch *f, struct ctf_error *e)
{
	struct entry entry = entry_read(f, f->file - 1);
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/%" PRIu32, f->folder,
			 entry.folder);

	if (mkdir(path, 0777) && errno != EEXIST)
		return failed(f, errno, e);
	if (entry.metadata)
		snprintf(path + n, sizeof(path) - (size_t)n, "/metadata");
	else
		snprintf(path + n, sizeof(path) - (size_t)n, "/stream%" PRIu32,
			 f->file);
	f->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (f->fd < 0)
		return failed(f, errno, e);
	f->offset = 0;
	return 0;
}

static int file_close(struct vmsync_fetch *f, struct ctf_error *e)
{
	int ret = f->fd >= 0 && close(f->fd) ? failed(f, errno, e) : 0;

	f->fd = -1;
	return ret;
}

static int list_begin(struct vmsync_fetch *f, uint64_t size, struct ctf_error *e)
{
	if (size > (uint64_t)VMSYNC_FETCH_FILES * VMSYNC_PORT_ENTRY_LEN)
		return too_much(f, e);
	f->list = malloc(size + 1);
	f->list_size = size;
	return f->list ? 0 : failed(f, ENOMEM, e);
}

static int list_end(struct vmsync_fetch *f, struct ctf_error *e)
{
	size_t i;

	f->n = f->list_size / VMSYNC_PORT_ENTRY_LEN;
	for (i = 0; i < f->n; i++) {
		struct entry entry = entry_read(f, i);

		if (entry.size > f->most - f->total)
			return too_much(f, e);
		f->total += entry.size;
	}
	return 0;
}

/* The size of what is pulled now: of a file it is that which was in the list. */
static uint64_t size_now(const struct vmsync_fetch *f)
{
	return f->file ? entry_read(f, f->file - 1).size : f->list_size;
}

/* Go on to the next file that is not empty, or to the end. */
static int advance(struct vmsync_fetch *f, struct ctf_error *e)
{
	int ret = f->file ? file_close(f, e) : list_end(f, e);

	while (!ret && !f->done && (!f->file || f->offset == size_now(f))) {
		if (f->file == f->n) {
			f->done = true;
			return ret;
		}
		ret = f->fd >= 0 ? file_close(f, e) : 0;
		f->file++;
		if (!ret)
			ret = file_open(f, e);
	}
	return ret;
}

static int put(struct vmsync_fetch *f, const struct vmsync_port_frame *d,
	       struct ctf_error *e)
{
	if (!f->file) {
		memcpy(f->list + f->offset, d->data, d->n);
		return 0;
	}
	f->bytes += d->n;
	if (write(f->fd, d->data, d->n) == d->n)
		return 0;
	return failed(f, errno ? errno : ENOSPC, e);
}

int vmsync_fetch_take(struct vmsync_fetch *f, const struct vmsync_port_frame *d,
		      struct ctf_error *e)
{
	int ret = 0;

	/* What came twice, or after a part that was lost: that is asked for again. */
	if (f->done || d->file != f->file || d->offset != f->offset)
		return 0;
	if (!f->file && !f->list)
		ret = list_begin(f, d->total, e);
	if (ret)
		return ret;
	if (d->n > size_now(f) - f->offset || (!d->n && f->offset < size_now(f)))
		return vmsync_fail(e, -EPROTO, "",
				   "%s: file %" PRIu32 " is not as the guest's list "
				   "says it is", f->folder, f->file);
	errno = 0;
	ret = put(f, d, e);
	if (ret)
		return ret;
	f->offset += d->n;
	if (f->offset == size_now(f)) {
		ret = advance(f, e);
		return ret ? ret : 1;
	}
	return f->offset >= f->until;
}

bool vmsync_fetch_is_trace(const struct vmsync_fetch *f)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		struct entry entry = entry_read(f, i);

		if (entry.metadata && entry.size)
			return true;
	}
	return false;
}

void vmsync_fetch_end(struct vmsync_fetch *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	free(f->list);
	f->list = NULL;
}
