// SPDX-License-Identifier: MIT
/* What a reader of the page must not overlook: it is said below the answer. */
#include <inttypes.h>

#include "export/page.h"

/* Guests that are named; more are counted. */
#define NAMED 20

static void left_out(FILE *f, const struct vmsync_session *s)
{
	size_t i;

	for (i = 0; i < s->n_left_out && i < NAMED; i++) {
		const struct ctf_error *why = &s->left_out[i].why;

		fputs("<p class=note>Left out: ", f);
		page_text(f, why->msg);
		fputs(why->remedy[0] ? "; " : "", f);
		page_text(f, why->remedy);
		fputs("</p>\n", f);
	}
	if (i < s->n_left_out)
		fprintf(f, "<p class=note>Left out: %zu guests more</p>\n",
			s->n_left_out - i);
}

static void suspects(FILE *f, const struct page *p)
{
	const struct vmsync_session *s = p->job->analysis->session;
	size_t i;

	for (i = 0; i < s->n_guests; i++) {
		if (!s->guests[i].report->suspect ||
		    !export_wants_machine(p->job, (uint32_t)i + 1))
			continue;
		fputs("<p class=note>", f);
		page_text(f, s->guests[i].machine->name);
		fputs(" is SUSPECT: it claims what the host contradicts"
		      "</p>\n",
		      f);
	}
}

static void anomalies(FILE *f, const struct page *p)
{
	const struct analysis_anomalies *n =
		analysis_model_anomalies(p->job->analysis->model);

	if (n->entries || n->exits || n->strangers)
		fprintf(f,
			"<p class=note>Not as it should be: %" PRIu64
			" entries without an exit before, %" PRIu64
			" exits without an entry, %" PRIu64
			" of which it is not known whose they are</p>\n",
			n->entries, n->exits, n->strangers);
}

void page_notes(FILE *f, const struct page *p)
{
	left_out(f, p->job->analysis->session);
	suspects(f, p);
	anomalies(f, p);
}
