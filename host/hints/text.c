// SPDX-License-Identifier: MIT
/* Hints as text, in at most 100 columns. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/print.h"
#include "hints/parts.h"

#define COLUMNS 100

/* Hints that are printed, unless all are asked for. */
#define MOST 10

/* What is written there ends as a paragraph. */
struct sentence {
	FILE *m;
	char *text;
	size_t size;
};

static bool sentence_begin(struct sentence *w)
{
	*w = (struct sentence){0};
	w->m = open_memstream(&w->text, &w->size);
	return w->m;
}

static void sentence_end(FILE *f, struct sentence *w, int indent)
{
	if (!fclose(w->m))
		print_paragraph(f, w->text, COLUMNS, indent);
	free(w->text);
}

static void name(FILE *m, const struct hints *h, uint32_t party)
{
	char buf[128];

	print_clean(m, hints_party_name(h, party, buf, sizeof(buf)));
}

static void cpus(FILE *m, const struct hint *x)
{
	size_t i;

	fputs(x->cpus.count == 1 ? "CPU " : "CPUs ", m);
	for (i = 0; i < x->cpus.count; i++)
		fprintf(m, "%s%u", i ? "," : "", x->cpus.at[i]);
}

/* What is to be done, in words. */
static void advice(FILE *m, const struct hints *h, const struct hint *x)
{
	switch (x->kind) {
	case HINTS_SEPARATE:
		fputs("separate: ", m);
		name(m, h, x->by);
		fputs(" costs ", m);
		name(m, h, x->vm);
		break;
	case HINTS_EMULATOR:
		fputs("emulator: ", m);
		name(m, h, x->by);
		fputs(" keeps CPUs from virtual CPUs, most of ", m);
		name(m, h, x->vm);
		fputc(',', m);
		break;
	case HINTS_TASK:
		fputs("task: ", m);
		name(m, h, x->by);
		fputs(" of the host keeps CPUs from virtual CPUs, most of ", m);
		name(m, h, x->vm);
		fputc(',', m);
		break;
	case HINTS_PIN:
		fprintf(m, "pin: %zu virtual CPUs wander about and wait for each other,",
			x->vcpus.count);
		break;
	case HINTS_ROOM:
		fputs("overcommit: there is room for", m);
		break;
	case HINTS_KINDS:
		break;
	}
	fprintf(m, " %.1f s/h", x->gain);
}

static int by_rate(const void *a, const void *b)
{
	double x = (*(const struct hint *const *)a)->rate[0];
	double y = (*(const struct hint *const *)b)->rate[0];

	return x < y ? 1 : x > y ? -1 : 0;
}

/* In how many parts it was worth saying, and which were the worst. */
static void parts(FILE *m, const struct hints *h, const struct hint *x)
{
	struct hint part[HINTS_PARTS];
	const struct hint *sorted[HINTS_PARTS];
	int i, n = 0;

	for (i = 0; i < HINTS_PARTS; i++) {
		part[i].rate[0] = x->rate[i];
		sorted[i] = &part[i];
		n += x->rate[i] >= h->options->least;
	}
	qsort(sorted, HINTS_PARTS, sizeof(*sorted), by_rate);
	fprintf(m, "; worth it in %d of %d parts, most in", n, HINTS_PARTS);
	for (i = 0; i < 3; i++) {
		int k = (int)(sorted[i] - part);

		fprintf(m, "%s %.1f-%.1f s (%.1f s/h)", i ? "," : "",
			hints_part_begin(h, k), hints_part_begin(h, k + 1), x->rate[k]);
	}
}

static void evidence(FILE *m, const struct hints *h, const struct hint *x)
{
	const struct hints_party *by = hints_party(h, x->by);
	const struct hints_party *vm = hints_party(h, x->vm);

	if (x->kind == HINTS_SEPARATE) {
		name(m, h, x->vm);
		fprintf(m, " ran %.1f s and waited %.1f s, ", (double)vm->ran_ns / 1e9,
			(double)vm->waited_ns / 1e9);
		name(m, h, x->by);
		fprintf(m, " ran %.1f s and would wait %.1f s/h less, too",
			(double)by->ran_ns / 1e9, x->back);
	} else if (x->kind == HINTS_PIN) {
		fprintf(m, "%" PRIu64 " changes of CPU", x->moves);
	} else if (x->kind == HINTS_ROOM) {
		fprintf(m,
			"in 99 of 100 of %u windows of %.1f s all together wanted at "
			"most %.2f of %u CPUs, and %.2f once",
			h->room.windows, (double)h->state->window_ns / 1e9, h->room.p99,
			h->room.n_cpus, h->room.most);
		return;
	} else {
		fprintf(m, "it ran %.1f s, in %u thread%s", (double)by->ran_ns / 1e9,
			by->threads, by->threads == 1 ? "" : "s");
	}
	parts(m, h, x);
}

