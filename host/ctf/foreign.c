// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctf/foreign.h"
#include "ctf/internal.h"

#define MAGIC "\x17\x08\x44tracing"

static int (*reader)(const char *path, const char *folder, struct ctf_error *e);

void ctf_tracedat_reader(int (*convert)(const char *path, const char *folder,
					struct ctf_error *e))
{
	reader = convert;
}

bool ctf_tracedat_readable(void)
{
	return reader;
}

size_t file_head(const char *path, void *head, size_t n)
{
	struct stat st;
	ssize_t got;
	int fd;

	/* Only to open some of what is no file takes for ever. */
	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	got = read(fd, head, n);
	close(fd);
	return got < 0 ? 0 : (size_t)got;
}

bool foreign_is(const char *path)
{
	char head[sizeof(MAGIC) - 1];

	return file_head(path, head, sizeof(head)) == sizeof(head) &&
	       !memcmp(head, MAGIC, sizeof(head));
}

int foreign_take(const char *path, char **folder, struct ctf_error *e)
{
	int ret;

	if (!reader) {
		fail(e, -ENOTSUP,
		     "%s: recorded by trace-cmd, which this vmsync was built without reading",
		     path);
		return remedy(e, "build it where libtracecmd-dev and libtraceevent-dev are installed");
	}
	ret = scratch_make(folder, e);
	if (ret)
		return ret;
	ret = reader(path, *folder, e);
	if (ret) {
		scratch_drop(*folder);
		*folder = NULL;
	}
	return ret;
}
