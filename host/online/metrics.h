/* SPDX-License-Identifier: MIT */
/* What is found while it comes, as series of a text file of Prometheus. */
#ifndef VMSYNC_ONLINE_METRICS_H
#define VMSYNC_ONLINE_METRICS_H

#include <stdio.h>

#include "online/names.h"
#include "online/online.h"

/**
 * online_metrics_write() - all series
 * @names:	of the same @o
 * @vcpus:	each virtual CPU's, and not only each VM's
 * Return: 0 or -ENOMEM.
 */
int online_metrics_write(FILE *f, const struct online *o,
			 struct online_names *names, bool vcpus);

/** online_metrics_guests() - of these, those of the guests' maps */
void online_metrics_guests(FILE *f, const struct online *o);

/** online_metrics_progress() - and those of how far it is */
void online_metrics_progress(FILE *f, const struct online *o);

#endif /* VMSYNC_ONLINE_METRICS_H */
