// SPDX-License-Identifier: MIT
/*
 * Folders that are gone when the program is, whatever ends it: a child holds one
 * end of a pipe, sees the other one close, and removes what is left.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctf/foreign.h"
#include "ctf/internal.h"

#define TEMPLATE "/vmsync-dat-XXXXXX"

static char *top;	/* all of them are in it */
static unsigned int made;

static const char *scratch_at(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/var/tmp";
}

static void remove_files(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		unlinkat(dirfd(dir), d->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(folder);
}

static void remove_all(void)
{
	DIR *dir = opendir(top);
	struct dirent *d;
	char *sub;

	while (dir && (d = readdir(dir))) {
		if (d->d_name[0] == '.' ||
		    asprintf(&sub, "%s/%s", top, d->d_name) < 0)
			continue;
		remove_files(sub);
		free(sub);
	}
	if (dir)
		closedir(dir);
	rmdir(top);
}

/* Nobody is to wait for it: it keeps nothing open but the pipe. */
static void watch(int end)
{
	sigset_t all;
	char byte;
	int fd;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (fd = (int)sysconf(_SC_OPEN_MAX) < 4096 ?
			  (int)sysconf(_SC_OPEN_MAX) :
			  4096;
	     fd >= 0; fd--) {
		if (fd != end)
			close(fd);
	}
	while (read(end, &byte, 1) < 0 && errno == EINTR)
		;
	remove_all();
	_exit(0);
}

static int begin(struct ctf_error *e)
{
	int ends[2];
	pid_t pid;

	if (top)
		return 0;
	if (asprintf(&top, "%s" TEMPLATE, scratch_at()) < 0)
		return fail_nomem(e);
	if (!mkdtemp(top)) {
		fail(e, -errno, "%.400s: a folder for what trace.dat holds: %s",
		     scratch_at(), strerror(errno));
		free(top);
		top = NULL;
		return remedy(e, "set TMPDIR to a folder with room for about what the traces take");
	}
	atexit(remove_all);
	if (pipe2(ends, O_CLOEXEC))
		return 0;
	pid = fork();
	if (!pid) {
		/* The grandchild is nobody's whom it would have to wait for. */
		if (!fork())
			watch(ends[0]);
		_exit(0);
	}
	close(ends[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

int scratch_make(char **folder, struct ctf_error *e)
{
	int ret = begin(e);

	if (ret)
		return ret;
	if (asprintf(folder, "%s/%u", top, made++) < 0)
		return fail_nomem(e);
	if (mkdir(*folder, 0700)) {
		ret = fail(e, -errno, "%s: %s", *folder, strerror(errno));
		free(*folder);
		*folder = NULL;
		return ret;
	}
	return 0;
}

void scratch_drop(char *folder)
{
	if (!folder)
		return;
	remove_files(folder);
	free(folder);
}
