// SPDX-License-Identifier: MIT
#include "fuse/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuse/fail.h"

static bool begins_with(const char *path, const char *text)
{
	size_t len = strlen(text), got = 0;
	char head[128];
	FILE *f = fopen(path, "re");

	if (f) {
		got = fread(head, 1, len < sizeof(head) ? len : sizeof(head), f);
		fclose(f);
	}
	return got == len && !memcmp(head, text, len);
}

/* @through: set if it is there and is no regular file. */
static int check(const char *path, const struct vmsync_kind *kind,
		 bool *through, struct ctf_error *e)
{
	char remedy[80];
	struct stat st;

	*through = false;
	/* What keeps a file that is not there yet from being made is said then. */
	if (stat(path, &st)) {
		if (errno == ENOENT && lstat(path, &st))
			return 0;
		return vmsync_fail_file(e, -errno, path);
	}
	if (S_ISDIR(st.st_mode))
		return vmsync_fail_file(e, -EISDIR, path);
	*through = !S_ISREG(st.st_mode);
	if (*through || begins_with(path, kind->begins))
		return 0;
	snprintf(remedy, sizeof(remedy),
		 "remove it, or give another name with %s", kind->option);
	return vmsync_fail(e, -EEXIST, remedy,
			   "%.400s exists already and is no %s", path,
			   kind->name);
}

int vmsync_replace_check(const char *path, const struct vmsync_kind *kind,
			 struct ctf_error *e)
{
	bool through;

	return check(path, kind, &through, e);
}

/* The name that is no link, of a file that need not be there; to be freed. */
static char *follow(const char *path)
{
	char *target = realpath(path, NULL);

	return target || errno != ENOENT ? target : strdup(path);
}

/* Write it all, and close it. */
static int fill(int fd, int (*write)(FILE *f, void *ctx, struct ctf_error *e),
		void *ctx, struct ctf_error *e)
{
	FILE *f = fdopen(fd, "w");
	int ret;

	if (!f) {
		ret = -errno;
		close(fd);
		return ret;
	}
	ret = write(f, ctx, e);
	/* The first cause is the one that is told: stdio keeps none. */
	if (fflush(f) && !ret)
		ret = -errno;
	if (fclose(f) && !ret)
		ret = -errno;
	return ret;
}

static int write_beside(const char *path,
			int (*write)(FILE *f, void *ctx, struct ctf_error *e),
			void *ctx, struct ctf_error *e)
{
	char *target = follow(path), *part = NULL;
	int fd, ret;

	if (target && asprintf(&part, "%s.part-XXXXXX", target) < 0)
		part = NULL;
	fd = part ? mkostemp(part, O_CLOEXEC) : -1;
	ret = fd < 0 ? -errno : 0;
	if (!ret) {
		fchmod(fd, 0644);
		ret = fill(fd, write, ctx, e);
		if (!ret && rename(part, target))
			ret = -errno;
		if (ret)
			unlink(part);
	}
	free(part);
	free(target);
	return ret;
}

int vmsync_replace(const char *path, const struct vmsync_kind *kind,
		   int (*write)(FILE *f, void *ctx, struct ctf_error *e),
		   void *ctx, struct ctf_error *e)
{
	bool through;
	int fd, ret;

	memset(e, 0, sizeof(*e));
	ret = check(path, kind, &through, e);
	if (ret)
		return ret;
	if (through) {
		fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
		ret = fd < 0 ? -errno : fill(fd, write, ctx, e);
	} else {
		ret = write_beside(path, write, ctx, e);
	}
	return ret && !e->code ? vmsync_fail_output(e, ret, path) : ret;
}
