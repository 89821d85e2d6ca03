/* SPDX-License-Identifier: MIT */
/* Other programs (lttng, virsh), run to their end without a word on our own output. */
#ifndef VMSYNC_BASE_RUN_H
#define VMSYNC_BASE_RUN_H

#include <stddef.h>
#include <sys/types.h>

/* Arguments that a caller makes room for, with the NULL behind them. */
#define VMSYNC_RUN_ARGS 24

/**
 * vmsync_run() - run a program, apart from our terminal's signals
 * @argv:	ends with NULL
 * @home:	LTTNG_HOME for it, or NULL: as it is
 * @said:	filled in with what it said last, if anything, without "Error: "
 * Return: its exit status, 127 where it is not there, 128 and its signal.
 */
int vmsync_run(const char *const argv[], const char *home, char *said,
	       size_t size);

/** vmsync_run_into() - the same, its output into the descriptor @out; -1: nowhere */
int vmsync_run_into(const char *const argv[], const char *home, int out,
		    char *said, size_t size);

/** vmsync_spawn_prepare() - in a child: signals as a program expects them */
void vmsync_spawn_prepare(void);

#endif /* VMSYNC_BASE_RUN_H */
