// SPDX-License-Identifier: MIT
/*
 * What each virtual CPU wanted and got, window by window. The page has the
 * figures; its script draws them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "export/page.h"

/* A virtual CPU, and what it was denied in all. */
struct one {
	uint32_t vcpu;
	int64_t denied_ns;
};

static int by_denied(const void *x, const void *y)
{
	const struct one *a = x, *b = y;

	if (a->denied_ns != b->denied_ns)
		return a->denied_ns < b->denied_ns ? 1 : -1;
	return (a->vcpu > b->vcpu) - (a->vcpu < b->vcpu);
}

/* Those that are reported, the most denied first; owned by the caller. */
static struct one *ranked(struct page *p, size_t *n)
{
	const struct analysis *a = p->job->analysis;
	struct one *list = calloc(a->totals.vcpus.count + 1, sizeof(*list));
	uint32_t i;

	*n = 0;
	if (!list) {
		p->job->error = -ENOMEM;
		return NULL;
	}
	for (i = 0; i < a->totals.vcpus.count; i++) {
		struct analysis_figures g =
			analysis_figures_of(a->totals.vcpus.at[i].ns);

		if (analysis_window_of(&p->windows, i, 0) &&
		    analysis_reported(a, i))
			list[(*n)++] = (struct one){i, g.denied};
	}
	if (*n)
		qsort(list, *n, sizeof(*list), by_denied);
	return list;
}

void page_series(FILE *f, struct page *p)
{
	size_t n;
	struct one *list = ranked(p, &n);

	fputs("<section id=series hidden><h2>Wanted and got, over time</h2>\n"
	      "<ul class=legend id=series-legend></ul>"
	      "<div id=charts></div>\n",
	      f);
	if (n > PAGE_SERIES)
		fprintf(f,
			"<p>The %d of %zu virtual CPUs that were denied the "
			"most. vmsync analyze --json --window=%" PRId64
			" has all.</p>\n",
			PAGE_SERIES, n, p->windows.window_ns);
	fputs("</section>\n", f);
	free(list);
}

enum part { GOT, OVERHEAD, STEAL, BLOCKED, PARTS };

static int64_t part_of(const int64_t *ns, enum part part)
{
	struct analysis_figures g = analysis_figures_of(ns);

	switch (part) {
	case GOT:
		return g.got;
	case OVERHEAD:
		return g.overhead;
	case STEAL:
		return g.steal;
	default:
		return g.denied - g.steal;
	}
}

static void series(FILE *f, const struct page *p, uint32_t vcpu)
{
	static const char *const keys[PARTS] = {"got", "overhead", "steal",
						"blocked"};
	char label[256];
	uint32_t i;
	int k;

	analysis_vcpu_text(p->job->analysis, vcpu, label, sizeof(label));
	fprintf(f, "\n{\"number\": %u, \"row\": %" PRId64 ", \"label\": ", vcpu,
		(int64_t)page_vcpu_row(p, vcpu) - 1);
	page_json(f, label);
	for (k = 0; k < PARTS; k++) {
		fprintf(f, ", \"%s\": [", keys[k]);
		for (i = 0; i < p->windows.n; i++)
			fprintf(f, "%s%" PRId64, i ? "," : "",
				part_of(analysis_window_of(&p->windows, vcpu, i)
						->ns,
					(enum part)k));
		fputs("]", f);
	}
	fputs("}", f);
}

void page_series_data(FILE *f, struct page *p)
{
	size_t i, n;
	struct one *list = ranked(p, &n);

	fprintf(f, "\"window\": %" PRId64 ", \"series\": [",
		p->windows.window_ns);
	for (i = 0; i < n && i < PAGE_SERIES; i++) {
		fputs(i ? "," : "", f);
		series(f, p, list[i].vcpu);
	}
	fputs("]", f);
	free(list);
}
