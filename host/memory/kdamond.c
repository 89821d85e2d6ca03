// SPDX-License-Identifier: MIT
#include "memory/kdamond.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuse/fail.h"

#define DAMON	 "/sys/kernel/mm/damon/admin/kdamonds"
#define NUMBER	 DAMON "/nr_kdamonds"
#define OURS	 DAMON "/0"
#define SECOND	 1000000000ll

/* The kernel answers "busy" where somebody reads or writes another of its files. */
#define BUSY_TRIES 200
#define BUSY_US	   5000

static const struct timespec busy = { .tv_nsec = BUSY_US * 1000 };

static int failed(int err, const char *path, struct ctf_error *e)
{
	switch (err) {
	case ENOENT:
		return vmsync_fail(e, -err,
				   "Linux needs CONFIG_DAMON_SYSFS and CONFIG_DAMON_VADDR: "
				   "Debian 12's 6.12 has them, its 6.1 has not",
				   DAMON ": this kernel has no DAMON that watches a process");
	case EACCES:
	case EPERM:
		return vmsync_fail(e, -err, "be root", "%s: %s", path, strerror(err));
	}
	return vmsync_fail(e, -err, "", "%s: %s", path, strerror(err));
}

static int in_use(struct ctf_error *e)
{
	return vmsync_fail(e, -EBUSY, "wait until that ends; what was left behind, echo 0 "
			   "into this file removes",
			   NUMBER ": somebody else uses DAMON");
}

/* Return: 0 or an errno. */
static int write_to(int fd, const char *text)
{
	ssize_t n = (ssize_t)strlen(text);
	int i;

	for (i = 0; i < BUSY_TRIES; i++) {
		if (pwrite(fd, text, (size_t)n, 0) == n)
			return 0;
		if (errno != EBUSY)
			break;
		nanosleep(&busy, NULL);
	}
	return errno;
}

static int put_at(int dir, const char *path, const char *text)
{
	int fd = openat(dir, path, O_WRONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return errno;
	err = write_to(fd, text);
	close(fd);
	return err;
}

static int64_t get_at(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	char text[32];
	ssize_t n = -1;
	int i;

	if (fd < 0)
		return -errno;
	for (i = 0; i < BUSY_TRIES; i++) {
		n = pread(fd, text, sizeof(text) - 1, 0);
		if (n >= 0 || errno != EBUSY)
			break;
		nanosleep(&busy, NULL);
	}
	i = errno;
	close(fd);
	if (n < 0)
		return -i;
	text[n] = 0;
	return strtoll(text, NULL, 10);
}

/* Another vmsync that looks at the same moment is kept out by the lock. */
static int number_open(int *fd, struct ctf_error *e)
{
	*fd = open(NUMBER, O_RDWR | O_CLOEXEC);
	if (*fd < 0)
		return failed(errno, NUMBER, e);
	if (!flock(*fd, LOCK_EX | LOCK_NB) && !get_at(AT_FDCWD, NUMBER))
		return 0;
	close(*fd);
	return in_use(e);
}

int memory_kdamond_check(struct ctf_error *e)
{
	int fd, ret = number_open(&fd, e);

	if (!ret)
		close(fd);
	return ret;
}

/*
 * While it runs the kernel lets nobody change their number; when it is off and the number is
 * still 1, it is ours that goes.
 */
static void ours_remove(void)
{
	put_at(AT_FDCWD, OURS "/state", "off");
	if (get_at(AT_FDCWD, NUMBER) == 1)
		put_at(AT_FDCWD, NUMBER, "0");
}

/* The keeper: until nobody holds the other end. Whom it answers may have ended by then. */
static _Noreturn void keep(int number, int hold, int answer)
{
	char c, err = (char)write_to(number, "1");

	prctl(PR_SET_NAME, "vmsync-kdamond");
	if (write(answer, &err, 1) == 1)
		close(answer);
	if (err)
		_exit(1);
	while (read(hold, &c, 1) < 0 && errno == EINTR)
		;
	ours_remove();
	_exit(0);
}

/* Without CONFIG_DAMON_VADDR there is only physical memory, of everybody. */
static int operations_check(int context, struct ctf_error *e)
{
	int fd = openat(context, "avail_operations", O_RDONLY | O_CLOEXEC);
	char text[128] = "";
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n > 0 && strstr(text, "fvaddr"))
		return 0;
	return failed(ENOENT, "", e);
}

static int keeper_start(struct memory_kdamond *k, int number, struct ctf_error *e)
{
	int hold[2] = { -1, -1 }, answer[2] = { -1, -1 };
	char err = EIO;

	if (pipe2(hold, O_CLOEXEC) || pipe2(answer, O_CLOEXEC))
		err = (char)errno;
	else
		k->keeper = fork();
	if (k->keeper < 0 && err == EIO)
		err = (char)errno;
	if (!k->keeper) {
		close(hold[1]);
		close(answer[0]);
		/* Whoever reads what we print does not wait for it. */
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		keep(number, hold[0], answer[1]);
	}
	k->hold = hold[1];
	close(hold[0]);
	close(answer[1]);
	if (k->keeper > 0 && read(answer[0], &err, 1) != 1)
		err = EIO;
	close(answer[0]);
	return err ? failed(err, NUMBER, e) : 0;
}

