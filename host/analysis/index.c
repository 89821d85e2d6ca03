// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "analysis/index.h"

static int grow(struct analysis_index *ix)
{
	struct analysis_index more = {
		.n_slots = ix->n_slots ? 2 * ix->n_slots : 64,
		.count = ix->count,
	};
	uint32_t i;

	more.slots =
		more.n_slots ? calloc(more.n_slots, sizeof(*more.slots)) : NULL;
	if (!more.slots)
		return -1;
	for (i = 0; i < ix->n_slots; i++) {
		const struct analysis_index_slot *s = &ix->slots[i];

		if (s->number)
			*analysis_index_slot(&more, s->key) = *s;
	}
	free(ix->slots);
	*ix = more;
	return 0;
}

uint32_t analysis_index_add(struct analysis_index *ix, uint64_t key)
{
	struct analysis_index_slot *s;

	/* A quarter full at most: nearly always one step. */
	if (4 * (uint64_t)ix->count >= ix->n_slots && grow(ix))
		return ANALYSIS_NONE;
	s = analysis_index_slot(ix, key);
	s->key = key;
	s->number = ++ix->count;
	return ix->count - 1;
}

void analysis_index_free(struct analysis_index *ix)
{
	free(ix->slots);
	*ix = (struct analysis_index){0};
}
