// SPDX-License-Identifier: MIT
/* The report as JSON; Documentation/analysis.rst says what each key means. */
#include <inttypes.h>

#include "analysis/check.h"
#include "analysis/reasons.h"
#include "base/json_string.h"

static void parts(FILE *f, const int64_t ns[ANALYSIS_STATES])
{
	int i;

	fputc('{', f);
	for (i = 0; i < ANALYSIS_STATES; i++)
		fprintf(f, "%s\"%s\": %" PRId64, i ? ", " : "",
			analysis_state_key((enum analysis_state)i), ns[i]);
	fputc('}', f);
}

static void hist(FILE *f, const struct analysis_hist *h)
{
	fprintf(f,
		"{\"count\": %" PRIu64 ", \"total_ns\": %" PRIu64
		", \"p50_ns\": %" PRIu64 ", \"p99_ns\": %" PRIu64
		", \"max_ns\": %" PRIu64 "}",
		h->count, h->sum_ns, analysis_hist_percentile(h, 50),
		analysis_hist_percentile(h, 99), h->max_ns);
}

static void thread(FILE *f, const struct analysis *a, uint32_t number)
{
	const struct analysis_thread *t;

	if (number == ANALYSIS_NONE) {
		fputs("null", f);
		return;
	}
	t = analysis_model_thread(a->model, number);
	fprintf(f, "{\"machine\": %u, \"tid\": %d, \"name\": ", t->machine,
		t->tid);
	vmsync_json_string(f, t->name);
	fputc('}', f);
}

static void culprit(FILE *f, const struct analysis *a,
		    const struct analysis_culprit *c)
{
	static const char *const by[] = {
		[ANALYSIS_BY_UNKNOWN] = "unknown",
		[ANALYSIS_BY_NOBODY] = "nobody",
		[ANALYSIS_BY_IRQ] = "irq",
		[ANALYSIS_BY_TASK] = "task",
		[ANALYSIS_BY_VCPU] = "vcpu",
	};

	fprintf(f, "{\"by\": \"%s\"", by[c->who.by]);
	if (c->who.by == ANALYSIS_BY_VCPU)
		fprintf(f, ", \"vcpu\": %u", c->who.id);
	if (c->who.by == ANALYSIS_BY_TASK || c->who.by == ANALYSIS_BY_VCPU) {
		fputs(", \"thread\": ", f);
		thread(f, a,
		       c->who.by == ANALYSIS_BY_TASK ? c->who.id :
						       c->who.thread);
	}
	fputs(", \"turns\": ", f);
	hist(f, &c->turns);
	fputc('}', f);
}

static void culprits(FILE *f, const struct analysis *a, uint32_t vcpu)
{
	const struct analysis_totals *t = &a->totals;
	const char *sep = "";
	size_t i;

	for (i = 0; i < t->culprits.count; i++) {
		if (t->culprits.at[i].vcpu != vcpu)
			continue;
		fprintf(f, "%s\n      ", sep);
		culprit(f, a, &t->culprits.at[i]);
		sep = ",";
	}
}

static void exits(FILE *f, const struct analysis *a, uint32_t vcpu)
{
	const struct analysis_totals *t = &a->totals;
	static const char *const isa[] = { "unknown", "vmx", "svm" };
	const char *sep = "";
	char name[48];
	size_t i;

	for (i = 0; i < t->exits.count; i++) {
		const struct analysis_exit_totals *e = &t->exits.at[i];

		if (e->vcpu != vcpu)
			continue;
		analysis_reason_text(e->isa, e->reason, name, sizeof(name));
		fprintf(f,
			"%s\n      {\"isa\": \"%s\", \"reason\": %u, \"name\": "
			"\"%s\", "
			"\"count\": %" PRIu64 ", \"states_ns\": ",
			sep, isa[e->isa], e->reason, name, e->count);
		parts(f, e->ns);
		fputs(", \"whole\": ", f);
		hist(f, &e->whole);
		fputs(", \"handling\": ", f);
		hist(f, &e->handling);
		fputc('}', f);
		sep = ",";
	}
}

static void figures(FILE *f, const int64_t ns[ANALYSIS_STATES])
{
	struct analysis_figures g = analysis_figures_of(ns);

	fprintf(f,
		"{\"wanted_ns\": %" PRId64 ", \"got_ns\": %" PRId64
		", \"denied_ns\": %" PRId64 ", \"steal_ns\": %" PRId64
		", \"overhead_ns\": %" PRId64 ", \"not_wanted_ns\": %" PRId64
		"}",
		g.wanted, g.got, g.denied, g.steal, g.overhead, g.rest);
}

