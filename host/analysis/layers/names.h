/* SPDX-License-Identifier: MIT */
/*
 * Names of states and places, as numbers. A trace may hold any number of them;
 * so many are told apart, all that come later are one.
 */
#ifndef VMSYNC_LAYERS_NAMES_H
#define VMSYNC_LAYERS_NAMES_H

#include <stdint.h>

#include "sync/base/array.h"

#define LAYERS_MAX_NAMES 16384u
#define LAYERS_NO_NAME	 0u /* "" */
#define LAYERS_OTHERS	 1u /* "(others)" */

/** struct layers_names - all 0 is not there yet */
struct layers_names {
	VMSYNC_ARRAY(char *) text;
	uint32_t *slots;     /* numbers, 0: free */
	uint64_t overflowed; /* how often a name was one too many */
};

/** layers_names_init() - 0 or -ENOMEM; layers_names_free() either way */
int layers_names_init(struct layers_names *n);
void layers_names_free(struct layers_names *n);

/** layers_name() - the number of a name; LAYERS_OTHERS where memory is out, too
 */
uint32_t layers_name(struct layers_names *n, const char *s, uint32_t len);

/** layers_name_text() - the name of a number */
static inline const char *layers_name_text(const struct layers_names *n,
					   uint32_t name)
{
	return n->text.at[name];
}

/**
 * layers_hash() - of bytes
 * Differs from run to run: who makes a trace cannot have all its names in one
 * place.
 */
uint64_t layers_hash(const char *s, uint32_t len);

#endif /* VMSYNC_LAYERS_NAMES_H */
