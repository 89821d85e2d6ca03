// SPDX-License-Identifier: MIT
#include <inttypes.h>

#include "base/json_string.h"
#include "fuse/covered.h"
#include "fuse/print.h"
#include "fuse/report.h"
#include "hosts/hosts.h"

static const struct vmsync_machine *host(const struct vmsync_hosts *h, int i)
{
	return h->on[i].host;
}

/* A machine's name says too little where both have the same. */
static void print_which(FILE *f, const struct vmsync_hosts *h, int i)
{
	fprintf(f, "%s %s", i ? "the second host," : "the first host,",
		host(h, i)->name);
}

static void crossing_text(FILE *f, const struct vmsync_hosts *h,
			  const struct vmsync_crossing *x)
{
	int64_t down_ns = x->arrived_at_ns - x->left_at_ns;

	fputs("  left        ", f);
	print_which(f, h, x->from);
	fputs(", at ", f);
	print_seconds(f, x->left_at_ns);
	fputs("\n  arrived     on ", f);
	print_which(f, h, x->to);
	fputs(", at ", f);
	print_seconds(f, x->arrived_at_ns);
	fprintf(f, "\n              did not run for %s", x->at_most ? "at most " : "");
	if (down_ns < 0)
		fputs("no time", f);
	else
		print_ms(f, down_ns);
	fputs(", known to ", f);
	print_ns(f, x->bound_ns);
	fputc('\n', f);
}

static void guest_text(FILE *f, const struct vmsync_hosts *h,
		       const struct vmsync_hosts_guest *g)
{
	const struct vmsync_contain_result *c = &g->joined->contain;

	fprintf(f, "\nguest %s, on the clock of the first host\n",
		g->joined->machine->name);
	vmsync_covered_text(f, g->joined);
	fprintf(f, "  containment %" PRIu64 " inside (", c->inside - c->edge);
	for (int i = 0; i < 2; i++)
		fprintf(f, "%" PRIu64 " on %s%s",
			g->on[i] ? g->on[i]->contain.inside - g->on[i]->contain.edge : 0,
			i ? "the second host" : "the first, ", i ? "), " : "");
	fprintf(f, "%" PRIu64 " outside\n", c->outside);
	for (size_t i = 0; i < g->n; i++)
		crossing_text(f, h, &g->crossings[i]);
	if (!g->contradicted_ns)
		return;
	fputs("  CONTRADICTS it ran on both hosts at once, by ", f);
	print_ns(f, g->contradicted_ns);
	fputs(" more than\n              the bounds of all maps allow\n", f);
}

void vmsync_hosts_text(FILE *f, const struct vmsync_hosts *h, bool all_segments)
{
	static const char *const parts[] = { "The first host, by itself",
					     "The second host, by itself" };
	size_t i;

	for (i = 0; i < 2; i++) {
		fprintf(f, "=== %s\n\n", parts[i]);
		vmsync_report_text(f, &h->on[i], all_segments);
		fputc('\n', f);
	}
	fputs("=== The second host, on the clock of the first\n\n", f);
	vmsync_report_text(f, &h->between, all_segments);
	fputs("\n=== All on the clock of the first host\n", f);
	for (i = 0; i < h->n_guests; i++)
		guest_text(f, h, &h->guests[i]);
	if (!vmsync_hosts_agree(h))
		fputs("\nThe witnesses do NOT agree with the maps: see violations, "
		      "outside, DISAGREE,\nCONTRADICTS above.\n", f);
	if (!vmsync_session_covered(&h->joined))
		fputs("\nNot all events are known as well as those with evidence: "
		      "see OUTSIDE above.\n", f);
}

static void crossing_json(FILE *f, const struct vmsync_crossing *x)
{
	fprintf(f,
		"{\"from\": %d, \"to\": %d, \"left_host_ns\": %" PRId64
		", \"arrived_host_ns\": %" PRId64 ", \"left_ns\": %" PRId64
		", \"arrived_ns\": %" PRId64 ", \"downtime_ns\": %" PRId64
		", \"at_most\": %s",
		x->from, x->to, x->left_ns, x->arrived_ns, x->left_at_ns,
		x->arrived_at_ns, x->arrived_at_ns - x->left_at_ns,
		x->at_most ? "true" : "false");
	print_json_bound(f, "bound_ns", x->bound_ns);
	fputc('}', f);
}

static void guest_json(FILE *f, const struct vmsync_hosts_guest *g)
{
	fputs("\n  {\"name\": ", f);
	vmsync_json_string(f, g->joined->machine->name);
	fprintf(f, ", \"host_start_ns\": %" PRId64 ", \"host_end_ns\": %" PRId64
		", \"contradicted_ns\": %" PRId64,
		g->joined->from_ns, g->joined->until_ns, g->contradicted_ns);
	vmsync_covered_json(f, g->joined);
	fprintf(f, ", \"containment\": {\"events\": %" PRIu64 ", \"inside\": [",
		g->joined->events);
	for (int i = 0; i < 2; i++)
		fprintf(f, "%s%" PRIu64, i ? ", " : "",
			g->on[i] ? g->on[i]->contain.inside - g->on[i]->contain.edge : 0);
	fprintf(f, "], \"outside\": %" PRIu64 "}", g->joined->contain.outside);
	fputs(", \"crossings\": [", f);
	for (size_t i = 0; i < g->n; i++) {
		fputs(i ? ", " : "", f);
		crossing_json(f, &g->crossings[i]);
	}
	fputs("]}", f);
}

void vmsync_hosts_json(FILE *f, const struct vmsync_hosts *h)
{
	size_t i;

	fprintf(f, "{\"agrees\": %s, \"covered\": %s, \"hosts\": [",
		vmsync_hosts_agree(h) ? "true" : "false",
		vmsync_session_covered(&h->joined) ? "true" : "false");
	vmsync_report_json(f, &h->on[0], NULL, 0);
	fputs(", ", f);
	vmsync_report_json(f, &h->on[1], NULL, 0);
	fputs("], \"between\": ", f);
	vmsync_report_json(f, &h->between, NULL, 0);
	fputs(", \"guests\": [", f);
	for (i = 0; i < h->n_guests; i++) {
		fputs(i ? "," : "", f);
		guest_json(f, &h->guests[i]);
	}
	fputs("]}\n", f);
}