static void formula(FILE *m, const struct hint *x)
{
	static const char *const formulas[HINTS_KINDS] = {
		[HINTS_SEPARATE] = "wait for the other x (wait less in a replay without it / "
				   "wait for it in a replay)",
		[HINTS_EMULATOR] = "wait for it, of all virtual CPUs, x (wait less in a "
				   "replay without it / wait for it in a replay)",
		[HINTS_TASK] = "wait for it, of all virtual CPUs, x (wait less in a replay "
			       "without it / wait for it in a replay)",
		[HINTS_PIN] = "what these wait while another virtual CPU has their CPU",
		[HINTS_ROOM] = "3600 x (CPUs - what 99 of 100 windows want at most)",
	};

	fprintf(m, "Expected gain: %.1f s/h (%.1f .. %.1f), confidence %.2f: %s.", x->gain,
		x->low, x->high, x->sure, formulas[x->kind]);
}

static void command(void *ctx, const char *text)
{
	fprintf(ctx, "      %s\n", text);
}

static void hint(FILE *f, const struct hints *h, const struct hint *x, size_t number)
{
	struct sentence w;

	if (!sentence_begin(&w))
		return;
	fprintf(w.m, "%zu. ", number);
	advice(w.m, h, x);
	sentence_end(f, &w, 3);
	if (!sentence_begin(&w))
		return;
	fputs("   ", w.m);
	formula(w.m, x);
	sentence_end(f, &w, 3);
	if (!sentence_begin(&w))
		return;
	fputs("   Evidence: ", w.m);
	evidence(w.m, h, x);
	fputc('.', w.m);
	sentence_end(f, &w, 3);
	fputs("   By hand, if you want it", f);
	if (x->kind != HINTS_ROOM && x->cpus.count) {
		fputs(": ", f);
		cpus(f, x);
		if (x->kind != HINTS_PIN)
			fputs(x->cpus.count > 1 ? " have no virtual CPU" :
						  " has no virtual CPU", f);
	}
	fputs(":\n", f);
	hints_commands(h, x, command, f);
}

/* What there is, and is not said; why. */
static void silent(FILE *f, const struct hints *h, const struct hint *x)
{
	struct sentence w;

	if (!sentence_begin(&w))
		return;
	fputs("- ", w.m);
	advice(w.m, h, x);
	switch (x->silent) {
	case HINTS_UNSURE:
		fprintf(w.m, ": in %.0f of 100 such recordings only", 100 * x->sure);
		break;
	case HINTS_NO_CPU:
		fputs(": no CPU without virtual CPUs has time for it", w.m);
		break;
	case HINTS_BOUND:
		fputs(": a thread of the kernel that serves its CPU", w.m);
		break;
	case HINTS_FEW:
		fprintf(w.m, ": %u windows are too few, of %d there would be one that "
			     "wants more",
			h->room.windows, HINTS_LEAST_WINDOWS);
		break;
	case HINTS_FIRST:
		fputs(x->kind == HINTS_ROOM ?
			      ": but some wait already; look again when that is mended" :
			      ": but pin their virtual CPUs first, and look again",
		      w.m);
		break;
	case HINTS_SAID:
		break;
	}
	fputc('.', w.m);
	sentence_end(f, &w, 2);
}

static void head(FILE *f, const struct hints *h)
{
	const struct hints_state *s = h->state;
	struct sentence w;

	if (!sentence_begin(&w))
		return;
	fprintf(w.m, "%.1f s were recorded. ", (double)(s->until_ns - s->from_ns) / 1e9);
	if (h->why_none)
		fprintf(w.m, "There is not enough evidence for any hint: %s.", h->why_none);
	else if (!h->n_given)
		fprintf(w.m, "No hint: nothing would gain %.0f s/h for certain.",
			h->options->least);
	else
		fprintf(w.m, "%zu hint%s; nothing was changed, and nothing will be.",
			h->n_given, h->n_given > 1 ? "s" : "");
	sentence_end(f, &w, 0);
}

void hints_text(FILE *f, const struct hints *h, bool all)
{
	size_t i;

	head(f, h);
	for (i = 0; i < h->n_given && (all || i < MOST); i++) {
		fputc('\n', f);
		hint(f, h, &h->all.at[i], i + 1);
	}
	if (i < h->n_given)
		fprintf(f, "\nand %zu more: --all\n", h->n_given - i);
	if (h->n_given < h->all.count)
		fputs("\nNot said, for lack of evidence or of a remedy:\n", f);
	for (i = 0; h->n_given + i < h->all.count && (all || i < MOST); i++)
		silent(f, h, &h->all.at[h->n_given + i]);
	if (h->n_given + i < h->all.count)
		fprintf(f, "and %zu more: --all\n", h->all.count - h->n_given - i);
}
