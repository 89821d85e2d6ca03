// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/print.h"
#include "migration/migration.h"
#include "migration/verdict.h"

/* Rounds that are printed where there are more: the first ones, and the last ones. */
#define SOME 8

#define COLUMNS 80

/* A migration has a few states; what has more is no log of one. */
#define MOST_STAGES 12

/* Threads of the guest that are told, those that ran longest. */
#define MOST_THREADS 5

static void duration(FILE *f, int64_t ns)
{
	if (ns < 10000000000)
		fprintf(f, "%.3f ms", (double)ns / 1e6);
	else
		fprintf(f, "%.3f s", (double)ns / 1e9);
}

static const char *result_word(const struct migration_side *s)
{
	static const char *const words[] = {
		[MIGRATION_OPEN] = "not ended",
		[MIGRATION_COMPLETED] = "completed",
		[MIGRATION_CANCELLED] = "cancelled",
		[MIGRATION_FAILED] = "FAILED",
	};

	return words[s->result];
}

static void process_name(FILE *f, const struct migrations *m, size_t side)
{
	const struct migration_process *p;

	if (side == MIGRATION_NONE) {
		fputs("?", f);
		return;
	}
	p = &m->processes.at[m->sides.at[side].process];
	print_cut(f, p->name, 30);
	if (!p->host && !p->on_trace_clock)
		return;
	fputs(" on ", f);
	print_cut(f, p->host ? p->host : m->machines.machine[p->machine].name,
		  20);
}

static void head(FILE *f, const struct migrations *m, const struct migration *g)
{
	const struct migration_side *s = migration_of(m, g);

	process_name(f, m, g->source);
	fputs(" -> ", f);
	process_name(f, m, g->destination);
	fprintf(f, ": %s after ", result_word(s));
	duration(f, s->end_ns - s->begin_ns);
	fputc('\n', f);
}

static void label(FILE *f, const char *text)
{
	fprintf(f, "  %-10s ", text);
}

static void remark(FILE *f, const char *name, const char *text)
{
	label(f, name);
	print_paragraph(f, text, COLUMNS - 13, 13);
}

static const char *clocks_word(const struct migrations *m,
			       const struct migration *g)
{
	if (g->bound_ns == UINT64_MAX)
		return "the time of day was set meanwhile, or there is no "
		       "evidence of both machines' clocks then";
	if (g->clocks == MIGRATION_SAME_CLOCK)
		return "on one clock";
	if (m->agree_ns)
		return "by the times of day, which agree as well as --agree says";
	return "by the time of day: of one machine; of two as well as theirs "
	       "agreed";
}

static void down(FILE *f, const struct migrations *m, const struct migration *g)
{
	const struct migration_side *s = migration_of(m, g);
	char text[256];

	label(f, "down");
	duration(f, g->down_ns);
	fputs(", source stopped to destination running; +- ", f);
	if (g->bound_ns == UINT64_MAX)
		fputs("?", f);
	else
		print_ns(f, (int64_t)g->bound_ns);
	fputc('\n', f);
	remark(f, "", clocks_word(m, g));
	if (g->stopping_ns >= 0) {
		snprintf(text, sizeof(text),
			 "of that, the source took at most %.3f ms to stop",
			 (double)g->stopping_ns / 1e6);
		remark(f, "", text);
	}
	if (g->guest_down_ns >= 0) {
		snprintf(text, sizeof(text), "by KVM %.3f ms: from its last exit on the "
			 "source to its first entry on the destination",
			 (double)g->guest_down_ns / 1e6);
		remark(f, "", text);
	}
	if (!migration_answer_down(s) || s->result != MIGRATION_COMPLETED)
		return;
	snprintf(text, sizeof(text), "QEMU's own figure is %" PRIu64 " ms: it ends "
		 "where the source is done", s->answer.number[MIGRATION_DOWNTIME_MS]);
	remark(f, "", text);
}

/* Why there is none. */
static void no_down(FILE *f, const struct migrations *m,
		    const struct migration *g)
{
	const struct migration_side *s = migration_of(m, g);
	char text[256];

	if (g->clocks == MIGRATION_APART && g->destination != MIGRATION_NONE)
		snprintf(text, sizeof(text), "not known: the clocks of two "
			 "machines; vmsync fuse --match puts them on one, or "
			 "--agree says how well their times of day agree");
	else if (g->candidates > 1)
		snprintf(text, sizeof(text), "not known: %zu destinations could be "
			 "its; vmsync import --vm says whose they are",
			 g->candidates);
	else if (s->role == MIGRATION_DESTINATION)
		snprintf(text, sizeof(text), "not known: nothing is named that its "
			 "source told");
	else if (s->stop_ns == MIGRATION_NEVER)
		snprintf(text, sizeof(text), "none%s: the guest was not stopped",
			 s->result == MIGRATION_OPEN ? " yet" : "");
	else if (s->run_ns != MIGRATION_NEVER)
		snprintf(text, sizeof(text), "the guest went on where it was, after "
			 "%.3f ms", (double)(s->run_ns - s->stop_ns) / 1e6);
	else
		snprintf(text, sizeof(text), "not known: it was stopped, and nothing "
			 "tells that it ran again");
	remark(f, "down", text);
}

