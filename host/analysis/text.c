// SPDX-License-Identifier: MIT
/* The report as text: the answer first, then tables of at most 100 columns. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/reasons.h"
#include "analysis/text.h"
#include "fuse/print.h"

/* Rows of a table, unless all are asked for. */
#define MOST 12

/* One number of a table: milliseconds, to the microsecond. */
static void ms(FILE *f, int64_t ns, int width)
{
	char buf[32];

	analysis_ms_text(ns, buf, sizeof(buf));
	fprintf(f, " %*s", width, buf);
}

/* Microseconds, to a tenth. */
static void us(FILE *f, uint64_t ns, int width)
{
	char buf[32];
	uint64_t tenth = (ns + 50) / 100;

	snprintf(buf, sizeof(buf), "%" PRIu64 ".%" PRIu64, tenth / 10,
		 tenth % 10);
	fprintf(f, " %*s", width, buf);
}

/* A name, cut where it is long, in characters that do no harm. */
static void cell(FILE *f, const char *s, int width)
{
	fprintf(f, "%*s", width - print_cut(f, s, width), "");
}

static void vcpu_cell(FILE *f, const struct analysis *a, uint32_t vcpu)
{
	struct analysis_vcpu_id id = analysis_model_vcpu_id(a->model, vcpu);
	char buf[64];

	cell(f, analysis_vm_name(a, vcpu, buf, sizeof(buf)), 16);
	if (id.vcpu_id >= 0)
		fprintf(f, " %4d", id.vcpu_id);
	else
		fprintf(f, " %4s", "?");
}

void analysis_thread_text(const struct analysis *a, uint32_t thread, char *buf,
			size_t size)
{
	const struct analysis_thread *t;

	if (thread == ANALYSIS_NONE) {
		snprintf(buf, size, "?");
		return;
	}
	t = analysis_model_thread(a->model, thread);
	if (t->name[0])
		snprintf(buf, size, "%s %d", t->name, t->tid);
	else
		snprintf(buf, size, "thread %d", t->tid);
}

void analysis_vcpu_text(const struct analysis *a, uint32_t vcpu, char *buf,
		      size_t size)
{
	char vm[80];

	snprintf(buf, size, "vCPU %d of %.40s",
		 analysis_model_vcpu_id(a->model, vcpu).vcpu_id,
		 analysis_vm_name(a, vcpu, vm, sizeof(vm)));
}

void analysis_who_text(const struct analysis *a, const struct analysis_who *w,
		     char *buf, size_t size)
{
	char thread[48], vcpu[80];

	switch (w->by) {
	case ANALYSIS_BY_NOBODY:
		snprintf(buf, size, "nobody: the CPU was idle");
		return;
	case ANALYSIS_BY_IRQ:
		snprintf(buf, size, "interrupts of the host");
		return;
	case ANALYSIS_BY_TASK:
		analysis_thread_text(a, w->id, thread, sizeof(thread));
		snprintf(buf, size, "%s (host)", thread);
		return;
	case ANALYSIS_BY_VCPU:
		analysis_thread_text(a, w->thread, thread, sizeof(thread));
		analysis_vcpu_text(a, w->id, vcpu, sizeof(vcpu));
		snprintf(buf, size, "%s (%s)", vcpu, thread);
		return;
	case ANALYSIS_BY_UNKNOWN:
		snprintf(buf, size, "not known");
		return;
	}
}

static void wanted(FILE *f, const struct analysis *a)
{
	const struct analysis_totals *t = &a->totals;
	uint32_t i;

	fputs("\nCPU wanted = got + denied + overhead, ms; denied is steal and "
	      "blocked\n"
	      "VM               vCPU     wanted        got      steal    "
	      "blocked   overhead"
	      "    not wanted\n",
	      f);
	for (i = 0; i < t->vcpus.count; i++) {
		struct analysis_figures fig =
			analysis_figures_of(t->vcpus.at[i].ns);

		if (!analysis_reported(a, i))
			continue;
		vcpu_cell(f, a, i);
		ms(f, fig.wanted, 10);
		ms(f, fig.got, 10);
		ms(f, fig.steal, 10);
		ms(f, fig.denied - fig.steal, 10);
		ms(f, fig.overhead, 10);
		ms(f, fig.rest, 13);
		fputc('\n', f);
	}
}

