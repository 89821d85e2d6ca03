// SPDX-License-Identifier: MIT
/* Memory that is given back all at once. */
#include <stdlib.h>

#include "ctf/internal.h"

/*
 * Bytes got from the system at a time: as many as there are already, within
 * these. A chunk of a session that has its metadata from another one needs few.
 */
#define CHUNK_LEAST	1024
#define CHUNK_MOST	65536
#define ARENA_MAX	(1ull << 30)

struct chunk {
	struct chunk *next;
	size_t pad;		/* keeps what follows aligned to 16 bytes */
	unsigned char mem[];
};

/* Zeroed memory, or NULL. */
void *arena_get(struct arena *a, size_t size)
{
	struct chunk *c;
	size_t room;
	void *p;

	if (size > ARENA_MAX || a->total > ARENA_MAX)
		return NULL;
	size = align_up(size ? size : 1, 16);
	if (!a->head || a->size - a->used < size) {
		room = a->total < CHUNK_LEAST ? CHUNK_LEAST :
		       a->total > CHUNK_MOST ? CHUNK_MOST : a->total;
		if (room < size)
			room = size;
		c = calloc(1, sizeof(*c) + room);
		if (!c)
			return NULL;
		c->next = a->head;
		a->head = c;
		a->size = room;
		a->used = 0;
	}
	a->total += size;
	p = a->head->mem + a->used;
	a->used += size;
	return p;
}

char *arena_text(struct arena *a, const char *s, size_t len)
{
	char *p = arena_get(a, len + 1);

	if (p)
		memcpy(p, s, len);
	return p;
}

void arena_free(struct arena *a)
{
	struct chunk *c, *next;

	for (c = a->head; c; c = next) {
		next = c->next;
		free(c);
	}
	a->head = NULL;
}

/* Makes room for @need elements of @size bytes in the vector at *@v. */
int vec_grow(void *v, size_t *cap, size_t need, size_t size)
{
	void **p = v;
	size_t n = *cap;
	void *q;

	if (need <= n)
		return 0;
	n = n < 8 ? 8 : n * 2;
	if (n < need)
		n = need;
	q = reallocarray(*p, n, size);
	if (!q)
		return -ENOMEM;
	*p = q;
	*cap = n;
	return 0;
}
