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

/** struct analysis_index_slot - @number is one more than that, 0: free */
struct analysis_index_slot {
	uint64_t key;
	uint32_t number;
};

/** analysis_index_slot() - where @key is or would be; there is a free one */
static inline struct analysis_index_slot *
analysis_index_slot(const struct analysis_index *ix, uint64_t key)
{
	uint32_t mask = ix->n_slots - 1;
	uint32_t i = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32) & mask;

	while (ix->slots[i].number && ix->slots[i].key != key)
		i = (i + 1) & mask;
	return &ix->slots[i];
}

/** analysis_index_find() - the number of @key, or ANALYSIS_NONE */
static inline uint32_t analysis_index_find(const struct analysis_index *ix,
					   uint64_t key)
{
	return ix->n_slots ? analysis_index_slot(ix, key)->number - 1 :
			     ANALYSIS_NONE;
}

/** analysis_index_add() - analysis_index_put() of one that is not there */
uint32_t analysis_index_add(struct analysis_index *ix, uint64_t key);

/**
 * analysis_index_put() - the number of @key, which is the next one if it is new
 * Return: ANALYSIS_NONE if out of memory.
 */
static inline uint32_t analysis_index_put(struct analysis_index *ix,
					  uint64_t key)
{
	uint32_t n = analysis_index_find(ix, key);

	return n != ANALYSIS_NONE ? n : analysis_index_add(ix, key);
}

void analysis_index_free(struct analysis_index *ix);

#endif /* VMSYNC_ANALYSIS_INDEX_H */