static void states(FILE *f, const struct analysis *a)
{
	const struct analysis_totals *t = &a->totals;
	int64_t length = t->until_ns - t->from_ns;
	uint32_t i;
	int s;

	fputs("\nWhat each did, ms, and how often\n", f);
	for (i = 0; i < t->vcpus.count; i++) {
		const struct analysis_vcpu_totals *v = &t->vcpus.at[i];

		if (!analysis_reported(a, i))
			continue;
		vcpu_cell(f, a, i);
		fprintf(f, "  thread %d\n",
			analysis_model_vcpu_id(a->model, i).tid);
		for (s = 0; s < ANALYSIS_STATES; s++) {
			if (!v->ns[s])
				continue;
			fprintf(f, "  %-16s",
				analysis_state_name((enum analysis_state)s));
			ms(f, v->ns[s], 14);
			fprintf(f, " %6.2f %% %10" PRIu64 "\n",
				100.0 * (double)v->ns[s] / (double)length,
				v->count[s]);
		}
	}
}

static void culprits(FILE *f, const struct analysis *a)
{
	size_t n, i;
	const struct analysis_culprit **list =
		analysis_culprits_of(a, ANALYSIS_NONE, &n);

	if (list && n)
		fputs("\nWho had the CPU meanwhile, ms; longest turns, us\n"
		      "VM               vCPU      total    turns    longest    "
		      "    p99  who\n",
		      f);
	for (i = 0; list && i < n && (a->options->all || i < MOST); i++) {
		char who[192];

		vcpu_cell(f, a, list[i]->vcpu);
		ms(f, (int64_t)list[i]->turns.sum_ns, 10);
		fprintf(f, " %8" PRIu64, list[i]->turns.count);
		us(f, list[i]->turns.max_ns, 10);
		us(f, analysis_hist_percentile(&list[i]->turns, 99), 10);
		analysis_who_text(a, &list[i]->who, who, sizeof(who));
		fputs("  ", f);
		cell(f, who, 33);
		fputc('\n', f);
	}
	if (i < n)
		fprintf(f, "  and %zu more\n", n - i);
	free(list);
}

static int64_t whole(const struct analysis_exit_totals *e)
{
	int64_t sum = 0;
	int i;

	for (i = 0; i < ANALYSIS_STATES; i++)
		sum += e->ns[i];
	return sum;
}

static int by_time(const void *x, const void *y)
{
	const struct analysis_exit_totals *const *a = x, *const *b = y;
	int64_t d = whole(*b) - whole(*a);

	return d < 0 ? -1 : d > 0;
}

static void exits(FILE *f, const struct analysis *a)
{
	const struct analysis_totals *t = &a->totals;
	const struct analysis_exit_totals **list =
		calloc(t->exits.count + 1, sizeof(*list));
	size_t i, n = 0;

	for (i = 0; list && i < t->exits.count; i++) {
		if (analysis_reported(a, t->exits.at[i].vcpu))
			list[n++] = &t->exits.at[i];
	}
	if (n)
		qsort(list, n, sizeof(*list), by_time);
	if (n)
		fputs("\nExits, and what their time went to, ms; p99 of what "
		      "KVM worked itself, us\n"
		      "VM               vCPU reason             exits   "
		      "handling   in user    polling"
		      "    asleep      p99\n",
		      f);
	for (i = 0; i < n && (a->options->all || i < MOST); i++) {
		const struct analysis_exit_totals *e = list[i];
		char reason[48];

		analysis_reason_text(e->isa, e->reason, reason, sizeof(reason));
		vcpu_cell(f, a, e->vcpu);
		fprintf(f, " %-16.16s %7" PRIu64, reason, e->count);
		ms(f, e->ns[ANALYSIS_HYPERVISOR], 10);
		ms(f, e->ns[ANALYSIS_USER_SPACE], 9);
		ms(f, e->ns[ANALYSIS_POLLING], 10);
		ms(f, e->ns[ANALYSIS_HALTED] + e->ns[ANALYSIS_BLOCKED], 9);
		us(f, analysis_hist_percentile(&e->handling, 99), 8);
		fputc('\n', f);
	}
	if (i < n)
		fprintf(f, "  and %zu more\n", n - i);
	free(list);
}

struct row {
	uint32_t thread;
	int64_t ns;
};

static int by_ns(const void *x, const void *y)
{
	const struct row *a = x, *b = y;

	return a->ns < b->ns ? 1 : a->ns > b->ns ? -1 : 0;
}

static const char *machine_name(const struct analysis *a, uint32_t machine)
{
	return machine ? a->session->guests[machine - 1].machine->name : "host";
}

static void thread_row(FILE *f, const struct analysis *a, uint32_t number)
{
	const struct analysis_thread_totals *t = &a->totals.threads.at[number];
	const struct analysis_thread *id =
		analysis_model_thread(a->model, number);
	struct analysis_figures fig = analysis_figures_of(t->ns);
	char name[48];

	analysis_thread_text(a, number, name, sizeof(name));
	cell(f, machine_name(a, id->machine), 16);
	fputc(' ', f);
	cell(f, name, 22);
	ms(f, fig.got, 10);
	ms(f, fig.denied, 9);
	ms(f, fig.overhead, 9);
	fprintf(f, " %7" PRIu64, t->wakes.count);
	us(f, analysis_hist_percentile(&t->wakes, 50), 8);
	us(f, analysis_hist_percentile(&t->wakes, 99), 9);
	fputc('\n', f);
}

