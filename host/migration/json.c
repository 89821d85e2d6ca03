// SPDX-License-Identifier: MIT
#include <inttypes.h>

#include "base/json_string.h"
#include "migration/migration.h"
#include "migration/verdict.h"

/* Members with a comma first; what is not known is null. */
static void number(FILE *f, const char *key, uint64_t v, bool known)
{
	if (known)
		fprintf(f, ",\"%s\":%" PRIu64, key, v);
	else
		fprintf(f, ",\"%s\":null", key);
}

static void rate(FILE *f, const char *key, double v)
{
	if (v < 0)
		fprintf(f, ",\"%s\":null", key);
	else
		fprintf(f, ",\"%s\":%.0f", key, v);
}

static void span_ns(FILE *f, const char *key, int64_t ns)
{
	fprintf(f, ",\"%s\":%" PRId64, key, ns);
}

/* Since the first event: what programs read as a double keeps its ns. */
static void time_ns(FILE *f, const char *key, const struct migrations *m,
		    int64_t ns)
{
	if (ns == MIGRATION_NEVER)
		fprintf(f, ",\"%s\":null", key);
	else
		span_ns(f, key, ns - m->from_ns);
}

static void text(FILE *f, const char *key, const char *s)
{
	fprintf(f, ",\"%s\":", key);
	vmsync_json_string(f, s);
}

static const char *role_word(const struct migration_side *s)
{
	return s->role == MIGRATION_SOURCE ? "source" :
	       s->role == MIGRATION_DESTINATION ? "destination" : "unknown";
}

static const char *result_word(const struct migration_side *s)
{
	static const char *const words[] = {
		[MIGRATION_OPEN] = "open",
		[MIGRATION_COMPLETED] = "completed",
		[MIGRATION_CANCELLED] = "cancelled",
		[MIGRATION_FAILED] = "failed",
	};

	return words[s->result];
}

static void stages(FILE *f, const struct migrations *m,
		   const struct migration_side *s)
{
	size_t i;

	fputs(",\"stages\":[", f);
	for (i = 0; i < s->stages.count; i++) {
		fputs(i ? ",{\"state\":" : "{\"state\":", f);
		vmsync_json_string(f, s->stages.at[i].name);
		time_ns(f, "begin_ns", m, s->stages.at[i].ns);
		fputc('}', f);
	}
	fputc(']', f);
}

static void rounds(FILE *f, const struct migrations *m,
		   const struct migration_side *s)
{
	bool known;
	uint64_t pages = migration_rounds_dirty(&s->rounds, &known);
	size_t i;

	number(f, "dirty_pages", pages, known);
	fputs(",\"rounds\":[", f);
	for (i = 0; i < s->rounds.list.count; i++) {
		const struct migration_round *r = &s->rounds.list.at[i];

		fprintf(f, "%s{\"round\":%zu", i ? "," : "", i + 1);
		time_ns(f, "begin_ns", m, r->ns);
		span_ns(f, "asked_ns", r->asked_ns);
		number(f, "dirty_pages", r->dirty_pages, r->known);
		number(f, "printed_pages", r->printed, true);
		number(f, "since_ns", (uint64_t)r->since_ns, r->since_ns > 0);
		number(f, "sent_bytes", r->sent_bytes, true);
		number(f, "sent_ms", r->sent_ms, true);
		span_ns(f, "waited_ns", r->waited_ns);
		number(f, "left_bytes", r->left_bytes,
		       r->left_bytes != UINT64_MAX);
		number(f, "allowed_bytes", r->allowed_bytes,
		       r->allowed_bytes != UINT64_MAX);
		fputc('}', f);
	}
	fputc(']', f);
}

static void verdict(FILE *f, const struct migration_side *s)
{
	static const char *const words[] = {
		[MIGRATION_WHY_UNKNOWN] = "unknown",
		[MIGRATION_WHY_FIRST] = "ended too soon",
		[MIGRATION_WHY_CONVERGED] = "converged",
		[MIGRATION_WHY_POSTCOPY] = "postcopy",
		[MIGRATION_WHY_FASTER] = "dirtied faster than sent",
		[MIGRATION_WHY_LEFT] = "too much was left",
	};
	struct migration_verdict v;

	migration_judge(s, &v);
	fprintf(f, ",\"why\":{\"verdict\":\"%s\",\"rounds\":%zu", words[v.why],
		v.rounds);
	rate(f, "dirty_bytes_per_s", v.dirty_bytes_s);
	rate(f, "sent_bytes_per_s", v.link_bytes_s);
	fprintf(f, ",\"waited_share\":%.4f", v.waited);
	number(f, "least_left_bytes", v.least_left_bytes,
	       v.least_left_bytes != UINT64_MAX);
	number(f, "allowed_bytes", v.allowed_bytes,
	       v.allowed_bytes != UINT64_MAX);
	number(f, "enough_downtime_limit_ms", v.enough_ms,
	       v.enough_ms != UINT64_MAX);
	fputc('}', f);
}

