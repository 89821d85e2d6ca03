/* SPDX-License-Identifier: MIT */
/*
 * How long things took: count, sum, longest, and percentiles from buckets of
 * which each is at most 1/16 of its lower end wide. 4 KiB at most, however
 * many, and less for short ones.
 */
#ifndef VMSYNC_ANALYSIS_HIST_H
#define VMSYNC_ANALYSIS_HIST_H

#include <stdint.h>

/**
 * struct analysis_hist - all 0 is empty
 * @buckets:	[@n_buckets] owned; those that are not there are empty
 */
struct analysis_hist {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t max_ns;
	uint32_t *buckets;
	uint32_t n_buckets;
};

/** analysis_hist_add() - one more; 0 or -ENOMEM */
int analysis_hist_add(struct analysis_hist *h, uint64_t ns);

/**
 * analysis_hist_percentile() - at least @percent of all took no longer, ns
 *
 * By at most 1/16 too long, never too short and never above the longest; 0
 * where there is nothing.
 */
uint64_t analysis_hist_percentile(const struct analysis_hist *h,
				  unsigned int percent);

void analysis_hist_free(struct analysis_hist *h);

#endif /* VMSYNC_ANALYSIS_HIST_H */
