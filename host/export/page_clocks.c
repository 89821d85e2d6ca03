// SPDX-License-Identifier: MIT
/* How well the clocks of the guests are known: a table, and their maps drawn.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "export/page.h"
#include "fuse/markup.h"
#include "fuse/plot.h"

static void bound(FILE *f, int64_t ns)
{
	if (ns >= VMSYNC_BOUND_NONE)
		fputs("<td class=n>no bound", f);
	else
		fprintf(f, "<td class=n data-ns=%" PRId64 ">%" PRId64, ns, ns);
}

static void guest(FILE *f, const struct vmsync_session_guest *g)
{
	const struct vmsync_guest_report *r = g->report;
	const char *sep = "";
	int m;

	fputs("<tr><th scope=row>", f);
	markup_text(f, g->machine->name);
	if (r->suspect)
		fputs(" (SUSPECT)", f);
	bound(f, r->bound_worst_ns);
	bound(f, r->bound_p99_ns);
	fputs("<td>", f);
	for (m = 0; m < VMSYNC_METHOD_COUNT; m++) {
		if (!r->shares[m].segments)
			continue;
		fprintf(f, "%s%s", sep,
			vmsync_method_name((enum vmsync_method)m));
		sep = ", ";
	}
	putc('\n', f);
}

/*
 * The picture of a guest's map, if there is room for it: its size depends on
 * what the traces say. Return: its bytes, or 0.
 */
static size_t picture(FILE *f, struct page *p, size_t number, size_t room)
{
	const struct vmsync_session *s = p->job->analysis->session;
	const char *name = s->guests[number].machine->name;
	struct ctf_error e;
	char *text = NULL, attributes[400];
	size_t n = 0;
	FILE *m = open_memstream(&text, &n);

	snprintf(attributes, sizeof(attributes),
		 "class=map role=img aria-label=\"Clock of %s over time: its "
		 "offset, its bound, and its beacons\"",
		 name);
	if (m &&
	    vmsync_plot_guest(m, s, number, PAGE_PLOT_DOTS, attributes, &e)) {
		p->job->error = e.code;
		snprintf(p->job->why, sizeof(p->job->why), "%.199s", e.msg);
	}
	if (!m || fclose(m)) {
		p->job->error = -ENOMEM;
		n = 0;
	}
	if (n > room)
		n = 0;
	if (n)
		fprintf(f,
			"<div class=scroll tabindex=0 role=group "
			"aria-label=\"Clock of %s\">%s</div>\n",
			name, text);
	free(text);
	return n;
}

static void pictures(FILE *f, struct page *p)
{
	const struct vmsync_session *s = p->job->analysis->session;
	size_t i, n, left_out = 0, room = PAGE_PLOT_BYTES;

	if (s->experiment) {
		fputs("<p>These traces are on the host's clock already. vmsync "
		      "sync --plot=FILE draws how they came there, from the "
		      "traces that were recorded.</p>\n",
		      f);
		return;
	}
	for (i = 0; i < s->n_guests && !p->job->error; i++) {
		if (!export_wants_machine(p->job, (uint32_t)i + 1))
			continue;
		n = picture(f, p, i, room);
		room -= n;
		left_out += !n;
	}
	if (left_out)
		fprintf(f,
			"<p>There was no room for the pictures of %zu guests: "
			"vmsync sync --plot=FILE draws all.</p>\n",
			left_out);
}

void page_clocks(FILE *f, struct page *p)
{
	static const char *const heads[] = {
		"guest", ">error at most, where there is evidence, ns",
		">99 % of the time, ns", "by", NULL};
	const struct vmsync_session *s = p->job->analysis->session;
	size_t i;

	page_table_begin(f, "clocks", "How well the clocks are known", heads);
	for (i = 0; i < s->n_guests; i++) {
		if (export_wants_machine(p->job, (uint32_t)i + 1))
			guest(f, &s->guests[i]);
	}
	page_table_end(f);
	pictures(f, p);
	if (s->n_guests && !s->experiment)
		fputs("<p>Pictures reach as far as the evidence. vmsync sync "
		      "looks at all events: which are beyond it, and whether "
		      "each is within a stay in its virtual CPU.</p>\n",
		      f);
	fputs("</section>\n", f);
}
