// SPDX-License-Identifier: MIT
#include "top/rates.h"

#include <errno.h>
#include <string.h>

const char *top_sort_name(enum top_sort s)
{
	static const char *const names[TOP_SORTS] = {
		"denied", "wanted", "got", "exits", "name",
	};

	return names[s];
}

void top_rates_free(struct top_rates *r)
{
	vmsync_array_free(&r->vms);
	vmsync_array_free(&r->culprits);
	vmsync_array_free(&r->exits);
	r->elapsed_ns = 0;
}

static const struct top_vm *find(const struct top_snapshot *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->vms.count; i++) {
		if (!strcmp(s->vms.at[i].name, name))
			return &s->vms.at[i];
	}
	return NULL;
}

static int64_t part_of(const struct top_parts *parts, const char *name)
{
	size_t i;

	for (i = 0; parts && i < parts->count; i++) {
		if (!strcmp(parts->at[i].name, name))
			return parts->at[i].n;
	}
	return 0;
}

/* All parts that have become more, and by how much in all; or -ENOMEM. */
static int64_t items_add(struct top_items *items, const char *vm,
			 const struct top_parts *before,
			 const struct top_parts *now)
{
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < now->count; i++) {
		int64_t n = now->at[i].n - part_of(before, now->at[i].name);
		struct top_item *item = n > 0 ? vmsync_array_add(items) : NULL;

		if (n <= 0)
			continue;
		if (!item)
			return -ENOMEM;
		*item = (struct top_item){ vm, now->at[i].name, n };
		sum += n;
	}
	return sum;
}

static int vm_add(struct top_rates *r, const struct top_vm *before,
		  const struct top_vm *now)
{
	struct top_row *row = vmsync_array_add(&r->vms);
	int64_t ns[ANALYSIS_STATES];
	int64_t n;
	int i;

	if (!row)
		return -ENOMEM;
	for (i = 0; i < ANALYSIS_STATES; i++)
		ns[i] = now->ns[i] - (before ? before->ns[i] : 0);
	row->name = now->name;
	row->ns = analysis_figures_of(ns);
	row->exits = items_add(&r->exits, now->name,
			       before ? &before->exits : NULL, &now->exits);
	n = items_add(&r->culprits, now->name, before ? &before->by : NULL,
		      &now->by);
	return n < 0 || row->exits < 0 ? -ENOMEM : 0;
}

static int more_first(int64_t a, int64_t b)
{
	return (a < b) - (a > b);
}

static int by_key(const void *a, const void *b, void *ctx)
{
	const struct top_row *x = a, *y = b;
	int order = 0;

	switch (*(const enum top_sort *)ctx) {
	case TOP_BY_DENIED:
		order = more_first(x->ns.denied, y->ns.denied);
		break;
	case TOP_BY_WANTED:
		order = more_first(x->ns.wanted, y->ns.wanted);
		break;
	case TOP_BY_GOT:
		order = more_first(x->ns.got, y->ns.got);
		break;
	case TOP_BY_EXITS:
		order = more_first(x->exits, y->exits);
		break;
	default:
		break;
	}
	return order ? order : strcmp(x->name, y->name);
}

static int by_number(const void *a, const void *b)
{
	const struct top_item *x = a, *y = b;
	int order = more_first(x->n, y->n);

	if (!order)
		order = strcmp(x->vm, y->vm);
	return order ? order : strcmp(x->name, y->name);
}

static void items_sort(struct top_items *items)
{
	if (items->count)
		qsort(items->at, items->count, sizeof(*items->at), by_number);
}

int top_rates_find(struct top_rates *r, const struct top_snapshot *before,
		   const struct top_snapshot *now, enum top_sort sort)
{
	size_t i;
	int ret = 0;

	if (!before->analysed_ns || now->analysed_ns <= before->analysed_ns)
		return 0;
	r->elapsed_ns = now->analysed_ns - before->analysed_ns;
	for (i = 0; !ret && i < now->vms.count; i++)
		ret = vm_add(r, find(before, now->vms.at[i].name),
			     &now->vms.at[i]);
	if (r->vms.count)
		qsort_r(r->vms.at, r->vms.count, sizeof(*r->vms.at), by_key,
			&sort);
	items_sort(&r->culprits);
	items_sort(&r->exits);
	return ret;
}
