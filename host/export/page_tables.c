// SPDX-License-Identifier: MIT
/* The tables of the page; rows of what has a time lead to the timeline. */
#include <inttypes.h>
#include <stdlib.h>

#include "analysis/reasons.h"
#include "export/page.h"

/* Rows of a table that may be long. */
#define MOST 20

static void ms(FILE *f, int64_t ns)
{
	int64_t us = (ns + 500) / 1000;

	fprintf(f, "<td class=n data-ns=%" PRId64 ">%" PRId64 ".%03" PRId64, ns,
		us / 1000, us % 1000);
}

static void us(FILE *f, int64_t ns)
{
	fprintf(f, "<td class=n data-ns=%" PRId64 ">%" PRId64 ".%" PRId64, ns,
		(ns + 50) / 1000, (ns + 50) / 100 % 10);
}

static void times(FILE *f, uint64_t n)
{
	fprintf(f, "<td class=n>%" PRIu64, n);
}

static void vcpu_cell(FILE *f, const struct page *p, uint32_t vcpu)
{
	char name[128];

	analysis_vcpu_text(p->job->analysis, vcpu, name, sizeof(name));
	page_text(f, name);
}

static void thread_cell(FILE *f, const struct page *p, uint32_t thread)
{
	char name[64];

	fputs("<td>", f);
	analysis_thread_text(p->job->analysis, thread, name, sizeof(name));
	page_text(f, name);
}

static void who_cell(FILE *f, const struct page *p,
		     const struct analysis_who *w)
{
	char name[256];

	fputs("<td>", f);
	analysis_who_text(p->job->analysis, w, name, sizeof(name));
	page_text(f, name);
}

/* A button that leads to a row of the timeline, and to a time. */
static void go_begin(FILE *f, const struct page *p, uint32_t row,
		     int64_t from_ns, int64_t until_ns)
{
	if (!row)
		fputs("<th scope=row>", f);
	else
		fprintf(f,
			"<th scope=row><button class=go data-row=%u "
			"data-from=%" PRId64 " data-until=%" PRId64 ">",
			row - 1, from_ns - p->slices.from_ns,
			until_ns - p->slices.from_ns);
}

static void go_end(FILE *f, uint32_t row)
{
	if (row)
		fputs("</button>", f);
}

/* Begins a row of a table that is about all that a virtual CPU did. */
static void vcpu_head(FILE *f, const struct page *p, uint32_t vcpu)
{
	const struct analysis_totals *t = &p->job->analysis->totals;
	uint32_t row = page_vcpu_row(p, vcpu);

	fputs("<tr>", f);
	go_begin(f, p, row, t->from_ns, t->until_ns);
	vcpu_cell(f, p, vcpu);
	go_end(f, row);
}

static void at(FILE *f, const struct page *p, int64_t ns)
{
	int64_t t = (ns - p->slices.from_ns) / 1000;

	fprintf(f, "<td class=n data-ns=%" PRId64 ">%" PRId64 ".%06" PRId64, ns,
		t / 1000000, t % 1000000);
}

void page_table_begin(FILE *f, const char *id, const char *title,
		      const char *const *heads)
{
	fprintf(f, "<section id=%s><h2>", id);
	page_text(f, title);
	fputs("</h2><div class=scroll tabindex=0 role=group aria-label=\"", f);
	page_text(f, title);
	fputs("\"><table><thead><tr>", f);
	for (; *heads; heads++) {
		bool number = **heads == '>';

		fprintf(f, "<th scope=col%s>%s", number ? " class=n" : "",
			*heads + number);
	}
	fputs("</thead><tbody>\n", f);
}

void page_table_end(FILE *f)
{
	fputs("</tbody></table></div>\n", f);
}

static void more(FILE *f, size_t n)
{
	if (n > MOST)
		fprintf(f,
			"<tr><th scope=row>and %zu more: vmsync analyze --all",
			n - MOST);
}

static void vcpus(FILE *f, const struct page *p)
{
	static const char *const heads[] = {
		"virtual CPU",	   ">wanted, ms",  ">got, ms",
		">steal, ms",	   ">blocked, ms", ">overhead, ms",
		">not wanted, ms", "what it did",  NULL};
	const struct analysis *a = p->job->analysis;
	const struct analysis_totals *t = &a->totals;
	uint32_t i;
	int k;

	page_table_begin(f, "vcpus", "Wanted and got", heads);
	for (i = 0; i < t->vcpus.count; i++) {
		const int64_t *ns = t->vcpus.at[i].ns;
		struct analysis_figures g = analysis_figures_of(ns);

		if (!analysis_reported(a, i))
			continue;
		vcpu_head(f, p, i);
		ms(f, g.wanted);
		ms(f, g.got);
		ms(f, g.steal);
		ms(f, g.denied - g.steal);
		ms(f, g.overhead);
		ms(f, g.rest);
		fputs("<td class=bar", f);
		for (k = 0; k < ANALYSIS_STATES; k++)
			fprintf(f, " data-%s=%" PRId64,
				analysis_state_key((enum analysis_state)k),
				ns[k]);
		fputs(">\n", f);
	}
	page_table_end(f);
	fputs("</section>\n", f);
}

