// SPDX-License-Identifier: MIT
#include <errno.h>

#include "export/words.h"

#define SLOTS 64   /* at first */
#define ROOM  1024 /* bytes, at first */

bool words_new(struct words *w)
{
	*w = (struct words){ .n_slots = SLOTS };
	w->slots = calloc(SLOTS, sizeof(*w->slots));
	return out_new(&w->bytes, ROOM, -1) && w->slots;
}

void words_free(struct words *w)
{
	out_free(&w->bytes);
	vmsync_array_free(&w->ends);
	free(w->slots);
}

size_t words_at(const struct words *w, uint32_t number, const char **s)
{
	size_t from = number ? w->ends.at[number - 1] : 0;

	*s = w->bytes.start + from;
	return w->ends.at[number] - from;
}

static bool is_at(const struct words *w, uint32_t number, const void *s,
		  size_t n)
{
	const char *t;

	return words_at(w, number, &t) == n && !memcmp(s, t, n);
}

/* FNV-1a, whose high bits are the better ones. */
static size_t hash(const void *s, size_t n)
{
	const unsigned char *p = s;
	uint64_t h = 0xcbf29ce484222325;

	while (n--)
		h = (h ^ *p++) * 0x100000001b3;
	return (size_t)(h ^ h >> 32);
}

/* Where it is, or where it is to be. */
static uint32_t *slot_of(const struct words *w, const void *s, size_t n)
{
	size_t i = hash(s, n) & (w->n_slots - 1);

	while (w->slots[i] && !is_at(w, w->slots[i] - 1, s, n))
		i = (i + 1) & (w->n_slots - 1);
	return &w->slots[i];
}

static bool grow(struct words *w)
{
	uint32_t *slots = calloc(2 * w->n_slots, sizeof(*slots)), i;

	if (!slots)
		return false;
	free(w->slots);
	w->slots = slots;
	w->n_slots *= 2;
	for (i = 0; i < w->ends.count; i++) {
		const char *s;
		size_t n = words_at(w, i, &s);

		*slot_of(w, s, n) = i + 1;
	}
	return true;
}

static int add(struct words *w, const void *s, size_t n, uint32_t *slot)
{
	size_t *end = vmsync_array_add(&w->ends);

	if (!end)
		return -ENOMEM;
	out_put(&w->bytes, s, n);
	*end = (size_t)(w->bytes.p - w->bytes.start);
	*slot = (uint32_t)w->ends.count;
	if (w->bytes.error || (2 * w->ends.count > w->n_slots && !grow(w)))
		return -ENOMEM;
	return 0;
}

int words_number(struct words *w, const void *s, size_t n, uint32_t *number)
{
	uint32_t *slot;
	int ret = 0;

	/* Mostly it is the same as before. */
	if (w->ends.count && is_at(w, w->last, s, n)) {
		*number = w->last;
		return 0;
	}
	slot = slot_of(w, s, n);
	*number = *slot ? *slot - 1 : (uint32_t)w->ends.count;
	if (!*slot)
		ret = add(w, s, n, slot);
	w->last = *number;
	return ret;
}

void words_clear(struct words *w)
{
	memset(w->slots, 0, w->n_slots * sizeof(*w->slots));
	w->bytes.p = w->bytes.start;
	w->ends.count = 0;
	w->last = 0;
}
