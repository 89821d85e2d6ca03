// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "analysis/index.h"

struct analysis_index_slot {
	uint64_t key;
	uint32_t number; /* plus 1; 0: free */
};

static struct analysis_index_slot *slot_of(struct analysis_index_slot *slots,
					   uint32_t n, uint64_t key)
{
	uint32_t i = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32) & (n - 1);

	while (slots[i].number && slots[i].key != key)
		i = (i + 1) & (n - 1);
	return &slots[i];
}

uint32_t analysis_index_find(const struct analysis_index *ix, uint64_t key)
{
	if (!ix->n_slots)
		return ANALYSIS_NONE;
	return slot_of(ix->slots, ix->n_slots, key)->number - 1;
}

static int grow(struct analysis_index *ix)
{
	uint32_t i, n = ix->n_slots ? 2 * ix->n_slots : 64;
	struct analysis_index_slot *slots =
		n ? calloc(n, sizeof(*slots)) : NULL;

	if (!slots)
		return -1;
	for (i = 0; i < ix->n_slots; i++) {
		if (ix->slots[i].number)
			*slot_of(slots, n, ix->slots[i].key) = ix->slots[i];
	}
	free(ix->slots);
	ix->slots = slots;
	ix->n_slots = n;
	return 0;
}

uint32_t analysis_index_put(struct analysis_index *ix, uint64_t key)
{
	struct analysis_index_slot *s;

	/* Half full at most: few steps to a free slot. */
	if (2 * ix->count >= ix->n_slots && grow(ix))
		return ANALYSIS_NONE;
	s = slot_of(ix->slots, ix->n_slots, key);
	if (!s->number) {
		s->key = key;
		s->number = ++ix->count;
	}
	return s->number - 1;
}

void analysis_index_free(struct analysis_index *ix)
{
	free(ix->slots);
	*ix = (struct analysis_index){0};
}