static int by_sum(const void *x, const void *y)
{
	const struct analysis_culprit *const *a = x, *const *b = y;

	return (*a)->turns.sum_ns < (*b)->turns.sum_ns ? 1 :
	       (*a)->turns.sum_ns > (*b)->turns.sum_ns ? -1 :
							 0;
}

static void culprits(FILE *f, const struct page *p)
{
	static const char *const heads[] = {"virtual CPU",  "who had the CPU",
					    ">in all, ms",  ">turns",
					    ">longest, µs", NULL};
	const struct analysis_totals *t = &p->job->analysis->totals;
	const struct analysis_culprit **list =
		calloc(t->culprits.count + 1, sizeof(*list));
	size_t i, n = 0;

	for (i = 0; list && i < t->culprits.count; i++) {
		if (analysis_reported(p->job->analysis, t->culprits.at[i].vcpu))
			list[n++] = &t->culprits.at[i];
	}
	if (n)
		qsort(list, n, sizeof(*list), by_sum);
	page_table_begin(f, "culprits", "Who had the CPU meanwhile", heads);
	for (i = 0; i < n && i < MOST; i++) {
		vcpu_head(f, p, list[i]->vcpu);
		who_cell(f, p, &list[i]->who);
		ms(f, (int64_t)list[i]->turns.sum_ns);
		times(f, list[i]->turns.count);
		us(f, (int64_t)list[i]->turns.max_ns);
		putc('\n', f);
	}
	more(f, n);
	page_table_end(f);
	fputs("</section>\n", f);
	free(list);
}

static void waits(FILE *f, const struct page *p)
{
	static const char *const heads[] = {"virtual CPU",    ">at, s",
					    ">for, µs",	      "who had the CPU",
					    "would have run", NULL};
	int i;

	page_table_begin(f, "waits", "Longest turns of others", heads);
	for (i = 0; i < p->n_waits; i++) {
		const struct analysis_charge *c = &p->waits[i];
		uint32_t row = page_vcpu_row(p, c->vcpu);

		fputs("<tr>", f);
		go_begin(f, p, row, c->from_ns, c->until_ns);
		vcpu_cell(f, p, c->vcpu);
		go_end(f, row);
		at(f, p, c->from_ns);
		us(f, c->until_ns - c->from_ns);
		who_cell(f, p, &c->who);
		thread_cell(f, p, c->thread);
		putc('\n', f);
	}
	page_table_end(f);
	fputs("</section>\n", f);
}

static void exits(FILE *f, const struct page *p)
{
	static const char *const heads[] = {"virtual CPU",
					    "reason",
					    ">exits",
					    ">in all, ms",
					    ">KVM worked, ms",
					    ">in user space, ms",
					    ">p99 of KVM's work, µs",
					    NULL};
	const struct analysis_totals *t = &p->job->analysis->totals;
	char name[48];
	size_t i, n = 0;
	int k;

	page_table_begin(f, "exits", "Exits by reason", heads);
	for (i = 0; i < t->exits.count; i++) {
		const struct analysis_exit_totals *e = &t->exits.at[i];
		int64_t all = 0;

		if (!analysis_reported(p->job->analysis, e->vcpu) ||
		    n++ >= MOST)
			continue;
		for (k = 0; k < ANALYSIS_STATES; k++)
			all += e->ns[k];
		analysis_reason_text(e->isa, e->reason, name, sizeof(name));
		vcpu_head(f, p, e->vcpu);
		fputs("<td>", f);
		page_text(f, name);
		times(f, e->count);
		ms(f, all);
		ms(f, e->ns[ANALYSIS_HYPERVISOR]);
		ms(f, e->ns[ANALYSIS_USER_SPACE]);
		us(f, (int64_t)analysis_hist_percentile(&e->handling, 99));
		putc('\n', f);
	}
	more(f, n);
	page_table_end(f);
	fputs("</section>\n", f);
}

static void longest_exits(FILE *f, const struct page *p)
{
	static const char *const heads[] = {
		"virtual CPU", ">at, s",	  ">for, µs",
		"reason",      ">KVM worked, µs", "thread of the guest",
		NULL};
	char name[48];
	int i;

	page_table_begin(f, "longest-exits", "Longest exits", heads);
	for (i = 0; i < p->n_exits; i++) {
		const struct analysis_exit *x = &p->exits[i];
		uint32_t row = page_vcpu_row(p, x->vcpu);

		analysis_reason_text(x->isa, x->reason, name, sizeof(name));
		fputs("<tr>", f);
		go_begin(f, p, row, x->from_ns, x->until_ns);
		vcpu_cell(f, p, x->vcpu);
		go_end(f, row);
		at(f, p, x->from_ns);
		us(f, x->until_ns - x->from_ns);
		fputs("<td>", f);
		page_text(f, name);
		us(f, x->ns[ANALYSIS_HYPERVISOR]);
		thread_cell(f, p, x->thread);
		putc('\n', f);
	}
	page_table_end(f);
	fputs("</section>\n", f);
}

