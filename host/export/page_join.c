// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/state.h"
#include "export/page.h"
#include "export/page_join.h"
#include "export/page_lanes.h"

/* Of the table: the longest, and what is shorter than a part of the whole is left out. */
#define MOST_PARTS 60
#define LEAST_PART 500

/* Threads of the guest, those that ran the longest. */
#define MOST_THREADS 10

static const struct migration_process *process_of(const struct join *j,
						  size_t side)
{
	const struct migrations *m = j->migrations;

	return &m->processes.at[m->sides.at[side].process];
}

static void place(FILE *f, const struct join *j, size_t side)
{
	const struct migration_process *p;

	if (side == MIGRATION_NONE) {
		fputs("?", f);
		return;
	}
	p = process_of(j, side);
	page_text(f, p->name);
	if (!p->host && !p->on_trace_clock)
		return;
	fputs(" on ", f);
	page_text(f, p->host ? p->host :
			       j->migrations->machines.machine[p->machine].name);
}

void page_join_title(FILE *f, const struct join *j)
{
	const struct migration *g = j->migration;

	fputs("Live migration: ", f);
	if (j->n_seeds) {
		const struct layers_object *obj = j->objects.at[0];

		page_text(f, obj->name ? obj->name : obj->key);
		fputs(", ", f);
	}
	place(f, j, g->source);
	fputs(" \xe2\x86\x92 ", f);
	place(f, j, g->destination);
}

static void seconds(FILE *f, int64_t ns)
{
	fprintf(f, "%.3f s", (double)ns / 1e9);
}

static void operation(FILE *f, const struct join *j,
		      const struct layers_engine *g)
{
	const struct migration_side *side =
		migration_of(j->migrations, j->migration);
	const struct layers_object *obj = NULL;
	const struct layers_span *s = g ? join_operation(j, &obj) : NULL;
	int64_t down_ns;

	if (!s) {
		fputs("<p>No service's operation was found that this belongs "
		      "to: by the uuid, or the name, that vmsync import "
		      "--libvirt or --vm took.</p>\n", f);
		return;
	}
	fputs("<p class=answer>", f);
	page_text(f, g->tracks.at[obj->track].name);
	putc(' ', f);
	page_text(f, obj->name ? obj->name : obj->key);
	fputs(" was ", f);
	page_text(f, layers_name_text(&g->names, s->name));
	fputs(" for ", f);
	seconds(f, s->until_ns - s->from_ns);
	fputs(": ", f);
	seconds(f, side->begin_ns - s->from_ns);
	fputs(" before QEMU began, ", f);
	seconds(f, side->end_ns - side->begin_ns);
	fputs(" of QEMU's own, ", f);
	seconds(f, s->until_ns - side->end_ns);
	fputs(" after that.", f);
	if (j->migration->has_down) {
		fputs(" The guest was down for ", f);
		seconds(f, j->migration->down_ns);
		fputs(", from its source's stop to its destination's run.", f);
	}
	if (join_kernel_down(j, &down_ns)) {
		fputs(" By the kernels, no virtual CPU ran it for ", f);
		seconds(f, down_ns);
		fputs(".", f);
	}
	fputs("</p>\n", f);
}

/* ---------------------------------------------------------- table of parts */

struct part {
	const char *layer;
	const char *of;
	const char *what;
	const char *where;
	int64_t from_ns;
	int64_t ns;
};

struct parts {
	VMSYNC_ARRAY(struct part) list;
};

static void part_add(const struct join *j, struct parts *p, struct part part)
{
	struct part *at;

	if (part.ns < (j->until_ns - j->from_ns) / LEAST_PART ||
	    part.from_ns >= j->until_ns || part.from_ns + part.ns <= j->from_ns)
		return;
	at = vmsync_array_add(&p->list);
	if (at)
		*at = part;
}

static void parts_of_object(const struct join *j, struct parts *p,
			    const struct layers_engine *g,
			    const struct layers_object *obj)
{
	size_t i;

	for (i = 0; i < obj->spans.count; i++) {
		const struct layers_span *s = &obj->spans.at[i];

		part_add(j, p, (struct part){
			"application", g->tracks.at[obj->track].name,
			layers_name_text(&g->names, s->name),
			s->place == LAYERS_NO_NAME ?
				"" : layers_name_text(&g->names, s->place),
			s->from_ns, s->until_ns - s->from_ns });
	}
}

static void parts_of_side(const struct join *j, struct parts *p, size_t side,
			  const char *of)
{
	const struct migration_side *s;
	const char *where;
	size_t i;

	if (side == MIGRATION_NONE)
		return;
	s = &j->migrations->sides.at[side];
	where = process_of(j, side)->host ? process_of(j, side)->host :
					    process_of(j, side)->name;
	for (i = 0; i < s->stages.count; i++) {
		int64_t until_ns = i + 1 < s->stages.count ?
					   s->stages.at[i + 1].ns : s->end_ns;

		part_add(j, p, (struct part){
			"QEMU", of, s->stages.at[i].name,
			where, s->stages.at[i].ns,
			until_ns - s->stages.at[i].ns });
	}
}

static int by_length(const void *x, const void *y)
{
	const struct part *a = x, *b = y;

	return (a->ns < b->ns) - (a->ns > b->ns);
}

