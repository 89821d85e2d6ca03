// SPDX-License-Identifier: MIT
#include "freeze/job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/run.h"

void freeze_job_init(struct freeze_job *job)
{
	job->pid = 0;
	job->pipe = -1;
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

bool freeze_job_hear(struct freeze_job *job)
{
	char more[512];
	ssize_t n;

	for (;;) {
		size_t room = sizeof(job->said) - 1 - job->n;

		n = read(job->pipe, room ? job->said + job->n : more,
			 room ? room : sizeof(more));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n <= 0)
			break;
		if (room)
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
