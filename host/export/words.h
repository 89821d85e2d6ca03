/* SPDX-License-Identifier: MIT */
/* A dictionary: each value that comes has a number, from 0 on. */
#ifndef VMSYNC_EXPORT_WORDS_H
#define VMSYNC_EXPORT_WORDS_H

#include <stdint.h>

#include "export/out.h"
#include "sync/base/array.h"

/**
 * struct words - see above
 * @bytes:	of the values, one behind the other
 * @ends:	[@ends.count] where each ends there
 * @slots:	[@n_slots] a hash table, half empty at least: numbers plus 1, 0:
 * free
 * @last:	number of the last one that was asked for
 */
struct words {
	struct out bytes;
	VMSYNC_ARRAY(size_t) ends;
	uint32_t *slots;
	size_t n_slots;
	uint32_t last;
};

/** words_new() - an empty one; false where memory is out */
bool words_new(struct words *w);

/** words_free() - also after a failed words_new() */
void words_free(struct words *w);

/**
 * words_number() - the number of a value, the next one if it is new
 * @s:		[@n] bytes
 * Return: 0 or -ENOMEM.
 */
int words_number(struct words *w, const void *s, size_t n, uint32_t *number);

/** words_at() - the value of a number; Return: its length */
size_t words_at(const struct words *w, uint32_t number, const char **s);

/** words_clear() - it is empty again */
void words_clear(struct words *w);

#endif /* VMSYNC_EXPORT_WORDS_H */