static void answer(FILE *f, const struct migration_side *s)
{
	const uint64_t *n = s->answer.number;

	if (!s->has_answer) {
		fputs(",\"query_migrate\":null", f);
		return;
	}
	fputs(",\"query_migrate\":{\"status\":", f);
	vmsync_json_string(f, s->answer.text);
	number(f, "total_time_ms", n[MIGRATION_TOTAL_MS],
	       n[MIGRATION_TOTAL_MS]);
	number(f, "setup_time_ms", n[MIGRATION_SETUP_MS], true);
	number(f, "downtime_ms", n[MIGRATION_DOWNTIME_MS],
	       migration_answer_down(s));
	number(f, "dirty_sync_count", n[MIGRATION_SYNCS], true);
	number(f, "page_size", n[MIGRATION_PAGE_SIZE], true);
	number(f, "normal_pages", n[MIGRATION_NORMAL_PAGES], true);
	number(f, "duplicate_pages", n[MIGRATION_DUPLICATE_PAGES], true);
	number(f, "transferred_bytes", n[MIGRATION_TRANSFERRED_BYTES], true);
	fputc('}', f);
}

static void side(FILE *f, const char *key, const struct migrations *m,
		 size_t which)
{
	const struct migration_side *s;

	fprintf(f, ",\"%s\":", key);
	if (which == MIGRATION_NONE) {
		fputs("null", f);
		return;
	}
	s = &m->sides.at[which];
	fprintf(f, "{\"process\":%zu,\"role\":\"%s\",\"result\":\"%s\"",
		s->process, role_word(s), result_word(s));
	time_ns(f, "begin_ns", m, s->begin_ns);
	time_ns(f, "end_ns", m, s->end_ns);
	time_ns(f, "stop_ns", m, s->stop_ns);
	time_ns(f, "stopped_ns", m, s->stopped_ns);
	time_ns(f, "run_ns", m, s->run_ns);
	span_ns(f, "paused_ns", s->paused_ns);
	stages(f, m, s);
	if (s->role != MIGRATION_DESTINATION) {
		number(f, "qmp_passes", s->rounds.passes, s->rounds.passes);
		rounds(f, m, s);
		span_ns(f, "stepped_ns", migration_rounds_stepped(&s->rounds));
		verdict(f, s);
	}
	number(f, "throttles", s->throttles, true);
	fprintf(f, ",\"postcopy\":%s", s->postcopy ? "true" : "false");
	number(f, "postcopy_faults", s->faults, true);
	text(f, "error", s->error);
	answer(f, s);
	fprintf(f, ",\"mixed\":%s}", s->mixed ? "true" : "false");
}

static void process(FILE *f, const struct migrations *m, size_t i)
{
	const struct migration_process *p = &m->processes.at[i];

	fprintf(f, "%s{\"process\":%zu", i ? "," : "", i);
	text(f, "name", p->name);
	text(f, "trace", ctf_trace_path(p->trace));
	text(f, "machine", m->machines.machine[p->machine].name);
	fprintf(f, ",\"clock\":\"%s\"",
		p->on_trace_clock ? "trace" : "time of day");
	number(f, "bound_ns", p->bound_ns, true);
	span_ns(f, "went_back_ns", p->went_back_ns);
	number(f, "broken_states", p->broken, true);
	fputc('}', f);
}

static void threads(FILE *f, const struct migration *g)
{
	size_t i;

	fputs(",\"guest_threads\":[", f);
	for (i = 0; i < g->threads.count; i++) {
		fputs(i ? ",{\"name\":" : "{\"name\":", f);
		vmsync_json_string(f, g->threads.at[i].name);
		fprintf(f, ",\"tid\":%d", g->threads.at[i].tid);
		span_ns(f, "ran_ns", g->threads.at[i].ran_ns);
		fputc('}', f);
	}
	fputc(']', f);
}

void migration_json(FILE *f, const struct migrations *m,
		    const struct migration *g)
{
	static const char *const clocks[] = {
		[MIGRATION_SAME_CLOCK] = "one",
		[MIGRATION_TIME_OF_DAY] = "time of day",
		[MIGRATION_APART] = "two",
	};
	bool both = g->source != MIGRATION_NONE &&
		    g->destination != MIGRATION_NONE;

	fprintf(f, "{\"result\":\"%s\"", result_word(migration_of(m, g)));
	number(f, "downtime_ns", (uint64_t)g->down_ns,
	       g->has_down && g->down_ns >= 0);
	number(f, "downtime_bound_ns", g->bound_ns,
	       g->has_down && g->bound_ns != UINT64_MAX);
	number(f, "guest_down_ns", (uint64_t)g->guest_down_ns,
	       g->guest_down_ns >= 0);
	number(f, "stopping_ns", (uint64_t)g->stopping_ns, g->stopping_ns >= 0);
	if (both)
		fprintf(f, ",\"clocks\":\"%s\"", clocks[g->clocks]);
	else
		fputs(",\"clocks\":null", f);
	number(f, "candidates", g->candidates, true);
	threads(f, g);
	side(f, "source", m, g->source);
	side(f, "destination", m, g->destination);
	fputc('}', f);
}

void migrations_processes_json(FILE *f, const struct migrations *m)
{
	size_t i;

	fputc('[', f);
	for (i = 0; i < m->processes.count; i++)
		process(f, m, i);
	fputc(']', f);
}

void migrations_json(FILE *f, const struct migrations *m)
{
	size_t i;

	fprintf(f, "{\"schema\":%d", MIGRATION_SCHEMA);
	span_ns(f, "first_event_ns", m->from_ns == INT64_MAX ? 0 : m->from_ns);
	fputs(",\"processes\":", f);
	migrations_processes_json(f, m);
	fputs(",\"migrations\":[", f);
	for (i = 0; i < m->list.count; i++) {
		fputs(i ? "," : "", f);
		migration_json(f, m, &m->list.at[i]);
	}
	fputs("]}\n", f);
}
