// SPDX-License-Identifier: MIT
#include "base/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_THERE 127

void vmsync_spawn_prepare(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
}

static void child(const char *const argv[], const char *home, int out, int said)
{
	int null = open("/dev/null", O_RDWR);

	vmsync_spawn_prepare();
	setenv("LC_ALL", "C", 1);
	/* Ctrl-C is for us: a session is not left half made. */
	setpgid(0, 0);
	dup2(null, STDIN_FILENO);
	dup2(out < 0 ? null : out, STDOUT_FILENO);
	dup2(said, STDERR_FILENO);
	if (home)
		setenv("LTTNG_HOME", home, 1);
	execvp(argv[0], (char *const *)argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(NOT_THERE);
}

/* Keep the last line that says something. */
static void last_line(char *text, char *said, size_t size)
{
	char *line = strtok(text, "\n");

	for (; line; line = strtok(NULL, "\n")) {
		if (!strncasecmp(line, "Error: ", 7))
			line += 7;
		if (*line)
			snprintf(said, size, "%s", line);
	}
}

/* So much as is kept; what is beyond is read too, so that nobody waits. */
static void listen_to(int fd, char *said, size_t size)
{
	char text[4096], more[512];
	size_t n = 0;
	ssize_t got;

	for (;;) {
		got = n + 1 < sizeof(text) ?
			      read(fd, text + n, sizeof(text) - 1 - n) :
			      read(fd, more, sizeof(more));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (n + 1 < sizeof(text))
			n += (size_t)got;
	}
	text[n] = 0;
	last_line(text, said, size);
}

int vmsync_run(const char *const argv[], const char *home, char *said,
	       size_t size)
{
	return vmsync_run_into(argv, home, -1, said, size);
}

int vmsync_run_into(const char *const argv[], const char *home, int out,
		    char *said, size_t size)
{
	int ends[2], status;
	pid_t pid;

	said[0] = 0;
	if (pipe2(ends, O_CLOEXEC))
		return NOT_THERE;
	pid = fork();
	if (!pid)
		child(argv, home, out, ends[1]);
	close(ends[1]);
	if (pid > 0)
		listen_to(ends[0], said, size);
	close(ends[0]);
	if (pid < 0)
		return NOT_THERE;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return NOT_THERE;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