/* Threads of guests by what they were denied. */
struct denied {
	uint32_t thread;
	int64_t ns;
};

static int by_denied(const void *x, const void *y)
{
	const struct denied *a = x, *b = y;

	return a->ns < b->ns ? 1 : a->ns > b->ns ? -1 : 0;
}

static void thread_write(FILE *f, const struct page *p, uint32_t thread)
{
	const struct analysis *a = p->job->analysis;
	const struct analysis_thread_totals *t = &a->totals.threads.at[thread];
	struct analysis_figures g = analysis_figures_of(t->ns);
	uint32_t row = page_thread_row(p, thread);
	char name[64];

	analysis_thread_text(a, thread, name, sizeof(name));
	fputs("<tr>", f);
	go_begin(f, p, row, a->totals.from_ns, a->totals.until_ns);
	page_text(f, name);
	go_end(f, row);
	fputs("<td>", f);
	page_text(f,
		  page_machine_name(
			  p, analysis_model_thread(a->model, thread)->machine));
	ms(f, g.got);
	ms(f, g.denied);
	ms(f, g.overhead);
	times(f, t->wakes.count);
	us(f, (int64_t)analysis_hist_percentile(&t->wakes, 50));
	us(f, (int64_t)analysis_hist_percentile(&t->wakes, 99));
	us(f, (int64_t)t->wakes.max_ns);
	putc('\n', f);
}

static void threads(FILE *f, const struct page *p)
{
	static const char *const heads[] = {"thread",
					    "VM",
					    ">really ran, ms",
					    ">denied, ms",
					    ">overhead, ms",
					    ">wake-ups",
					    ">till it ran: p50, µs",
					    ">p99, µs",
					    ">longest, µs",
					    NULL};
	const struct analysis *a = p->job->analysis;
	struct denied *list =
		calloc(a->totals.threads.count + 1, sizeof(*list));
	size_t i, n = 0;

	for (i = 0; list && i < a->totals.threads.count; i++) {
		const struct analysis_thread *t =
			analysis_model_thread(a->model, (uint32_t)i);
		struct analysis_figures g =
			analysis_figures_of(a->totals.threads.at[i].ns);

		if (!t->tid || !t->machine || (!g.wanted && !g.rest) ||
		    !export_wants_machine(p->job, t->machine))
			continue;
		list[n++] = (struct denied){(uint32_t)i, g.denied};
	}
	if (n)
		qsort(list, n, sizeof(*list), by_denied);
	page_table_begin(f, "threads", "Threads of guests", heads);
	for (i = 0; i < n && i < MOST; i++)
		thread_write(f, p, list[i].thread);
	more(f, n);
	page_table_end(f);
	fputs("</section>\n", f);
	free(list);
}

static void wakes(FILE *f, const struct page *p)
{
	static const char *const heads[] = {"thread",
					    ">woken at, s",
					    ">till it ran, µs",
					    ">of it steal, µs",
					    "woken by",
					    "on",
					    NULL};
	const struct analysis_totals *t = &p->job->analysis->totals;
	char name[64];
	int i;

	page_table_begin(f, "wakes", "Longest from wake-up to run", heads);
	for (i = 0; i < t->n_worst; i++) {
		const struct analysis_wake *w = &t->worst[i];
		uint32_t row = page_thread_row(p, w->thread);

		if (!analysis_reported(p->job->analysis, w->vcpu))
			continue;
		analysis_thread_text(p->job->analysis, w->thread, name,
				     sizeof(name));
		fputs("<tr>", f);
		go_begin(f, p, row, w->from_ns, w->until_ns);
		page_text(f, name);
		go_end(f, row);
		at(f, p, w->from_ns);
		us(f, w->until_ns - w->from_ns);
		us(f, w->ns[ANALYSIS_PREEMPTED] + w->ns[ANALYSIS_WAKING]);
		thread_cell(f, p, w->waker);
		fputs("<td>", f);
		vcpu_cell(f, p, w->vcpu);
		putc('\n', f);
	}
	page_table_end(f);
	fputs("</section>\n", f);
}

void page_tables(FILE *f, struct page *p)
{
	vcpus(f, p);
	page_series(f, p);
	culprits(f, p);
	waits(f, p);
	exits(f, p);
	longest_exits(f, p);
	threads(f, p);
	wakes(f, p);
	page_clocks(f, p);
}
