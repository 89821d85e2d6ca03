/* SPDX-License-Identifier: MIT */
/* The metrics as a line of JSON each time, for programs that look on. */
#ifndef VMSYNC_LIVE_LINES_H
#define VMSYNC_LIVE_LINES_H

#include "live/metrics.h"

/**
 * live_lines_write() - one more line, of all that live_metrics_write() would write
 * Whatever has a name there has it here. Return: 0 or a negative errno.
 */
int live_lines_write(FILE *f, struct live_member *m, size_t n,
		     const struct live_more *more, struct ctf_error *e);

#endif /* VMSYNC_LIVE_LINES_H */