int memory_kdamond_begin(struct memory_kdamond *k, struct ctf_error *e)
{
	sigset_t ours, all;
	int number, ret;

	*k = (struct memory_kdamond){ .dir = -1, .context = -1, .hold = -1, .keeper = -1 };
	sigprocmask(SIG_SETMASK, NULL, &k->signals);
	ret = number_open(&number, e);
	if (ret)
		return ret;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	ret = keeper_start(k, number, e);
	close(number);
	ours = k->signals;
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	sigprocmask(SIG_SETMASK, &ours, NULL);
	if (ret)
		return ret;
	k->dir = open(OURS, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (k->dir < 0)
		return failed(errno, OURS, e);
	ret = put_at(k->dir, "contexts/nr_contexts", "1");
	if (!ret)
		k->context = openat(k->dir, "contexts/0", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (k->context < 0)
		return failed(ret ? ret : errno, OURS "/contexts", e);
	return operations_check(k->context, e);
}

void memory_kdamond_end(struct memory_kdamond *k)
{
	int status;

	if (k->hold >= 0)
		close(k->hold);
	/* One that was killed has left that to us. */
	if (k->keeper > 0 && waitpid(k->keeper, &status, 0) == k->keeper &&
	    WIFSIGNALED(status))
		ours_remove();
	if (k->dir >= 0)
		close(k->dir);
	if (k->context >= 0)
		close(k->context);
	k->dir = k->context = k->hold = k->keeper = -1;
	if (k->signal)
		raise(k->signal);
	sigprocmask(SIG_SETMASK, &k->signals, NULL);
}

static int put(struct memory_kdamond *k, const char *value, struct ctf_error *e,
	       const char *format, va_list args)
{
	char path[160];
	int err;

	vsnprintf(path, sizeof(path), format, args);
	err = put_at(k->context, path, value);
	return err ? vmsync_fail(e, -err, "", OURS "/contexts/0/%s: %s: %s", path, value,
				 strerror(err)) : 0;
}

int memory_kdamond_put(struct memory_kdamond *k, const char *value, struct ctf_error *e,
		       const char *path, ...)
{
	va_list args;
	int ret;

	va_start(args, path);
	ret = put(k, value, e, path, args);
	va_end(args);
	return ret;
}

int memory_kdamond_number(struct memory_kdamond *k, uint64_t value, struct ctf_error *e,
			  const char *path, ...)
{
	char text[32];
	va_list args;
	int ret;

	snprintf(text, sizeof(text), "%" PRIu64, value);
	va_start(args, path);
	ret = put(k, text, e, path, args);
	va_end(args);
	return ret;
}

int memory_kdamond_get(struct memory_kdamond *k, uint64_t *value, struct ctf_error *e,
		       const char *path, ...)
{
	char name[160];
	va_list args;
	int64_t got;

	va_start(args, path);
	vsnprintf(name, sizeof(name), path, args);
	va_end(args);
	got = get_at(k->context, name);
	*value = (uint64_t)got;
	return got >= 0 ? 0 :
			  vmsync_fail(e, (int)got, "", OURS "/contexts/0/%s: %s", name,
				      strerror((int)-got));
}

int memory_kdamond_state(struct memory_kdamond *k, const char *word, struct ctf_error *e)
{
	int err = put_at(k->dir, "state", word);

	if (err == EBUSY)
		return vmsync_fail(e, -err, "", OURS "/state: the kernel uses DAMON itself "
				   "(damon_reclaim, damon_lru_sort)");
	/* It ends by itself when there is nobody left. */
	if (err == EINVAL && get_at(k->dir, "pid") < 0)
		return vmsync_fail(e, -ESRCH, "", "who was watched has ended");
	return err ? vmsync_fail(e, -err, "", OURS "/state: %s: %s", word, strerror(err)) : 0;
}

int memory_kdamond_wait(struct memory_kdamond *k, int64_t ns, struct ctf_error *e)
{
	const struct timespec t = { .tv_sec = ns / SECOND, .tv_nsec = ns % SECOND };
	sigset_t set;
	int got;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	got = sigtimedwait(&set, NULL, &t);
	if (got < 0)
		return 0;
	k->signal = got;
	return vmsync_fail(e, -EINTR, "", "%s", strerror(EINTR));
}

int64_t memory_kdamond_cpu_ns(struct memory_kdamond *k)
{
	int64_t pid = get_at(k->dir, "pid"), ns;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%" PRId64 "/schedstat", pid);
	ns = pid > 0 ? get_at(AT_FDCWD, path) : -1;
	return ns < 0 ? -1 : ns;
}
