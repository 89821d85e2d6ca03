// SPDX-License-Identifier: MIT
#include <inttypes.h>

#include "base/json_string.h"
#include "memory/working_set.h"

static void number(FILE *f, const char *key, uint64_t value)
{
	fprintf(f, "\"%s\": %" PRIu64 ",\n", key, value);
}

static void looks(FILE *f, const struct memory_result *r)
{
	int i;

	fputs("\"guest_looks\": [", f);
	for (i = 0; i < r->looks; i++)
		fprintf(f, "%s{\"begin_ns\": %" PRId64 ", \"end_ns\": %" PRId64
			", \"free_pages\": %" PRIu64 ", \"not_its_own_pages\": %" PRIu64
			"}", i ? ", " : "", r->look[i].begin_ns, r->look[i].end_ns,
			memory_pages_count(&r->look[i].free), r->look[i].strange);
	fprintf(f, "],\n\"host_look\": {\"begin_ns\": %" PRId64 ", \"end_ns\": %" PRId64
		"},\n", r->held.begin_ns, r->held.end_ns);
}

static void slots(FILE *f, const struct memory_result *r)
{
	size_t i;

	fputs("\"slots\": [", f);
	for (i = 0; i < r->slots.n; i++) {
		const struct memory_slot *s = &r->slots.slot[i];

		fprintf(f, "%s{\"first\": %" PRIu64 ", \"pages\": %" PRIu64 ", \"name\": ",
			i ? ", " : "", s->page, s->pages);
		vmsync_json_string(f, s->name);
		fputc('}', f);
	}
	fputs("],\n", f);
}

static void zones(FILE *f, const struct memory_result *r)
{
	size_t i;

	fputs("\"zones\": [", f);
	for (i = 0; i < MEMORY_ZONES; i++)
		fprintf(f, "%s{\"name\": \"%s\", \"free_pages\": %" PRIu64
			", \"held_pages\": %" PRIu64 ", \"reclaimable_pages\": %" PRIu64
			"}", i ? ", " : "", r->zones[i].name, r->zones[i].free,
			r->zones[i].held, r->zones[i].reclaimable);
	fputs("],\n\"reclaimable_blocks_by_order\": [", f);
	for (i = 0; i < MEMORY_ORDERS; i++)
		fprintf(f, "%s%" PRIu64, i ? ", " : "", r->orders[i]);
	fputs("],\n", f);
}

static void ranges(FILE *f, const struct memory_result *r)
{
	uint64_t at = 0, n;
	bool first = true;

	fputs("\"reclaimable_ranges\": [", f);
	for (; (n = memory_pages_next(&r->reclaimable, &at)); at += n) {
		fprintf(f, "%s[%" PRIu64 ", %" PRIu64 "]", first ? "" : ", ", at, n);
		first = false;
	}
	fputs("],\n", f);
}

static void hints(FILE *f, const struct memory_hint *all, size_t n)
{
	size_t i;

	fputs("\"hints\": [", f);
	for (i = 0; i < n; i++) {
		fprintf(f, "%s{\"kind\": \"%s\", \"bytes\": %" PRIu64 ", \"command\": ",
			i ? ", " : "", all[i].kind, all[i].bytes);
		vmsync_json_string(f, all[i].command);
		fputc('}', f);
	}
	fputs("],\n", f);
}

static void balloon(FILE *f, const struct memory_balloon *b)
{
	if (!b->there) {
		fputs("\"balloon\": null\n", f);
		return;
	}
	fprintf(f, "\"balloon\": {\"actual_bytes\": %" PRIu64
		", \"free_page_reporting\": %s, \"told_s\": ", b->actual,
		b->reports ? "true" : "false");
	if (!b->told_s)
		fputs("null}\n", f);
	else
		fprintf(f, "%" PRIu64 ", \"free_bytes\": %" PRIu64
			", \"available_bytes\": %" PRIu64 ", \"total_bytes\": %" PRIu64
			"}\n", b->told_s, b->free, b->available, b->total);
}

/* Names are as vmsyncd gives them, who writes JSON too. */
static void who(FILE *f, const struct memory_result *r)
{
	fprintf(f, "{\n\"schema\": %d,\n\"name\": \"%s\",\n\"uuid\": \"%s\",\n"
		"\"pid\": %d,\n", MEMORY_SCHEMA, r->source->name, r->source->uuid, r->pid);
	number(f, "page_bytes", MEMORY_PAGE);
	number(f, "pages", r->total);
	number(f, "held_pages", r->n_present);
	number(f, "held_huge_pages", r->held.huge);
}

void memory_json(FILE *f, const struct memory_result *r, bool all)
{
	struct memory_hint hint[MEMORY_HINTS];

	who(f, r);
	number(f, "held_hugetlb_pages", r->held.hugetlb);
	number(f, "held_shared_pages", r->held.shared);
	number(f, "swapped_pages", memory_pages_count(&r->held.swapped));
	number(f, "merged_pages", memory_pages_count(&r->held.merged));
	number(f, "zero_pages", r->held.zero);
	number(f, "free_pages", r->n_free);
	number(f, "reclaimable_pages", r->n_reclaimable);
	number(f, "reclaimable_bytes", r->n_reclaimable * MEMORY_PAGE);
	number(f, "reclaimable_reported_bytes", memory_reported(r) * MEMORY_PAGE);
	if (r->looks < 2)
		fputs("\"changed_pages\": null,\n", f);
	else
		number(f, "changed_pages", r->n_changed);
	number(f, "free_swapped_pages", r->n_swapped);
	number(f, "free_merged_pages", r->n_merged);
	looks(f, r);
	slots(f, r);
	zones(f, r);
	if (all)
		ranges(f, r);
	hints(f, hint, memory_hints(r, hint));
	balloon(f, &r->balloon);
	fputc('}', f);
}

void memory_working_set_json(FILE *f, const struct memory_working_set *set)
{
	struct memory_hint hint;

	who(f, &set->look);
	number(f, "begin_ns", (uint64_t)set->begin_ns);
	number(f, "end_ns", (uint64_t)set->end_ns);
	number(f, "watched_ns", (uint64_t)set->watched_ns);
	number(f, "watched_pages", set->parts.n);
	number(f, "working_set_bytes", set->touched.bytes);
	number(f, "working_set_least_bytes", set->touched.least);
	number(f, "working_set_most_bytes", set->touched.most);
	if (set->cpu_ns < 0)
		fputs("\"kdamond_cpu_ns\": null,\n", f);
	else
		number(f, "kdamond_cpu_ns", (uint64_t)set->cpu_ns);
	hints(f, &hint, memory_working_set_hint(set, &hint));
	balloon(f, &set->look.balloon);
	fputc('}', f);
}
