// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuse/fail.h"
#include "fuse/scratch.h"

static const char *folder(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/var/tmp";
}

static int file_fail(struct ctf_error *e, int error)
{
	return vmsync_fail(e, -error,
			   "set TMPDIR to a folder with room for some "
			   "hundredths of the trace",
			   "%.400s: a file for the runs of virtual CPUs: %s",
			   folder(), strerror(error));
}

int scratch_open(struct ctf_error *e)
{
	char path[4096];
	int fd = open(folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	if (strlen(folder()) > sizeof(path) - 32)
		return file_fail(e, ENAMETOOLONG);
	/* Not every file system can make one without a name. */
	strcpy(path, folder());
	strcat(path, "/vmsync-runs-XXXXXX");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return file_fail(e, errno);
	unlink(path);
	return fd;
}

int scratch_write(int fd, const void *p, size_t n, off_t at,
		  struct ctf_error *e)
{
	const char *from = p;

	while (n) {
		ssize_t done = pwrite(fd, from, n, at);

		if (done < 0 && errno != EINTR)
			return file_fail(e, errno);
		if (done > 0) {
			from += done;
			at += done;
			n -= (size_t)done;
		}
	}
	return 0;
}

int scratch_read(int fd, void *p, size_t n, off_t at, struct ctf_error *e)
{
	char *to = p;

	while (n) {
		ssize_t done = pread(fd, to, n, at);

		if (!done || (done < 0 && errno != EINTR))
			return file_fail(e, done ? errno : EIO);
		if (done > 0) {
			to += done;
			at += done;
			n -= (size_t)done;
		}
	}
	return 0;
}
