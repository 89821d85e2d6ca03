// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <time.h>

#include "fuse/print.h"
#include "memory/working_set.h"

#define LABEL "  %-20s"

/* Rounded to a tenth; what is not 0 does not look like it. */
static void mib(FILE *f, uint64_t pages)
{
	uint64_t tenths = (pages * MEMORY_PAGE * 10 + (1 << 19)) >> 20;

	if (pages && !tenths)
		fprintf(f, "%" PRIu64 " KiB", pages * MEMORY_PAGE >> 10);
	else
		fprintf(f, "%" PRIu64 ".%" PRIu64 " MiB", tenths / 10, tenths % 10);
}

static void part(FILE *f, const char *label, uint64_t pages, const char *what)
{
	char text[32];
	FILE *t = fmemopen(text, sizeof(text), "w");

	if (!t)
		return;
	mib(t, pages);
	fclose(t);
	fprintf(f, LABEL "%12s  %s\n", label, text, what);
}

static void who(FILE *f, const struct memory_result *r)
{
	if (r->source->name[0]) {
		print_clean(f, r->source->name);
		fprintf(f, " (process %d)", r->pid);
	} else {
		fprintf(f, "process %d", r->pid);
	}
}

static void held(FILE *f, const struct memory_result *r)
{
	const struct memory_held *h = &r->held;

	part(f, "held by the host", r->n_present, "in memory, for it alone");
	if (h->huge)
		part(f, "", h->huge, "of it in transparent huge pages");
	if (h->hugetlb)
		part(f, "", h->hugetlb, "of it in pages of hugetlbfs, which go whole");
	if (h->shared)
		part(f, "", h->shared, "of it a file's, or other processes' too");
	if (memory_pages_count(&h->swapped))
		part(f, "", memory_pages_count(&h->swapped), "more are in swap");
	if (memory_pages_count(&h->merged))
		part(f, "", memory_pages_count(&h->merged), "more are merged by KSM");
	if (h->zero)
		part(f, "", h->zero, "more are the kernel's page of zeros");
}

static void uncertain(FILE *f, const struct memory_result *r)
{
	char text[160];

	if (r->looks < 2) {
		print_note(f, "uncertain", "one look only: how much changed hands "
			   "between it and the host's is not known");
		return;
	}
	snprintf(text, sizeof(text), "more: free once in two looks %.1f ms apart",
		 (double)(r->look[1].end_ns - r->look[0].begin_ns) / 1e6);
	part(f, "uncertain", r->n_changed, text);
}

static void table(FILE *f, const struct memory_result *r)
{
	size_t i;
	int order;

	fprintf(f, "\n  zone %15s %15s %15s   pages\n", "free", "held", "reclaimable");
	for (i = 0; i < MEMORY_ZONES; i++) {
		const struct memory_zone *z = &r->zones[i];

		if (z->free || z->held)
			fprintf(f, "  %-6s %13" PRIu64 " %15" PRIu64 " %15" PRIu64 "\n",
				z->name, z->free, z->held, z->reclaimable);
	}
	fputs("  reclaimable, in blocks of\n  ", f);
	for (order = 0; order < MEMORY_ORDERS; order++)
		fprintf(f, " %4d%c", order < 8 ? 4 << order : 1 << (order - 8),
			order < 8 ? 'K' : 'M');
	fputs("\n  ", f);
	for (order = 0; order < MEMORY_ORDERS; order++)
		fprintf(f, " %5" PRIu64, r->orders[order]);
	fputc('\n', f);
}

static void ranges(FILE *f, const struct memory_result *r)
{
	uint64_t at = 0, n;

	fputs("\n  reclaimable pages, first and how many\n", f);
	for (; (n = memory_pages_next(&r->reclaimable, &at)); at += n)
		fprintf(f, "  %#12" PRIx64 " %8" PRIu64 "\n", at, n);
}

static void balloon(FILE *f, const struct memory_result *r)
{
	const struct memory_balloon *b = &r->balloon;
	char text[200];

	fputc('\n', f);
	if (!b->there) {
		fprintf(f, LABEL "none\n", "balloon");
		return;
	}
	part(f, "balloon", b->actual / MEMORY_PAGE, "are the guest's to use");
	if (!b->told_s) {
		print_note(f, "", "of its memory the guest tells nothing: virsh "
			   "dommemstat NAME --period 5 has it tell");
	} else {
		snprintf(text, sizeof(text), "free, as it told %" PRId64 " s ago",
			 (int64_t)time(NULL) - (int64_t)b->told_s);
		part(f, "", b->free / MEMORY_PAGE, text);
		part(f, "", b->available / MEMORY_PAGE,
		     "available, with caches that can go");
	}
	fprintf(f, LABEL "%s\n", "free page reporting", b->reports ? "on" : "off");
}

static void hint(FILE *f, const struct memory_hint *h, const char *what)
{
	char text[400];

	snprintf(text, sizeof(text), "%" PRIu64 " MiB %s.", h->bytes >> 20, what);
	fputc('\n', f);
	print_note(f, "hint", text);
	print_note(f, "", h->command);
}

static void hints(FILE *f, const struct memory_result *r)
{
	static const char *const what[] = {
		"is in free blocks of 2 MiB and more: with free page reporting the guest "
		"gives such back by itself, from its next start on",
		"could serve other guests until this one wants it again: a balloon that is "
		"blown up and let out takes it back now. What the guest will want, one "
		"look does not know: --metrics of many do",
	};
	struct memory_hint all[MEMORY_HINTS];
	size_t n = memory_hints(r, all), i;

	for (i = 0; i < n; i++)
		hint(f, &all[i], what[all[i].kind[0] == 't']);
}

void memory_text(FILE *f, const struct memory_result *r, bool all)
{
	who(f, r);
	fputc('\n', f);
	part(f, "memory", r->total, "");
	held(f, r);
	part(f, "free in the guest", r->n_free,
	     r->looks > 1 ? "in both looks" : "in its only look");
	part(f, "reclaimable", r->n_reclaimable, "free, and held by the host");
	if (r->n_swapped)
		part(f, "", r->n_swapped, "more free ones are in swap");
	if (r->n_merged)
		part(f, "", r->n_merged, "more free ones are merged");
	uncertain(f, r);
	if (r->look[0].strange)
		part(f, "not its own", r->look[0].strange,
		     "that the guest calls free, and has not");
	table(f, r);
	if (all)
		ranges(f, r);
	balloon(f, r);
	hints(f, r);
}

void memory_working_set_text(FILE *f, const struct memory_working_set *set)
{
	const struct memory_result *r = &set->look;
	struct memory_hint h;
	char text[100];

	who(f, r);
	fputc('\n', f);
	part(f, "memory", r->total, "");
	held(f, r);
	snprintf(text, sizeof(text), "within %g s, by one page in each of %zu parts",
		 (double)set->watched_ns / 1e9, set->parts.n);
	part(f, "working set", set->touched.bytes / MEMORY_PAGE, text);
	part(f, "... at least", set->touched.least / MEMORY_PAGE, "");
	part(f, "... at most", set->touched.most / MEMORY_PAGE,
	     "of 20 such looks one may be outside");
	if (set->cpu_ns >= 0)
		fprintf(f, LABEL "%9.1f ms  of a CPU, for all guests\n", "watching took",
			(double)set->cpu_ns / 1e6);
	balloon(f, r);
	if (memory_working_set_hint(set, &h))
		hint(f, &h, "of what it holds was not touched, and the guest could miss: a "
		     "balloon has others use it as long as this one works as it did. Is that "
		     "how it works when it matters?");
}
