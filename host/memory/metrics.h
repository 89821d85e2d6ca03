/* SPDX-License-Identifier: MIT */
/* What was found of guests, as time series, for who watches them over time. */
#ifndef VMSYNC_MEMORY_METRICS_H
#define VMSYNC_MEMORY_METRICS_H

#include "memory/working_set.h"
#include "sync/base/array.h"

#define MEMORY_SERIES 12

/** struct memory_row - a guest; @uuid: as libvirt has it, or "" */
struct memory_row {
	char *domain;
	char uuid[64];
	int32_t pid;
	uint64_t bytes[MEMORY_SERIES];
};

/**
 * struct memory_metrics - all 0 is none
 * @working_sets: they are of these, all of them watched for @watched_ns
 */
struct memory_metrics {
	VMSYNC_ARRAY(struct memory_row) rows;
	bool working_sets;
	uint64_t watched_ns;
};

/** memory_metrics_add() - one more guest; 0 or -ENOMEM */
int memory_metrics_add(struct memory_metrics *m, const struct memory_result *r);

/** memory_metrics_add_working_set() - the same of a working set, and of these only */
int memory_metrics_add_working_set(struct memory_metrics *m,
				   const struct memory_working_set *set);

/** memory_metrics_check() - may @path be written? 0 or a negative errno */
int memory_metrics_check(const char *path, struct ctf_error *e);

/** memory_metrics_write() - for Prometheus; whole or not at all */
int memory_metrics_write(const char *path, struct memory_metrics *m,
			 struct ctf_error *e);

/** memory_metrics_free() - all 0 is fine */
void memory_metrics_free(struct memory_metrics *m);

#endif /* VMSYNC_MEMORY_METRICS_H */
