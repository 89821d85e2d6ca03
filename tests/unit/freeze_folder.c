// SPDX-License-Identifier: MIT
/*
 * A file of a freeze is there once it is whole: where the disk takes no more, there is none,
 * and it is said which.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "check.h"
#include "freeze/folder.h"

/* More than a buffer of stdio's, and less: of that it is the last write that fails. */
static const size_t sizes[] = { 100000, 100 };

static void put(FILE *f, const void *what)
{
	size_t i;

	for (i = 0; i < *(const size_t *)what; i++)
		fputc('x', f);
}

static void most(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	setrlimit(RLIMIT_FSIZE, &limit);
}

static void test_size(const char *dir, size_t size)
{
	char path[200];
	struct ctf_error e;

	snprintf(path, sizeof(path), "%s/file", dir);
	most(50);
	CHECK_EQ(freeze_folder_save(dir, "file", put, &size, &e), -EFBIG);
	CHECK(strstr(e.msg, "file") != NULL);
	CHECK_EQ(access(path, F_OK), -1);
	most(RLIM_INFINITY);
	/* What was left of that is in nobody's way. */
	CHECK_EQ(freeze_folder_save(dir, "file", put, &size, &e), 0);
	CHECK_EQ(access(path, F_OK), 0);
	CHECK_EQ(unlink(path), 0);
}

int main(int argc, char **argv)
{
	char dir[] = "/tmp/vmsync-unit-XXXXXX";
	size_t i;

	check_init(argc, argv);
	signal(SIGXFSZ, SIG_IGN);
	CHECK(mkdtemp(dir) != NULL);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		test_size(dir, sizes[i]);
	CHECK_EQ(rmdir(dir), 0);
	return check_done();
}
