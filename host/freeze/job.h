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
 * @said, @n:	what it said so far, a text; until the next one, or freeze_job_free()
 * @room:	bytes that @said may have before it has to grow
 * @status:	once it has ended, its exit status; 255: it was killed, or there was no
 *		memory for what it said
 */
struct freeze_job {
	pid_t pid;
	int pipe;
	char *said;
	size_t n;
	size_t room;
	int status;
};

/** freeze_job_init() - there is none; 0 or -ENOMEM */
int freeze_job_init(struct freeze_job *job);

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

/** freeze_job_free() - what it owns */
void freeze_job_free(struct freeze_job *job);

#endif /* VMSYNC_FREEZE_JOB_H */
