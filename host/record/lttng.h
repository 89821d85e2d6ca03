/* SPDX-License-Identifier: MIT */
/* The lttng command, run to its end without a word of it on our own output. */
#ifndef VMSYNC_RECORD_LTTNG_H
#define VMSYNC_RECORD_LTTNG_H

#include <stddef.h>
#include <sys/types.h>

#define VMSYNC_LTTNG_ARGS 24

/**
 * vmsync_run() - run a program, apart from our terminal's signals
 * @argv:	ends with NULL
 * @home:	LTTNG_HOME for it, or NULL: as it is
 * @said:	filled in with what it said last, if anything, without "Error: "
 * Return: its exit status, 127 where it is not there, 128 and its signal.
 */
int vmsync_run(const char *const argv[], const char *home, char *said,
	       size_t size);

/** vmsync_spawn_prepare() - in a child: signals as a program expects them */
void vmsync_spawn_prepare(void);

#endif /* VMSYNC_RECORD_LTTNG_H */