/* Names may be anything: their control characters are gone before lines are broken. */
static void stages(FILE *f, const struct migration_side *s)
{
	char *text = NULL;
	size_t i, n = 0;
	FILE *to = open_memstream(&text, &n);

	if (!to)
		return;
	for (i = 0; i < s->stages.count; i++) {
		const struct migration_stage *at = &s->stages.at[i];

		fputs(i ? ", " : "", to);
		if (i == MOST_STAGES) {
			fprintf(to, "and %zu more", s->stages.count - i);
			break;
		}
		print_cut(to, at->name, 24);
		if (i + 1 == s->stages.count)
			break;
		fputc(' ', to);
		duration(to, at[1].ns - at->ns);
	}
	if (!fclose(to))
		remark(f, "stages", text);
	free(text);
}

static void mib(FILE *f, uint64_t bytes)
{
	if (bytes == UINT64_MAX)
		fprintf(f, " %9s", "-");
	else
		fprintf(f, " %9.2f", (double)bytes / (1 << 20));
}

static void round_line(FILE *f, const struct migration_side *s, size_t i)
{
	const struct migration_round *r = &s->rounds.list.at[i];
	double seconds = (double)r->since_ns / 1e9;

	fprintf(f, "  %5zu %9.3f", i + 1, (double)(r->ns - s->begin_ns) / 1e9);
	if (r->known)
		fprintf(f, " %8" PRIu64, r->dirty_pages);
	else
		fprintf(f, " %8s", "?");
	if (seconds > 0 && r->known &&
	    (s->stop_ns == MIGRATION_NEVER || r->ns <= s->stop_ns))
		fprintf(f, " %9.0f", (double)r->dirty_pages / seconds);
	else
		fprintf(f, " %9s", "-");
	mib(f, r->sent_bytes);
	if (r->sent_ms)
		fprintf(f, " %8.2f", (double)r->sent_bytes / 1048.576 /
					     (double)r->sent_ms);
	else
		fprintf(f, " %8s", "-");
	mib(f, r->left_bytes);
	mib(f, r->allowed_bytes);
	fputc('\n', f);
}

static void rounds(FILE *f, const struct migration_side *s, bool all)
{
	size_t i, n = s->rounds.list.count;

	if (!n && s->rounds.passes)
		fprintf(f, "  %-10s %" PRIu64 ", by QMP\n", "rounds",
			s->rounds.passes);
	if (!n)
		return;
	fprintf(f, "  %-10s %zu; what each found, and since the one before:\n",
		"rounds", n);
	fputs("  round   after s    dirty    dirty/s  sent MiB    MiB/s  left MiB "
	      "  may be\n", f);
	for (i = 0; i < n; i++) {
		if (!all && n > 2 * SOME && i == SOME) {
			fprintf(f, "    ... %zu more, with --all\n",
				n - 2 * SOME);
			i = n - SOME;
		}
		round_line(f, s, i);
	}
}

static void rates(FILE *f, const struct migration_verdict *v)
{
	char text[256];

	if (v->dirty_bytes_s < 0 || v->link_bytes_s < 0)
		return;
	snprintf(text, sizeof(text), "in the last %zu round%s %.2f MiB/s became "
		 "dirty, %.2f MiB/s were sent", v->rounds,
		 v->rounds == 1 ? "" : "s", v->dirty_bytes_s / (1 << 20),
		 v->link_bytes_s / (1 << 20));
	remark(f, "rates", text);
	if (v->waited <= 0.05)
		return;
	snprintf(text, sizeof(text), "%.0f %% of that time the source waited because "
		 "of max-bandwidth", 100 * v->waited);
	remark(f, "", text);
}

