/* SPDX-License-Identifier: MIT */
/* From numbers of 64 bits to small ones that count from 0: a hash table. */
#ifndef VMSYNC_ANALYSIS_INDEX_H
#define VMSYNC_ANALYSIS_INDEX_H

#include <stdint.h>

#define ANALYSIS_NONE UINT32_MAX

/** struct analysis_index - all 0 is empty */
struct analysis_index {
	struct analysis_index_slot *slots;
	uint32_t n_slots;
	uint32_t count;
};

/** analysis_index_find() - the number of @key, or ANALYSIS_NONE */
uint32_t analysis_index_find(const struct analysis_index *ix, uint64_t key);

/**
 * analysis_index_put() - the number of @key, which is the next one if it is new
 * Return: ANALYSIS_NONE if out of memory.
 */
uint32_t analysis_index_put(struct analysis_index *ix, uint64_t key);

void analysis_index_free(struct analysis_index *ix);

#endif /* VMSYNC_ANALYSIS_INDEX_H */
