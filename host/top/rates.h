/* SPDX-License-Identifier: MIT */
/* What happened between two snapshots, in the order in which it is shown. */
#ifndef VMSYNC_TOP_RATES_H
#define VMSYNC_TOP_RATES_H

#include "analysis/totals.h"
#include "top/snapshot.h"

/** enum top_sort - what VMs are sorted by: the most first, names from a on */
enum top_sort {
	TOP_BY_DENIED,
	TOP_BY_WANTED,
	TOP_BY_GOT,
	TOP_BY_EXITS,
	TOP_BY_NAME,
	TOP_SORTS,
};

/** top_sort_name() - "denied" */
const char *top_sort_name(enum top_sort s);

/** struct top_row - of a VM; @name is the later snapshot's */
struct top_row {
	const char *name;
	struct analysis_figures ns;
	int64_t exits;
};

/** struct top_item - a part of one VM's; names are the later snapshot's */
struct top_item {
	const char *vm;
	const char *name;
	int64_t n;
};

/** struct top_items - an array of array.h */
struct top_items {
	struct top_item *at;
	size_t count;
	size_t capacity;
};

/**
 * struct top_rates - all 0 is empty
 * @elapsed_ns:	of the host's time; 0: nothing is known
 * @culprits, @exits: of all VMs, the most first, and what was
 */
struct top_rates {
	int64_t elapsed_ns;
	VMSYNC_ARRAY(struct top_row) vms;
	struct top_items culprits;
	struct top_items exits;
};

/**
 * top_rates_find() - into @r, which is empty
 * @now:	must outlive @r
 * Where the host's session has begun anew between the two nothing is known. Return: 0
 * or -ENOMEM.
 */
int top_rates_find(struct top_rates *r, const struct top_snapshot *before,
		   const struct top_snapshot *now, enum top_sort sort);

/** top_rates_free() - it is empty then */
void top_rates_free(struct top_rates *r);

#endif /* VMSYNC_TOP_RATES_H */
