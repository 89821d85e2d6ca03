/* SPDX-License-Identifier: MIT */
/* What tools/vmsync-counters wrote: the kernel's counters over some time. */
#ifndef VMSYNC_ANALYSIS_COUNTERS_H
#define VMSYNC_ANALYSIS_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sync/base/array.h"

/** enum analysis_task_counter - of a thread, in the order of the file */
enum analysis_task_counter {
	ANALYSIS_RUN_NS,
	ANALYSIS_DELAY_NS,
	ANALYSIS_SWITCHED_IN,
	ANALYSIS_VOLUNTARY,
	ANALYSIS_INVOLUNTARY,
	ANALYSIS_TASK_COUNTERS,
};

/** struct analysis_task_counters - of one thread */
struct analysis_task_counters {
	int32_t pid;
	int32_t tid;
	uint64_t value[ANALYSIS_TASK_COUNTERS];
};

/** struct analysis_kvm_counter - of a process, sum of its VMs */
struct analysis_kvm_counter {
	int32_t pid;
	char name[48];
	uint64_t value;
};

/** struct analysis_snapshot - taken at @ns, CLOCK_MONOTONIC; 0: not known */
struct analysis_snapshot {
	int64_t ns;
	VMSYNC_ARRAY(struct analysis_task_counters) tasks;
	VMSYNC_ARRAY(struct analysis_kvm_counter) kvm;
};

/** struct analysis_counters - the first snapshot of a file, and the last one */
struct analysis_counters {
	struct analysis_snapshot before;
	struct analysis_snapshot after;
};

/**
 * analysis_counters_read() - read a file
 * @c:		to be freed with analysis_counters_free(), after an error too
 * @why:	[@size] what is wrong with it
 * Return: 0, -EINVAL or -ENOMEM.
 */
int analysis_counters_read(FILE *f, struct analysis_counters *c, char *why,
			   size_t size);

/** analysis_counters_free() - free what it owns */
void analysis_counters_free(struct analysis_counters *c);

/** analysis_counters_task() - how much more it is; false: not in both */
bool analysis_counters_task(const struct analysis_counters *c, int32_t tid,
			    struct analysis_task_counters *more);

/** analysis_counters_kvm() - the same of a process's VMs */
bool analysis_counters_kvm(const struct analysis_counters *c, int32_t pid,
			   const char *name, uint64_t *more);

#endif /* VMSYNC_ANALYSIS_COUNTERS_H */
