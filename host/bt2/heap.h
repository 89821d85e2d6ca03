/* SPDX-License-Identifier: MIT */
/* Messages waiting for their time. */
#ifndef VMSYNC_BT2_HEAP_H
#define VMSYNC_BT2_HEAP_H

#include <babeltrace2/babeltrace.h>

struct waiting {
	int64_t ns;		/* ns from the origin, mapped */
	uint64_t order;		/* among messages of the same time */
	const bt_message *msg;	/* owned */
};

struct heap {
	struct waiting *v;
	size_t n, cap;
	uint64_t order;
};

/* Takes @msg over, also where it fails (-ENOMEM). */
int heap_push(struct heap *h, int64_t ns, const bt_message *msg);
/* Gives the first one away; the heap must not be empty. */
const bt_message *heap_pop(struct heap *h);
void heap_free(struct heap *h);

#endif /* VMSYNC_BT2_HEAP_H */