static int by_begin(const void *x, const void *y)
{
	const struct part *a = x, *b = y;

	if (a->from_ns != b->from_ns)
		return a->from_ns < b->from_ns ? -1 : 1;
	return by_length(x, y);
}

static void cell(FILE *f, const char *s)
{
	fputs("<td>", f);
	page_text(f, s);
}

static void parts_print(FILE *f, const struct join *j, size_t number,
			struct parts *p)
{
	static const char *const heads[] = { ">from, s", ">took, ms", "layer",
					     "of", "what", "where", NULL };
	size_t i, n = p->list.count < MOST_PARTS ? p->list.count : MOST_PARTS;
	char id[32];

	if (!n)
		return;
	qsort(p->list.at, p->list.count, sizeof(*p->list.at), by_length);
	qsort(p->list.at, n, sizeof(*p->list.at), by_begin);
	snprintf(id, sizeof(id), "parts-%zu", number);
	page_table_begin(f, id, "What took how long", heads);
	for (i = 0; i < n; i++) {
		const struct part *at = &p->list.at[i];

		fprintf(f, "<tr><td class=n>%.3f<td class=n>%.3f",
			(double)(at->from_ns - j->from_ns) / 1e9,
			(double)at->ns / 1e6);
		cell(f, at->layer);
		cell(f, at->of);
		cell(f, at->what);
		cell(f, at->where);
		putc('\n', f);
	}
	page_table_end(f);
	fprintf(f, "<p>Of all that took at least %.3f ms the longest, in the "
		"order of time.</p></section>\n",
		(double)((j->until_ns - j->from_ns) / LEAST_PART) / 1e6);
}

static void parts(FILE *f, const struct join *j, size_t number,
		  const struct layers_engine *g)
{
	struct parts p = { 0 };
	size_t i;

	for (i = 0; g && i < j->objects.count; i++)
		parts_of_object(j, &p, g, j->objects.at[i]);
	parts_of_side(j, &p, j->migration->source, "source");
	if (join_has_destination(j->migration))
		parts_of_side(j, &p, j->migration->destination, "destination");
	if (j->migration->has_down)
		part_add(j, &p, (struct part){
			"QEMU", "guest", "down", "",
			migration_of(j->migrations, j->migration)->stop_ns,
			j->migration->down_ns });
	parts_print(f, j, number, &p);
	vmsync_array_free(&p.list);
}

/* ------------------------------------------------------------------ the rest */

static void threads(FILE *f, const struct join *j)
{
	const struct migration *g = j->migration;
	size_t i;

	if (!g->threads.count)
		return;
	fputs("<p>Threads of the guest that ran while memory was sent, one of "
	      "which wrote to it: ", f);
	for (i = 0; i < g->threads.count && i < MOST_THREADS; i++) {
		fputs(i ? ", " : "", f);
		page_text(f, g->threads.at[i].name);
		fprintf(f, " (%" PRId32 ") %.3f ms", g->threads.at[i].tid,
			(double)g->threads.at[i].ran_ns / 1e6);
	}
	fputs("</p>\n", f);
}

static void legend(FILE *f, const struct join *j)
{
	int s;

	if (!j->vcpus.count)
		return;
	fputs("<ul class=legend aria-label=\"Colours of virtual CPUs\">", f);
	for (s = 0; s < ANALYSIS_STATES; s++)
		fprintf(f, "<li><span class=s-%s></span>%s",
			analysis_state_key((enum analysis_state)s),
			analysis_state_name((enum analysis_state)s));
	fputs("</ul>\n", f);
}

static void qemu_text(FILE *f, const struct join *j)
{
	char *text = NULL;
	size_t n = 0;
	FILE *m = open_memstream(&text, &n);

	if (!m)
		return;
	migration_text(m, j->migrations, j->migration, false);
	if (!fclose(m)) {
		const char *line, *end;

		fputs("<details><summary>What QEMU told</summary><pre>", f);
		for (line = text; *line; line = *end ? end + 1 : end) {
			char one[400];

			end = line + strcspn(line, "\n");
			snprintf(one, sizeof(one), "%.*s", (int)(end - line), line);
			page_text(f, one);
			putc('\n', f);
		}
		fputs("</pre></details>\n", f);
	}
	free(text);
}

void page_join(FILE *f, const struct join *j, size_t number,
	       const struct layers_engine *g)
{
	bool is_long = (j->until_ns - j->from_ns) / 2 >
		       j->near_until_ns - j->near_from_ns;

	fprintf(f, "<section id=migration-%zu><h2>", number);
	page_join_title(f, j);
	fputs("</h2>\n", f);
	operation(f, j, g);
	if (is_long)
		page_lanes(f, j, g, "All of the operation", j->from_ns,
			   j->until_ns);
	if (is_long)
		fputs("<h3>QEMU's part of it</h3>\n", f);
	page_lanes(f, j, g, "The migration, layer by layer",
		   is_long ? j->near_from_ns : j->from_ns,
		   is_long ? j->near_until_ns : j->until_ns);
	legend(f, j);
	threads(f, j);
	qemu_text(f, j);
	fputs("</section>\n", f);
	parts(f, j, number, g);
}
