// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "export/page.h"
#include "export/page_join.h"
#include "export/told.h"

/* Rows of a table: states of a track, the one with most time first. */
#define MOST_SUMS 15

static void ms(FILE *f, int64_t ns)
{
	fprintf(f, "<td class=n>%.3f", (double)ns / 1e6);
}

static void sum(FILE *f, const struct layers_names *names,
		const struct layers_sum *s)
{
	fputs("<tr><th scope=row>", f);
	page_text(f, layers_name_text(names, s->name));
	fputs("<td>", f);
	if (s->place != LAYERS_NO_NAME)
		page_text(f, layers_name_text(names, s->place));
	fprintf(f, "<td class=n>%" PRIu64 "<td class=n>%" PRIu64
		"<td class=n>%" PRIu64, s->hist.count, s->unfinished, s->failed);
	ms(f, s->total_ns);
	ms(f, s->self_ns);
	ms(f, (int64_t)analysis_hist_percentile(&s->hist, 50));
	ms(f, (int64_t)s->hist.max_ns);
	putc('\n', f);
}

static void failures(FILE *f, const struct layers_report *r, size_t track)
{
	const struct layers_listed *l = &r->listed[track];
	size_t i, n = 0;

	for (i = 0; i < l->objects.count && n < LAYERS_LISTED; i++) {
		const struct layers_object *obj = l->objects.at[i];

		if (!obj->cause)
			continue;
		fputs("<p class=note>", f);
		page_text(f, obj->name ? obj->name : obj->key);
		fputs(" FAILED: ", f);
		page_text(f, obj->cause);
		if (obj->cause_place != LAYERS_NO_NAME) {
			fputs(", ", f);
			page_text(f, layers_name_text(&r->engine->names,
						      obj->cause_place));
		}
		fputs("</p>\n", f);
		n++;
	}
}

static void track(FILE *f, const struct layers_report *r, size_t number)
{
	static const char *const heads[] = {
		"state", "where", ">ended", ">not ended", ">failed",
		">in all, ms", ">itself, ms", ">median, ms", ">longest, ms",
		NULL
	};
	const struct layers_track *t = &r->engine->tracks.at[number];
	char id[64], title[256], said[400];
	size_t i, n = 0;

	if (!t->ended)
		return;
	snprintf(id, sizeof(id), "track-%zu", number);
	snprintf(title, sizeof(title), "%s: %s", t->name, t->about);
	page_table_begin(f, id, title, heads);
	for (i = 0; i < r->sums.count; i++) {
		if (r->sums.at[i].track == number && n++ < MOST_SUMS)
			sum(f, &r->engine->names, &r->sums.at[i]);
	}
	page_table_end(f);
	fprintf(f, "<p>%" PRIu64 " objects.", t->ended);
	if (n > MOST_SUMS)
		fprintf(f, " %zu states more: vmsync layers lists all.",
			n - MOST_SUMS);
	if (layers_said(t, said, sizeof(said))) {
		putc(' ', f);
		page_text(f, said);
		putc('.', f);
	}
	fputs("</p>\n", f);
	failures(f, r, number);
	fputs("</section>\n", f);
}

void page_told_links(FILE *f, const struct page_told *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		fprintf(f, "<a href=#migration-%zu>Migration %zu</a> ", i + 1,
			i + 1);
	for (i = 0; t->layers && i < t->layers->engine->tracks.count; i++) {
		const struct layers_track *at = &t->layers->engine->tracks.at[i];

		if (at->ended)
			fprintf(f, "<a href=#track-%zu>%s</a> ", i, at->name);
	}
}

void page_told_migrations(FILE *f, const struct page_told *t)
{
	size_t i;

	for (i = 0; i < t->n_notes; i++) {
		fputs("<p class=note>", f);
		page_text(f, t->notes[i]);
		fputs("</p>\n", f);
	}
	for (i = 0; i < t->n; i++)
		page_join(f, &t->joins[i], i + 1,
			  t->layers ? t->layers->engine : NULL);
}

void page_told_tables(FILE *f, const struct page_told *t)
{
	size_t i;

	for (i = 0; t->layers && i < t->layers->engine->tracks.count; i++)
		track(f, t->layers, i);
}

/* The first migration is what the page is of, where there is one. */
static void title(FILE *f, const struct page_told *t)
{
	if (t->n == 1)
		page_join_title(f, &t->joins[0]);
	else
		fputs("what services and QEMUs told", f);
}

int page_told_write(const char *path, const struct page_told *t)
{
	char nonce[PAGE_NONCE];
	FILE *f = path ? fopen(path, "we") : fdopen(dup(STDOUT_FILENO), "w");
	int ret = f ? 0 : -errno;

	if (!ret)
		ret = page_nonce(nonce);
	if (!ret) {
		page_begin(f, nonce);
		fputs("vmsync: ", f);
		title(f, t);
		page_style(f, nonce);
		fputs("<header><h1>What services and QEMUs told</h1></header>\n<main>\n<nav aria-label=\"Parts of this "
		      "page\">", f);
		page_told_links(f, t);
		fputs("</nav>\n", f);
		page_told_migrations(f, t);
		page_told_tables(f, t);
		fputs("</main>\n</html>\n", f);
		ret = ferror(f) ? -EIO : 0;
	}
	if (f && fclose(f) && !ret)
		ret = -errno;
	return ret;
}