static void vcpu(FILE *f, const struct analysis *a, uint32_t number)
{
	const struct analysis_vcpu_totals *v = &a->totals.vcpus.at[number];
	struct analysis_vcpu_id id = analysis_model_vcpu_id(a->model, number);
	static const char *const places[ANALYSIS_PLACES] = {
		"guest", "hypervisor", "polling", "user_space", "unknown",
	};
	char name[64];
	int i;

	fprintf(f, "    {\"number\": %u, \"vm\": ", number);
	vmsync_json_string(f, analysis_vm_name(a, number, name, sizeof(name)));
	fprintf(f,
		", \"pid\": %d, \"tid\": %d, \"vcpu_id\": %d, \"machine\": %u, "
		"\"cpu\": %u,\n",
		id.pid, id.tid, id.vcpu_id, id.machine, id.cpu);
	fputs("     \"states_ns\": ", f);
	parts(f, v->ns);
	fputs(",\n     \"times\": {", f);
	for (i = 0; i < ANALYSIS_STATES; i++)
		fprintf(f, "%s\"%s\": %" PRIu64, i ? ", " : "",
			analysis_state_key((enum analysis_state)i),
			v->count[i]);
	fputs("},\n     \"preempted_in_ns\": {", f);
	for (i = 0; i < ANALYSIS_PLACES; i++)
		fprintf(f, "%s\"%s\": %" PRId64, i ? ", " : "", places[i],
			v->preempted_in_ns[i]);
	fputs("},\n     \"figures\": ", f);
	figures(f, v->ns);
	fputs(",\n     \"waits\": ", f);
	hist(f, &v->waits);
	fputs(",\n     \"charges\": [", f);
	culprits(f, a, number);
	fputs("],\n     \"exits\": [", f);
	exits(f, a, number);
	fputs("]}", f);
}

static void threads(FILE *f, const struct analysis *a)
{
	const struct analysis_totals *t = &a->totals;
	const char *sep = "";
	uint32_t i;

	for (i = 0; i < t->threads.count; i++) {
		const struct analysis_thread_totals *h = &t->threads.at[i];
		struct analysis_figures g = analysis_figures_of(h->ns);

		if (!g.wanted && !g.rest && !h->wakes.count)
			continue;
		fprintf(f, "%s\n    {\"thread\": ", sep);
		thread(f, a, i);
		fputs(", \"states_ns\": ", f);
		parts(f, h->ns);
		fprintf(f, ", \"exits\": %" PRIu64 ", \"wakes\": ", h->exits);
		hist(f, &h->wakes);
		fputs(", \"wake_ns\": ", f);
		parts(f, h->wake_ns);
		fputc('}', f);
		sep = ",";
	}
}

static void worst(FILE *f, const struct analysis *a)
{
	const struct analysis_totals *t = &a->totals;
	int i;

	for (i = 0; i < t->n_worst; i++) {
		const struct analysis_wake *w = &t->worst[i];

		fprintf(f,
			"%s\n    {\"from_ns\": %" PRId64
			", \"until_ns\": %" PRId64
			", \"vcpu\": %u, \"thread\": ",
			i ? "," : "", w->from_ns, w->until_ns, w->vcpu);
		thread(f, a, w->thread);
		fputs(", \"waker\": ", f);
		thread(f, a, w->waker);
		fputs(", \"states_ns\": ", f);
		parts(f, w->ns);
		fputc('}', f);
	}
}

static void window(FILE *f, const struct analysis *a, uint32_t number)
{
	const struct analysis_windows *w = &a->windows;
	const char *sep = "";
	uint32_t i;

	fprintf(f,
		"%s\n    {\"from_ns\": %" PRId64 ", \"until_ns\": %" PRId64
		", \"vcpus\": [",
		number ? "," : "", analysis_window_begin(w, number),
		analysis_window_begin(w, number + 1));
	for (i = 0; i < a->totals.vcpus.count; i++) {
		const struct analysis_window *v =
			analysis_window_of(w, i, number);

		if (!v || !analysis_reported(a, i))
			continue;
		fprintf(f, "%s\n      {\"number\": %u, \"states_ns\": ", sep, i);
		parts(f, v->ns);
		fputs(", \"figures\": ", f);
		figures(f, v->ns);
		fputc('}', f);
		sep = ",";
	}
	fputs("]}", f);
}

static void windows(FILE *f, const struct analysis *a)
{
	uint32_t i;

	if (!a->windows.n)
		return;
	fputs("],\n  \"windows\": [", f);
	for (i = 0; i < a->windows.n; i++)
		window(f, a, i);
}

void analysis_json(FILE *f, const struct analysis *a,
		   const struct analysis_check *check)
{
	const struct analysis_anomalies *n = analysis_model_anomalies(a->model);
	const char *sep = "";
	uint32_t i;

	fprintf(f,
		"{\"schema\": %d,\n  \"from_ns\": %" PRId64
		", \"until_ns\": %" PRId64 ",\n  \"vcpus\": [",
		ANALYSIS_SCHEMA, a->totals.from_ns, a->totals.until_ns);
	for (i = 0; i < a->totals.vcpus.count; i++) {
		if (!analysis_reported(a, i))
			continue;
		fprintf(f, "%s\n", sep);
		vcpu(f, a, i);
		sep = ",";
	}
	fputs("],\n  \"threads\": [", f);
	threads(f, a);
	fputs("],\n  \"worst_wakes\": [", f);
	worst(f, a);
	windows(f, a);
	fprintf(f,
		"],\n  \"anomalies\": {\"entries\": %" PRIu64
		", \"exits\": %" PRIu64 ", \"strangers\": %" PRIu64 "}",
		n->entries, n->exits, n->strangers);
	if (check)
		analysis_check_json(f, check);
	fputs("}\n", f);
}
