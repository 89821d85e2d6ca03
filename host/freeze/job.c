// SPDX-License-Identifier: MIT
#include "freeze/job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/run.h"

#define FIRST_BYTES 4096

int freeze_job_init(struct freeze_job *job)
{
	*job = (struct freeze_job){ .pipe = -1 };
	job->said = calloc(1, FIRST_BYTES);
	job->room = FIRST_BYTES;
	return job->said ? 0 : -ENOMEM;
}

void freeze_job_free(struct freeze_job *job)
{
	free(job->said);
	job->said = NULL;
}

int freeze_job_start(struct freeze_job *job, int (*work)(void *ctx), void *ctx)
{
	int ends[2];

	job->n = 0;
	job->said[0] = 0;
	job->status = 0;
	fflush(NULL);
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	job->pid = fork();
	if (!job->pid) {
		vmsync_spawn_prepare();
		/* Ctrl-C is for who waits: work is not left half done. */
		setpgid(0, 0);
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		_exit(work(ctx));
	}
	close(ends[1]);
	if (job->pid < 0) {
		int err = errno;

		close(ends[0]);
		job->pid = 0;
		return -err;
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	job->pipe = ends[0];
	return 0;
}

static void reap(struct freeze_job *job)
{
	int status = 0;

	close(job->pipe);
	job->pipe = -1;
	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		;
	job->status = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
	job->pid = 0;
}

/* Room for one byte more, and for the 0 behind it. */
static bool has_room(struct freeze_job *job)
{
	char *more;

	if (job->n + 1 < job->room)
		return true;
	more = realloc(job->said, 2 * job->room);
	if (!more)
		return false;
	job->said = more;
	job->room *= 2;
	return true;
}

bool freeze_job_hear(struct freeze_job *job)
{
	ssize_t n;

	for (;;) {
		if (!has_room(job)) {
			freeze_job_kill(job);
			return true;
		}
		n = read(job->pipe, job->said + job->n, job->room - job->n - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n <= 0)
			break;
		job->n += (size_t)n;
		job->said[job->n] = 0;
	}
	reap(job);
	return true;
}

void freeze_job_kill(struct freeze_job *job)
{
	if (!job->pid)
		return;
	kill(-job->pid, SIGKILL);
	kill(job->pid, SIGKILL);
	reap(job);
}
