/* SPDX-License-Identifier: MIT */
/*
 * How it goes, as a text file of Prometheus (0.0.4), for who watches many machines:
 * node_exporter's textfile collector takes it, and PCP's openmetrics agent.
 */
#ifndef VMSYNC_LIVE_METRICS_H
#define VMSYNC_LIVE_METRICS_H

#include <stdio.h>

#include "live/group.h"

/** live_metrics_check() - may @path be written? 0 or a negative errno */
int live_metrics_check(const char *path, struct ctf_error *e);

/** struct live_more - what else is written; 0 or a negative errno */
struct live_more {
	int (*write)(FILE *f, void *ctx, struct ctf_error *e);
	void *ctx;
};

/** live_metrics_print() - as they are now; 0 or a negative errno */
int live_metrics_print(FILE *f, struct live_member *m, size_t n,
		       const struct live_more *more, struct ctf_error *e);

/**
 * live_metrics_write() - over what was there; it appears whole or not at all
 * @m:		[@n], which may be running
 * @more:	NULL: nothing
 * Return: 0 or a negative errno.
 */
int live_metrics_write(const char *path, struct live_member *m, size_t n,
		       const struct live_more *more, struct ctf_error *e);

#endif /* VMSYNC_LIVE_METRICS_H */