static void why(FILE *f, const struct migration_side *s)
{
	struct migration_verdict v;
	char text[256];

	migration_judge(s, &v);
	rates(f, &v);
	if (v.why == MIGRATION_WHY_FIRST && s->result != MIGRATION_OPEN)
		remark(f, "why", "it ended before its second round did: nothing "
			  "tells whether it would have converged");
	if (v.why != MIGRATION_WHY_FASTER && v.why != MIGRATION_WHY_LEFT)
		return;
	remark(f, "why", v.why == MIGRATION_WHY_FASTER ?
				 "it did not converge: pages became dirty faster than "
				 "they were sent" :
				 "it did not converge: what was left was always too much");
	if (v.least_left_bytes == UINT64_MAX || v.allowed_bytes == UINT64_MAX)
		return;
	snprintf(text, sizeof(text), "%.2f MiB were left by the best round, %.2f might "
		 "be", (double)v.least_left_bytes / (1 << 20),
		 (double)v.allowed_bytes / (1 << 20));
	remark(f, "", text);
	if (v.enough_ms == UINT64_MAX)
		return;
	snprintf(text, sizeof(text), "with a downtime-limit of %" PRIu64
		 " ms or more that would have been the last one", v.enough_ms);
	remark(f, "", text);
}

/* Who ran: one of them wrote to the pages. */
static void threads(FILE *f, const struct migration_side *s,
		    const struct migration *g)
{
	int64_t until_ns = s->stop_ns != MIGRATION_NEVER ? s->stop_ns : s->end_ns;
	double whole = (double)(until_ns - s->begin_ns);
	size_t i;

	for (i = 0; i < g->threads.count && i < MOST_THREADS; i++) {
		const struct migration_thread *t = &g->threads.at[i];

		label(f, i ? "" : "guest");
		print_cut(f, t->name, 20);
		fprintf(f, " %d ran ", t->tid);
		duration(f, t->ran_ns);
		if (whole > 0)
			fprintf(f, ", %.0f %% of the time until the stop",
				100 * (double)t->ran_ns / whole);
		fputc('\n', f);
	}
}

static void others(FILE *f, const struct migration_side *s,
		   const struct migration_side *d)
{
	char text[256];

	if (s->result != MIGRATION_COMPLETED && s->role == MIGRATION_SOURCE &&
	    s->result != MIGRATION_OPEN && s->stop_ns == MIGRATION_NEVER)
		remark(f, "rollback", "none was needed: the source ran on");
	if (s->throttles) {
		snprintf(text, sizeof(text), "the guest was slowed down %" PRIu64
			 " times (auto-converge)", s->throttles);
		remark(f, "throttle", text);
	}
	if (s->postcopy) {
		snprintf(text, sizeof(text), "the guest went before its memory, and "
			 "waited for %" PRIu64 " pages", d ? d->faults : 0);
		remark(f, "postcopy", text);
	}
	if (s->error[0]) {
		label(f, "error");
		print_clean(f, s->error);
		fputc('\n', f);
	}
}

void migration_text(FILE *f, const struct migrations *m, const struct migration *g,
		bool all)
{
	const struct migration_side *s = migration_of(m, g);
	const struct migration_side *d = g->destination == MIGRATION_NONE ?
						 NULL : &m->sides.at[g->destination];

	head(f, m, g);
	if (g->has_down)
		down(f, m, g);
	else
		no_down(f, m, g);
	stages(f, s);
	rounds(f, s, all);
	if (s->role != MIGRATION_DESTINATION)
		why(f, s);
	threads(f, s, g);
	others(f, s, d);
}

static void process_doubts(FILE *f, const struct migration_process *p)
{
	if (!p->went_back_ns && !p->broken)
		return;
	print_clean(f, p->name);
	if (p->went_back_ns)
		fputs(": TIME WENT BACK in it: no figure across that is to be relied "
		      "on", f);
	if (p->broken)
		fprintf(f, ": %" PRIu64 " STATES DO NOT FOLLOW EACH OTHER: lines are "
			"missing, or two QEMUs share a log", p->broken);
	fputc('\n', f);
}

static void side_doubts(FILE *f, const struct migrations *m,
			const struct migration_side *s)
{
	const char *name = m->processes.at[s->process].name;
	int64_t stepped_ns = migration_rounds_stepped(&s->rounds);

	if (stepped_ns) {
		print_clean(f, name);
		fprintf(f, ": THE TIME OF DAY WAS SET by %.3f s meanwhile, QEMU's own "
			"clock says: no figure across that is to be relied on\n",
			(double)stepped_ns / 1e9);
	}
	if (s->mixed) {
		print_clean(f, name);
		fputs(": BOTH SOURCE AND DESTINATION at once: give each QEMU a log "
		      "of its own, -D FILE-%d\n", f);
	}
}

void migrations_text(FILE *f, const struct migrations *m, bool all)
{
	size_t i;

	for (i = 0; i < m->processes.count; i++)
		process_doubts(f, &m->processes.at[i]);
	for (i = 0; i < m->sides.count; i++)
		side_doubts(f, m, &m->sides.at[i]);
	if (!m->list.count)
		fputs("no migration\n", f);
	for (i = 0; i < m->list.count; i++) {
		if (i)
			fputc('\n', f);
		migration_text(f, m, &m->list.at[i], all);
	}
}
