// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "bt2/heap.h"

static bool before(const struct waiting *a, const struct waiting *b)
{
	return a->ns != b->ns ? a->ns < b->ns : a->order < b->order;
}

int heap_push(struct heap *h, int64_t ns, const bt_message *msg)
{
	struct waiting w = { ns, h->order++, msg };
	size_t i, cap = h->cap ? h->cap * 2 : 256;

	if (h->n == h->cap) {
		struct waiting *v = reallocarray(h->v, cap, sizeof(*v));

		if (!v) {
			bt_message_put_ref(msg);
			return -ENOMEM;
		}
		h->v = v;
		h->cap = cap;
	}
	for (i = h->n++; i && before(&w, &h->v[(i - 1) / 2]); i = (i - 1) / 2)
		h->v[i] = h->v[(i - 1) / 2];
	h->v[i] = w;
	return 0;
}

const bt_message *heap_pop(struct heap *h)
{
	const bt_message *first = h->v[0].msg;
	struct waiting w = h->v[--h->n];
	size_t i = 0, k;

	while ((k = 2 * i + 1) < h->n) {
		if (k + 1 < h->n && before(&h->v[k + 1], &h->v[k]))
			k++;
		if (!before(&h->v[k], &w))
			break;
		h->v[i] = h->v[k];
		i = k;
	}
	h->v[i] = w;
	return first;
}

void heap_free(struct heap *h)
{
	while (h->n)
		bt_message_put_ref(h->v[--h->n].msg);
	free(h->v);
}
