// SPDX-License-Identifier: MIT
#include "top/page.h"

#include <inttypes.h>
#include <stdlib.h>

#include "fuse/print.h"

#define NAME_COLUMNS 18
#define HEAD_ROWS    3 /* and a blank one */
#define TABLES	     3 /* each with a head, and a blank row before it */
#define MOST_ITEMS   10

/* A recording that is replayed. */
#define LONG_AGO_NS 1000000000000

/* Of the interval, as one CPU's share: 250 is two and a half CPUs. */
static double percent(const struct top_rates *r, int64_t ns)
{
	return 100.0 * (double)ns / (double)r->elapsed_ns;
}

static double per_second(const struct top_rates *r, int64_t n)
{
	return (double)n * 1e9 / (double)r->elapsed_ns;
}

/* A text that may be anything, in so many columns, with blanks behind it. */
static void cell(FILE *f, const char *s, int columns)
{
	fprintf(f, "%*s", columns - print_cut(f, s, columns), "");
}

static void head(FILE *f, const struct top_view *v, const struct top_rates *r,
		 const struct top_snapshot *now)
{
	if (!now->analysed_ns) {
		fputs("vmsync top: nothing is analysed yet, or vmsync live runs "
		      "without --analyze\n", f);
		return;
	}
	fprintf(f, "vmsync top: %.3f s up to host time ",
		(double)r->elapsed_ns / 1e9);
	print_seconds(f, now->analysed_ns);
	if (now->lag_ns < LONG_AGO_NS)
		fprintf(f, ", %.1f s ago", (double)now->lag_ns / 1e9);
	fprintf(f, "; by %s\n", top_sort_name(v->sort));
	if (v->note) {
		print_cut(f, v->note, v->columns);
		fputc('\n', f);
	} else {
		fprintf(f, "attached %u of %u; lost %" PRId64 " packets, %" PRId64
			" events\n", now->attached, now->urls, now->lost_packets,
			now->lost_events);
	}
	fputs("clocks ", f);
	if (now->bound_ns == INT64_MAX)
		fputs("not known", f);
	else
		fprintf(f, "known to %.1f us", (double)now->bound_ns / 1e3);
	if (now->wrong)
		fprintf(f, "; %" PRId64 " TIMES CONTRADICTED: do not trust it",
			now->wrong);
	fputs("\n\n", f);
}

static const struct top_item *culprit_of(const struct top_rates *r,
					 const char *vm)
{
	size_t i;

	/* Of one name there is one VM, whose text it is. */
	for (i = 0; i < r->culprits.count; i++) {
		if (r->culprits.at[i].vm == vm)
			return &r->culprits.at[i];
	}
	return NULL;
}

static void vm_row(FILE *f, const struct top_view *v, const struct top_rates *r,
		   const struct top_row *row)
{
	const struct top_item *c = culprit_of(r, row->name);

	cell(f, row->name, NAME_COLUMNS);
	fprintf(f, " %7.1f %7.1f %7.1f %8.1f %8.0f  ", percent(r, row->ns.wanted),
		percent(r, row->ns.got), percent(r, row->ns.denied),
		percent(r, row->ns.overhead), per_second(r, row->exits));
	if (c)
		print_cut(f, c->name, v->columns - NAME_COLUMNS - 44);
	fputc('\n', f);
}

static void more(FILE *f, size_t shown, size_t count)
{
	if (shown < count)
		fprintf(f, "... and %zu more\n", count - shown);
}

/* How many of them, where there are so many rows; one is for how many are not. */
static size_t fit(size_t count, int rows)
{
	if (rows < 0 || count <= (size_t)rows)
		return count;
	return rows ? (size_t)rows - 1 : 0;
}

static void vms(FILE *f, const struct top_view *v, const struct top_rates *r,
		int rows)
{
	size_t i, n = fit(r->vms.count, rows);

	cell(f, "VM, % of one CPU", NAME_COLUMNS);
	fputs("  wanted     got  denied overhead  exits/s  most had by\n", f);
	for (i = 0; i < n; i++)
		vm_row(f, v, r, &r->vms.at[i]);
	more(f, n, r->vms.count);
}

static void items(FILE *f, const struct top_view *v, const struct top_items *items,
		  int rows, const char *title, double factor)
{
	int rest = v->columns - NAME_COLUMNS - 12;
	size_t i, n = fit(items->count, rows);

	if (n > MOST_ITEMS)
		n = MOST_ITEMS;
	fputc('\n', f);
	cell(f, "VM", NAME_COLUMNS);
	fprintf(f, " %s\n", title);
	for (i = 0; i < n; i++) {
		cell(f, items->at[i].vm, NAME_COLUMNS);
		fprintf(f, " %8.1f  ", factor * (double)items->at[i].n);
		print_cut(f, items->at[i].name, rest);
		fputc('\n', f);
	}
	more(f, n, items->count);
}

void top_page_write(FILE *f, const struct top_view *v, const struct top_rates *r,
		    const struct top_snapshot *now)
{
	int left = v->rows ? v->rows - HEAD_ROWS - 1 - (2 * TABLES - 1) : -1;
	int third = left / TABLES;
	int n = (int)r->vms.count;

	head(f, v, r, now);
	if (!r->elapsed_ns)
		return;
	if (left < 0) {
		vms(f, v, r, -1);
		third = -1;
	} else {
		/* What the VMs do not need the others have. */
		n = n < left - 2 * third ? n : left - 2 * third;
		vms(f, v, r, n);
		third = (left - n) / 2;
	}
	items(f, v, &r->culprits, third,
	      "       %  had a CPU while it waited", percent(r, 1));
	items(f, v, &r->exits, third, "     1/s  exits for",
	      per_second(r, 1));
}

void top_page_keys(FILE *f)
{
	fputs("q      end\n"
	      "D W G  sort by CPU denied, wanted, got\n"
	      "E N    by exits, by name\n"
	      "+ -    longer, shorter intervals: 0.5 s to 60 s\n"
	      "h      this text; any key goes back\n"
	      "\n"
	      "Percentages are of one CPU: a VM with four that all run has 400. What\n"
	      "a VM wanted is what it got, what it was denied, and the overhead of KVM\n"
	      "and of its process; \"most had by\" is who had a CPU while it waited for\n"
	      "it. All of it is between the last two readings of what vmsync live has\n"
	      "found.\n",
	      f);
}
