// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ctf/files.h"
#include "ctf/internal.h"

/*
 * Files that stay open without a user: so many, or one of so many that the
 * process may have. Reading the heads of a stream's packets one after the other
 * opens its file once; more than this many streams are not read in turns. A
 * larger value only takes descriptors from others.
 */
#define IDLE_MAX	64
#define IDLE_PART	8

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file idle = { .next = &idle, .prev = &idle };
static unsigned int n_idle;

static void idle_remove(struct file *f)
{
	f->next->prev = f->prev;
	f->prev->next = f->next;
	f->next = f->prev = NULL;
	n_idle--;
}

static void idle_add(struct file *f)
{
	f->prev = idle.prev;
	f->next = &idle;
	idle.prev->next = f;
	idle.prev = f;
	n_idle++;
}

static void idle_close_oldest(void)
{
	struct file *f = idle.next;

	idle_remove(f);
	close(f->fd);
	f->is_open = false;
}

/* Where there are no descriptors left, those of idle files are given back. */
static int open_file(struct file *f)
{
	do {
		f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (f->fd >= 0) {
			f->is_open = true;
			return 0;
		}
		if (errno != EMFILE || !n_idle)
			return -errno;
		idle_close_oldest();
	} while (true);
}

int file_open(struct file *f, struct ctf_error *e)
{
	int ret = 0;

	pthread_mutex_lock(&lock);
	if (!f->is_open)
		ret = open_file(f);
	else if (!f->users)
		idle_remove(f);
	if (!ret)
		f->users++;
	pthread_mutex_unlock(&lock);
	if (!ret)
		return 0;
	fail(e, ret, "%s: %s", f->path, strerror(-ret));
	if (ret == -EMFILE)
		remedy(e, "raise the limit of open files (ulimit -n)");
	return ret;
}

static unsigned int idle_max(void)
{
	static unsigned int max;
	struct rlimit limit;

	if (!max && !getrlimit(RLIMIT_NOFILE, &limit))
		max = limit.rlim_cur / IDLE_PART < IDLE_MAX ?
			      (unsigned int)limit.rlim_cur / IDLE_PART + 1 :
			      IDLE_MAX;
	return max;
}

void file_close(struct file *f)
{
	pthread_mutex_lock(&lock);
	if (!--f->users) {
		idle_add(f);
		if (n_idle > idle_max())
			idle_close_oldest();
	}
	pthread_mutex_unlock(&lock);
}

void file_forget(struct file *f)
{
	pthread_mutex_lock(&lock);
	if (f->is_open) {
		idle_remove(f);
		close(f->fd);
		f->is_open = false;
	}
	pthread_mutex_unlock(&lock);
}
