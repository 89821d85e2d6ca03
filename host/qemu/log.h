/* SPDX-License-Identifier: MIT */
/* QEMU's log, a line an event: "TID@SECONDS.MICROSECONDS:NAME ARGUMENTS". */
#ifndef VMSYNC_QEMU_LOG_H
#define VMSYNC_QEMU_LOG_H

#include "qemu/events.h"

/* A line that is longer is no event's. */
#define QEMU_MAX_LINE 65536

/**
 * struct qemu_log - what else was in the file
 * @lines:	that are no event's: messages of QEMU
 * @plain:	events' without a time
 * @cut:	the last one has no end, and was left out
 */
struct qemu_log {
	uint64_t lines;
	uint64_t plain;
	bool cut;
};

/**
 * qemu_log_read() - add a file's events
 * @log:	filled in
 * Return: 0 or a negative errno.
 */
int qemu_log_read(const char *path, struct qemu_events *ev,
		  struct qemu_log *log, struct ctf_error *e);

/** qemu_line_read() - a line of at most QEMU_MAX_LINE bytes, the rest passed over
 * @buffer:	QEMU_MAX_LINE bytes; without the newline, and no NUL behind it
 * Return: 1; 0 at the end of the file; -1: the file ends without a newline.
 */
int qemu_line_read(FILE *f, char *buffer, size_t *n);

/** qemu_events_full() - the error of qemu_events_add() */
int qemu_events_full(int ret, const char *path, struct ctf_error *e);

#endif /* VMSYNC_QEMU_LOG_H */
