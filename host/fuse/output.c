// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuse/fail.h"
#include "fuse/output.h"

static struct {
	pthread_mutex_t lock;
	bool active;
	mode_t umask;
	char path[4096];
	char temporary[4096 + 16];
} output = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int remove_entry(const char *path, const struct stat *st, int flag,
			struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	/* Whatever cannot go now, a writer is still at it: the caller repeats. */
	if (flag == FTW_DP)
		rmdir(path);
	else
		unlink(path);
	return 0;
}

static void remove_tree(const char *path)
{
	int tries;

	for (tries = 0; tries < 100; tries++) {
		nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
		if (access(path, F_OK))
			return;
		usleep(10000);
	}
}

static void *wait_for_signal(void *arg)
{
	sigset_t *set = arg;
	int sig;

	if (sigwait(set, &sig))
		return NULL;
	/* Held until the end: no commit may come in between. */
	pthread_mutex_lock(&output.lock);
	if (output.active)
		remove_tree(output.temporary);
	_exit(128 + sig);
}

static int catch_signals(void)
{
	static sigset_t set;
	pthread_t thread;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return -pthread_create(&thread, NULL, wait_for_signal, &set);
}

/* Make the temporary folder or file. */
static int make(bool folder)
{
	int fd;

	if (folder)
		return mkdtemp(output.temporary) &&
				       !chmod(output.temporary, 0755) ?
			       0 :
			       -errno;
	fd = mkostemp(output.temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* As open() would make it. */
	fchmod(fd, 0666 & ~output.umask);
	close(fd);
	return 0;
}

static const char *begin(const char *path, bool folder, struct ctf_error *e)
{
	static bool caught;
	size_t len = strlen(path);
	struct stat st;
	int ret;

	if (!folder && len > 1 && path[len - 1] == '/') {
		vmsync_fail(e, -EISDIR, "name a file that is in it",
			    "%.400s: the name of a folder", path);
		return NULL;
	}
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (!len || len >= sizeof(output.path)) {
		vmsync_fail_output(e, len ? -ENAMETOOLONG : -ENOENT, path);
		return NULL;
	}
	memcpy(output.path, path, len);
	output.path[len] = '\0';
	if (!lstat(output.path, &st)) {
		vmsync_fail(e, -EEXIST,
			    "remove it, or give another name with -o",
			    "%.400s: exists already", output.path);
		return NULL;
	}
	snprintf(output.temporary, sizeof(output.temporary), "%s.part-XXXXXX",
		 output.path);
	if (!caught && catch_signals()) {
		vmsync_fail(e, -EAGAIN, "", "%.400s: no thread can be started",
			    output.path);
		return NULL;
	}
	if (!caught) {
		output.umask = umask(0);
		umask(output.umask);
	}
	caught = true;

	pthread_mutex_lock(&output.lock);
	ret = make(folder);
	output.active = !ret;
	pthread_mutex_unlock(&output.lock);
	if (!ret)
		return output.temporary;
	vmsync_fail_output(e, ret, output.path);
	return NULL;
}

const char *vmsync_output_begin(const char *path, struct ctf_error *e)
{
	return begin(path, true, e);
}

const char *vmsync_output_file(const char *path, struct ctf_error *e)
{
	return begin(path, false, e);
}

int vmsync_output_commit(struct ctf_error *e)
{
	int ret = 0;

	pthread_mutex_lock(&output.lock);
	if (renameat2(AT_FDCWD, output.temporary, AT_FDCWD, output.path,
		      RENAME_NOREPLACE)) {
		ret = vmsync_fail(e, -errno,
				  "remove it, or give another name with -o",
				  "%.400s: %s", output.path, strerror(errno));
		remove_tree(output.temporary);
	}
	output.active = false;
	pthread_mutex_unlock(&output.lock);
	return ret;
}

void vmsync_output_drop(const char *name)
{
	char path[sizeof(output.temporary) + 256];

	pthread_mutex_lock(&output.lock);
	snprintf(path, sizeof(path), "%s/%s", output.temporary, name);
	if (output.active)
		remove_tree(path);
	pthread_mutex_unlock(&output.lock);
}

void vmsync_output_abort(void)
{
	pthread_mutex_lock(&output.lock);
	if (output.active)
		remove_tree(output.temporary);
	output.active = false;
	pthread_mutex_unlock(&output.lock);
}