static void threads(FILE *f, const struct analysis *a)
{
	const struct analysis_totals *t = &a->totals;
	struct row *rows = calloc(t->threads.count + 1, sizeof(*rows));
	uint32_t i, n = 0;

	for (i = 0; rows && i < t->threads.count; i++) {
		struct analysis_figures fig =
			analysis_figures_of(t->threads.at[i].ns);

		if (fig.wanted && analysis_model_thread(a->model, i)->tid)
			rows[n++] = (struct row){i, fig.wanted};
	}
	if (n)
		qsort(rows, n, sizeof(*rows), by_ns);
	if (n)
		fputs("\nThreads of guests: really ran, ms; wake-up to run, "
		      "us\n"
		      "VM               thread                        ran    "
		      "denied  overhead"
		      "   wakes      p50       p99\n",
		      f);
	for (i = 0; i < n && (a->options->all || i < MOST); i++)
		thread_row(f, a, rows[i].thread);
	if (i < n)
		fprintf(f, "  and %u more\n", n - i);
	free(rows);
}

/* Of a wait, what was the virtual CPU's, and not the guest's own. */
static int64_t host_part(const struct analysis_wake *w)
{
	return w->until_ns - w->from_ns - w->ns[ANALYSIS_GUEST] -
	       w->ns[ANALYSIS_GUEST_IDLE];
}

static void worst(FILE *f, const struct analysis *a)
{
	const struct analysis_totals *t = &a->totals;
	int i, s;

	if (t->n_worst)
		fputs("\nLongest from wake-up to run, us: in all, the host's "
		      "part, and of it the most\n",
		      f);
	for (i = 0; i < t->n_worst; i++) {
		const struct analysis_wake *w = &t->worst[i];
		enum analysis_state most = ANALYSIS_UNKNOWN;
		char name[48], by[48];

		for (s = ANALYSIS_HOST_IRQ; s < ANALYSIS_STATES; s++) {
			if (w->ns[s] > w->ns[most])
				most = (enum analysis_state)s;
		}
		analysis_thread_text(a, w->thread, name, sizeof(name));
		analysis_thread_text(a, w->waker, by, sizeof(by));
		us(f, (uint64_t)(w->until_ns - w->from_ns), 10);
		us(f, (uint64_t)host_part(w), 10);
		fputc(' ', f);
		cell(f, host_part(w) ? analysis_state_name(most) : "-", 15);
		cell(f, name, 21);
		fputs(" by ", f);
		cell(f, by, 21);
		fprintf(f, " at +%.6f s\n",
			(double)(w->from_ns - a->begin_ns) / 1e9);
	}
}

static void notes(FILE *f, const struct analysis *a)
{
	const struct analysis_anomalies *n = analysis_model_anomalies(a->model);

	if (n->entries || n->exits || n->strangers)
		fprintf(f,
			"\nNot as it should be: %" PRIu64
			" entries without an exit before, "
			"%" PRIu64 " exits without an entry,\n%" PRIu64
			" of which it is not known whose they are.\n",
			n->entries, n->exits, n->strangers);
}

/* Seconds from the recording's begin, and what each virtual CPU had from then on. */
static void windows(FILE *f, const struct analysis *a)
{
	const struct analysis_windows *w = &a->windows;
	uint32_t i, k;

	if (!w->n)
		return;
	fputs("\nFrom second                           wanted        got      "
	      "steal    blocked   overhead\n",
	      f);
	for (i = 0; i < w->n; i++) {
		int64_t us = (analysis_window_begin(w, i) - a->begin_ns) / 1000;

		for (k = 0; k < a->totals.vcpus.count; k++) {
			const struct analysis_window *v =
				analysis_window_of(w, k, i);
			struct analysis_figures fig;

			if (!v || !analysis_reported(a, k))
				continue;
			fig = analysis_figures_of(v->ns);
			fprintf(f, "%4" PRId64 ".%06" PRId64 " ", us / 1000000,
				us % 1000000);
			vcpu_cell(f, a, k);
			ms(f, fig.wanted, 10);
			ms(f, fig.got, 10);
			ms(f, fig.steal, 10);
			ms(f, fig.denied - fig.steal, 10);
			ms(f, fig.overhead, 10);
			fputc('\n', f);
		}
	}
}

void analysis_text(FILE *f, const struct analysis *a)
{
	analysis_answer(f, a);
	wanted(f, a);
	states(f, a);
	culprits(f, a);
	exits(f, a);
	threads(f, a);
	worst(f, a);
	windows(f, a);
	notes(f, a);
}
