// SPDX-License-Identifier: MIT
#include "live/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fuse/fail.h"

int live_file_open(const char *path, int flags, struct ctf_error *e)
{
	int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 ? vmsync_fail_file(e, -errno, path) : fd;
}

int live_file_close(const char *path, int fd, int ret,
		      struct ctf_error *e)
{
	if (!close(fd) || ret)
		return ret;
	return vmsync_fail_file(e, -errno, path);
}

int live_file_write(const char *path, int fd, const uint8_t *bytes,
		      size_t n, uint64_t at, struct ctf_error *e)
{
	while (n) {
		ssize_t done = pwrite(fd, bytes, n, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return vmsync_fail_file(e, done ? -errno : -ENOSPC,
						path);
		bytes += done;
		n -= (size_t)done;
		at += (uint64_t)done;
	}
	return 0;
}

int live_file_same(const char *path, int fd, const uint8_t *bytes,
		      size_t n, uint64_t at, struct ctf_error *e)
{
	uint8_t there[4096];

	while (n) {
		size_t part = n < sizeof(there) ? n : sizeof(there);
		ssize_t got = pread(fd, there, part, (off_t)at);

		if (got <= 0)
			return vmsync_fail_file(e, got ? -errno : -EIO,
						path);
		if (memcmp(there, bytes, (size_t)got))
			return vmsync_fail(e, -ESTALE, "",
					   "it is another session");
		bytes += got;
		n -= (size_t)got;
		at += (uint64_t)got;
	}
	return 0;
}
