/* SPDX-License-Identifier: MIT */
/* Work in a process of its own, so that whoever has it done goes on meanwhile. */
#ifndef VMSYNC_FREEZE_JOB_H
#define VMSYNC_FREEZE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * struct freeze_job - one
 * @pid:	0: there is none
 * @pipe:	readable when it said something or ended, -1: there is none
 * @said, @n:	what it said so far, as much of it as there is room for; a text
 * @status:	once it has ended, its exit status; 255: it was killed
 */
struct freeze_job {
	pid_t pid;
	int pipe;
	char said[65536];
	size_t n;
	int status;
};

/** freeze_job_init() - there is none */
void freeze_job_init(struct freeze_job *job);

/**
 * freeze_job_start() - have @work done
 * @work:	its standard output and error are @said; returns its exit status
 * Return: 0 or a negative errno.
 */
int freeze_job_start(struct freeze_job *job, int (*work)(void *ctx), void *ctx);

/** freeze_job_hear() - read what it said; true: it has ended */
bool freeze_job_hear(struct freeze_job *job);

/** freeze_job_kill() - end it, and wait for that */
void freeze_job_kill(struct freeze_job *job);

#endif /* VMSYNC_FREEZE_JOB_H */
