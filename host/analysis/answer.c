// SPDX-License-Identifier: MIT
/* The answer: one sentence of the virtual CPU that lost most, and to whom. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/text.h"
#include "fuse/print.h"

/* Culprits that the answer names. */
#define BLAMED 3

/* Of a line. */
#define COLUMNS 100

void analysis_ms_text(int64_t ns, char *buf, size_t size)
{
	int64_t us = (ns + 500) / 1000;

	snprintf(buf, size, "%" PRId64 ".%03" PRId64, us / 1000, us % 1000);
}

static int by_sum(const void *x, const void *y)
{
	const struct analysis_culprit *const *a = x, *const *b = y;

	return (*a)->turns.sum_ns < (*b)->turns.sum_ns ? 1 :
	       (*a)->turns.sum_ns > (*b)->turns.sum_ns ? -1 :
							 0;
}

const struct analysis_culprit **analysis_culprits_of(const struct analysis *a,
						   uint32_t vcpu, size_t *n)
{
	const struct analysis_totals *t = &a->totals;
	const struct analysis_culprit **list =
		calloc(t->culprits.count + 1, sizeof(*list));
	size_t i;

	*n = 0;
	for (i = 0; list && i < t->culprits.count; i++) {
		const struct analysis_culprit *c = &t->culprits.at[i];

		if (vcpu == ANALYSIS_NONE ? analysis_reported(a, c->vcpu) :
					    c->vcpu == vcpu)
			list[(*n)++] = c;
	}
	if (*n)
		qsort(list, *n, sizeof(*list), by_sum);
	return list;
}

/* A host's task or virtual CPU, whatever thread of a guest it ran. */
struct blamed {
	struct analysis_who who;
	int64_t ns;
};

static int by_blame(const void *x, const void *y)
{
	const struct blamed *a = x, *b = y;

	return a->ns < b->ns ? 1 : a->ns > b->ns ? -1 : 0;
}

static struct blamed *blamed_of(const struct analysis *a, uint32_t vcpu,
				size_t *n)
{
	size_t i, k, culprits;
	const struct analysis_culprit **list =
		analysis_culprits_of(a, vcpu, &culprits);
	struct blamed *b = list ? calloc(culprits + 1, sizeof(*b)) : NULL;

	*n = 0;
	for (i = 0; b && i < culprits; i++) {
		const struct analysis_who *w = &list[i]->who;

		for (k = 0; k < *n; k++) {
			if (b[k].who.by == w->by && b[k].who.id == w->id)
				break;
		}
		if (k == *n)
			b[(*n)++].who = *w;
		b[k].ns += (int64_t)list[i]->turns.sum_ns;
	}
	if (*n)
		qsort(b, *n, sizeof(*b), by_blame);
	free(list);
	return b;
}

static void blame(FILE *m, const struct analysis *a, uint32_t vcpu,
		  const struct analysis_figures *fig)
{
	size_t n, i;
	struct blamed *list = blamed_of(a, vcpu, &n);
	int64_t blocked = fig->denied - fig->steal, rest = fig->denied;
	char who[192], time[32];
	const char *sep = ": ";

	for (i = 0; i < n && i < BLAMED; i++) {
		if (list[i].who.by == ANALYSIS_BY_VCPU)
			analysis_vcpu_text(a, list[i].who.id, who, sizeof(who));
		else
			analysis_who_text(a, &list[i].who, who, sizeof(who));
		analysis_ms_text(list[i].ns, time, sizeof(time));
		fprintf(m, "%s%s ms to ", sep, time);
		print_clean(m, who);
		rest -= list[i].ns;
		sep = ", ";
	}
	free(list);
	if (blocked) {
		analysis_ms_text(blocked, time, sizeof(time));
		fprintf(m, "%s%s ms asleep on the host", sep, time);
		rest -= blocked;
		sep = ", ";
	}
	if (rest > 0) {
		analysis_ms_text(rest, time, sizeof(time));
		fprintf(m, "%s%s ms to others", sep, time);
	}
}

/* Nothing can be said: why, and what has to be recorded. */
static void none_known(FILE *f, const struct analysis *a)
{
	uint64_t strangers = analysis_model_anomalies(a->model)->strangers;
	char text[300];

	if (strangers)
		snprintf(text, sizeof(text),
			 "No virtual CPU is known: of %" PRIu64
			 " entries and exits nothing tells which thread of "
			 "the host made them. Record kvm_x86_entry and "
			 "kvm_x86_exit on the host with the contexts pid and "
			 "tid, and sched_switch.",
			 strangers);
	else
		snprintf(text, sizeof(text),
			 "No virtual CPU is known: the host's recording tells "
			 "of no entry into a guest. Record kvm_x86_entry and "
			 "kvm_x86_exit on the host while a guest runs.");
	print_paragraph(f, text, COLUMNS, 0);
}

/* One sentence of the virtual CPU that was denied most. */
void analysis_answer(FILE *f, const struct analysis *a)
{
	const struct analysis_totals *t = &a->totals;
	struct analysis_figures fig, worst = { 0 };
	uint32_t i, which = ANALYSIS_NONE;
	char time[32], name[64], *text = NULL;
	size_t size = 0;
	FILE *m;

	if (!analysis_model_vcpus(a->model)) {
		none_known(f, a);
		return;
	}
	for (i = 0; i < t->vcpus.count; i++) {
		fig = analysis_figures_of(t->vcpus.at[i].ns);
		if (!analysis_reported(a, i) || fig.denied <= worst.denied)
			continue;
		worst = fig;
		which = i;
	}
	if (which == ANALYSIS_NONE) {
		fputs("No virtual CPU was denied a CPU of the host, as far as "
		      "is known.\n",
		      f);
		return;
	}
	m = open_memstream(&text, &size);
	if (!m)
		return;
	analysis_ms_text(worst.denied, time, sizeof(time));
	fprintf(m, "vCPU %d of ",
		analysis_model_vcpu_id(a->model, which).vcpu_id);
	print_clean(m, analysis_vm_name(a, which, name, sizeof(name)));
	fprintf(m, " lost %s ms", time);
	analysis_ms_text(worst.wanted, time, sizeof(time));
	fprintf(m, " of the %s ms that it wanted", time);
	blame(m, a, which, &worst);
	fputc('.', m);
	if (!fclose(m))
		print_paragraph(f, text, COLUMNS, 0);
	free(text);
}
