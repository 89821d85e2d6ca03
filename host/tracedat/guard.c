// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tracedat/tracedat.h"

/* Seconds of a processor: so many, and one more for so many bytes. */
#define LEAST_S	   5
#define BYTES_OF_S 1000000

#define DAMAGED "is it whole? trace-cmd report reads it, too"

int tracedat_fail(struct ctf_error *e, int code, const char *remedy,
		  const char *format, ...)
{
	va_list args;
	char *c;

	va_start(args, format);
	vsnprintf(e->msg, sizeof(e->msg), format, args);
	va_end(args);
	for (c = e->msg; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	snprintf(e->remedy, sizeof(e->remedy), "%s", remedy);
	e->code = code;
	return code;
}

/* A file that leads its reader around in a ring ends here. */
static void limit_time(const char *path)
{
	struct rlimit limit;
	struct stat st;

	if (stat(path, &st))
		return;
	limit.rlim_cur = LEAST_S + (rlim_t)(st.st_size / BYTES_OF_S);
	limit.rlim_max = limit.rlim_cur;
	setrlimit(RLIMIT_CPU, &limit);
}

/* The libraries print what they think of a file; one line is enough. */
static void be_quiet(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		dup2(fd, STDERR_FILENO);
}

static void convert(const char *path, const char *folder, int to)
{
	struct rlimit none = { 0, 0 };
	struct ctf_error e = { 0 };
	sigset_t no;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&no);
	sigprocmask(SIG_SETMASK, &no, NULL);
	setrlimit(RLIMIT_CORE, &none);
	limit_time(path);
	be_quiet();
	e.code = tracedat_write(path, folder, &e);
	if (write(to, &e, sizeof(e)) != (ssize_t)sizeof(e))
		_exit(1);
	_exit(0);
}

/* All of what the child says, or less where it died. */
static size_t hear(int from, struct ctf_error *e)
{
	size_t n = 0;

	while (n < sizeof(*e)) {
		ssize_t got = read(from, (char *)e + n, sizeof(*e) - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return n;
}

int tracedat_convert(const char *path, const char *folder, struct ctf_error *e)
{
	struct ctf_error said;
	int ends[2], status = 0;
	size_t n;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return tracedat_fail(e, -errno, "", "%.400s: %s", path,
				     strerror(errno));
	pid = fork();
	if (!pid)
		convert(path, folder, ends[1]);
	close(ends[1]);
	n = pid > 0 ? hear(ends[0], &said) : 0;
	close(ends[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0)
		return tracedat_fail(e, -EAGAIN, "", "%.400s: no process to "
				     "read it in", path);
	if (n == sizeof(said)) {
		if (said.code)
			*e = said;
		return said.code;
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return tracedat_fail(e, -EINVAL, DAMAGED,
				     "%.400s: libtracecmd does not come to its "
				     "end", path);
	return tracedat_fail(e, -EINVAL, DAMAGED,
			     "%.400s: libtracecmd stumbles over it", path);
}
