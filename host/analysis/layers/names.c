// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "analysis/layers/names.h"

#define N_SLOTS (4 * LAYERS_MAX_NAMES)

static uint64_t mix(uint64_t h)
{
	__uint128_t m = (__uint128_t)h * 0x9e3779b97f4a7c15u;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

uint64_t layers_hash(const char *s, uint32_t len)
{
	static uint64_t seed;
	uint64_t h, v;

	if (!seed && getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = 1;
	h = seed ^ len;
	for (; len >= sizeof(v); s += sizeof(v), len -= sizeof(v)) {
		memcpy(&v, s, sizeof(v));
		h = mix((h ^ v) + seed);
	}
	v = 0;
	memcpy(&v, s, len);
	return mix(mix((h ^ v) + seed) ^ seed);
}

int layers_names_init(struct layers_names *n)
{
	n->slots = calloc(N_SLOTS, sizeof(*n->slots));
	if (!n->slots)
		return -ENOMEM;
	layers_name(n, "", 0);
	layers_name(n, "(others)", 8);
	return n->text.count == 2 ? 0 : -ENOMEM;
}

void layers_names_free(struct layers_names *n)
{
	size_t i;

	for (i = 0; i < n->text.count; i++)
		free(n->text.at[i]);
	vmsync_array_free(&n->text);
	free(n->slots);
	n->slots = NULL;
}

static uint32_t name_add(struct layers_names *n, const char *s, uint32_t len)
{
	char **at = NULL, *copy = strndup(s, len);

	if (copy && n->text.count < LAYERS_MAX_NAMES)
		at = vmsync_array_add(&n->text);
	if (at) {
		*at = copy;
		return (uint32_t)n->text.count;
	}
	free(copy);
	n->overflowed++;
	return 0;
}

uint32_t layers_name(struct layers_names *n, const char *s, uint32_t len)
{
	uint32_t i = (uint32_t)layers_hash(s, len) & (N_SLOTS - 1);

	for (; n->slots[i]; i = (i + 1) & (N_SLOTS - 1)) {
		const char *t = n->text.at[n->slots[i] - 1];

		if (!strncmp(t, s, len) && !t[len])
			return n->slots[i] - 1;
	}
	n->slots[i] = name_add(n, s, len);
	return n->slots[i] ? n->slots[i] - 1 : LAYERS_OTHERS;
}
