/* SPDX-License-Identifier: MIT */
/*
 * Arrays that grow: a pointer, a count and a capacity, of any element type.
 */
#ifndef VMSYNC_SYNC_BASE_ARRAY_H
#define VMSYNC_SYNC_BASE_ARRAY_H

#include <stdint.h>
#include <stdlib.h>

#define VMSYNC_ARRAY(type) struct { \
	type *at; \
	size_t count; \
	size_t capacity; \
}

static inline void *vmsync_array_grow(void *at, size_t *capacity, size_t size)
{
	size_t next = *capacity ? 2 * *capacity : 8;
	void *p = next > SIZE_MAX / size ? NULL : realloc(at, next * size);

	if (p)
		*capacity = next;
	return p;
}

/**
 * vmsync_array_add - a pointer to one more element, not initialised
 * NULL if out of memory. May move the others.
 */
#define vmsync_array_add(a) ({ \
	void *p_ = (a)->at; \
	if ((a)->count == (a)->capacity) { \
		p_ = vmsync_array_grow((a)->at, &(a)->capacity, \
				       sizeof(*(a)->at)); \
		if (p_) \
			(a)->at = p_; \
	} \
	(__typeof__((a)->at))(p_ ? &(a)->at[(a)->count++] : NULL); \
})

#define vmsync_array_last(a) ((a)->count ? &(a)->at[(a)->count - 1] : NULL)

#define vmsync_array_free(a) do { \
	free((a)->at); \
	(a)->at = NULL; \
	(a)->count = (a)->capacity = 0; \
} while (0)

#endif /* VMSYNC_SYNC_BASE_ARRAY_H */
