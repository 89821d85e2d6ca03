// SPDX-License-Identifier: MIT
#include <inttypes.h>

#include "base/json_string.h"
#include "fuse/print.h"
#include "memory/use_read.h"

#define USUAL_USERS 20

/* Stamps may be anything. */
static int64_t between(int64_t from_ns, int64_t until_ns)
{
	return (int64_t)((uint64_t)until_ns - (uint64_t)from_ns);
}

static uint64_t kib(uint64_t pages)
{
	return pages * (MEMORY_PAGE >> 10);
}

static bool did_something(const struct memory_user *p)
{
	return p->allocated || p->freed;
}

static void user_text(FILE *f, const struct memory_user *p)
{
	fprintf(f, "  %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64 "  ",
		kib(p->allocated), kib(p->freed), kib(p->held), kib(p->most));
	if (p->pid < 0) {
		fputs("not known who", f);
	} else {
		print_clean(f, p->name[0] ? p->name : p->pid ? "?" : "idle");
		fprintf(f, " %d", p->pid);
	}
	fputc('\n', f);
}

static void users_text(FILE *f, const struct memory_use *u, bool all)
{
	size_t i, n = 0, left = 0;

	fprintf(f, "\n  %12s %12s %12s %12s  KiB, by\n", "allocated", "freed",
		"still there", "at most");
	for (i = 0; i < u->users.count; i++) {
		if (!did_something(&u->users.at[i]))
			continue;
		if (all || n++ < USUAL_USERS)
			user_text(f, &u->users.at[i]);
		else
			left++;
	}
	if (left)
		fprintf(f, "  and %zu more: --all lists them\n", left);
}

static void samples_text(FILE *f, const struct memory_use *u)
{
	size_t i;

	if (!u->window_ns)
		return;
	fprintf(f, "\n  %14s %12s %12s %12s %12s  KiB\n", "until", "allocated", "freed",
		"in use", "released");
	for (i = 0; i < u->samples.count; i++) {
		const struct memory_sample *s = &u->samples.at[i];

		fprintf(f, "  %12.6f s %12" PRIu64 " %12" PRIu64 " %12" PRIu64
			" %12" PRIu64 "\n", (double)between(u->begin_ns, s->ns) / 1e9,
			kib(s->allocated), kib(s->freed), kib(s->in_use),
			kib(s->released));
	}
}

static void row(FILE *f, const char *label, uint64_t pages, const char *what)
{
	fprintf(f, "  %-12s %12" PRIu64 " KiB  %s\n", label, kib(pages), what);
}

static void doubts_text(FILE *f, const struct memory_use_told *told)
{
	const struct memory_use *u = &told->use;
	const struct vmsync_coverage *c = &told->machine->coverage;

	if (c->discarded || c->lost)
		fprintf(f, "  LOST: %" PRIu64 " events and %" PRIu64 " packets are not "
			"there: sums are too small,\n  and what is in use is not sure\n",
			c->discarded, c->lost);
	if (memory_use_is_cut(u))
		fprintf(f, "  CUT: there are more windows than %zu: a longer --window "
			"has them all\n", u->samples.count);
	if (u->odd)
		row(f, "odd", u->odd, "allocated while in use, or freed while free");
	if (u->beyond)
		row(f, "beyond", u->beyond, "not followed: beyond 1 TiB");
	if (u->failed)
		fprintf(f, "  %-12s %12" PRIu64 "      allocations got nothing\n",
			"failed", u->failed);
}

static void against_text(FILE *f, const struct memory_use_told *told)
{
	const struct memory_held_against *a = &told->against;

	if (!told->has_against)
		return;
	fputs("\n  Free by events since the first look, and by the second look\n", f);
	row(f, "both", a->both, "");
	row(f, "events only", a->events, "lists of each CPU, of which a look knows nothing");
	row(f, "look only", a->look, "in use by the events");
	row(f, "unknown", a->unknown, "of which nothing was known");
}

void memory_use_text(FILE *f, const struct memory_use_told *told, bool all)
{
	const struct memory_use *u = &told->use;

	fprintf(f, "%s: %" PRIu64 " events of pages in ", told->machine->name, u->events);
	print_seconds(f, between(u->begin_ns, u->end_ns));
	fprintf(f, ", on %s clock\n", told->on_host ? "the host's" : "its own");
	row(f, "allocated", u->allocated, "");
	row(f, "freed", u->freed, "");
	row(f, "in use", u->in_use, "allocated meanwhile, and not freed");
	row(f, "at most", u->most, "of it at one time");
	row(f, "released", u->released, "was in use and is free: the host holds it,");
	fprintf(f, "  %32s but for what was reported to it\n", "");
	if (told->faults) {
		row(f, "... certain", u->certain, "of it the host was seen to give");
		row(f, "given", u->given, "by the host, where the guest touched it first");
	}
	row(f, "used again", u->reused, "of what was released");
	doubts_text(f, told);
	users_text(f, u, all);
	samples_text(f, u);
	against_text(f, told);
}

/* -------------------------------------------------------------------- JSON */

static void number(FILE *f, const char *key, uint64_t value)
{
	fprintf(f, "\"%s\": %" PRIu64 ",\n", key, value);
}

static void users_json(FILE *f, const struct memory_use *u)
{
	const char *comma = "";
	size_t i;

	fputs("\"processes\": [", f);
	for (i = 0; i < u->users.count; i++) {
		const struct memory_user *p = &u->users.at[i];

		if (!did_something(p))
			continue;
		fprintf(f, "%s\n{\"pid\": ", comma);
		if (p->pid < 0)
			fputs("null", f);
		else
			fprintf(f, "%d", p->pid);
		fputs(", \"name\": ", f);
		vmsync_json_string(f, p->name);
		fprintf(f, ", \"allocated_pages\": %" PRIu64 ", \"freed_pages\": %" PRIu64
			", \"held_pages\": %" PRIu64 ", \"most_pages\": %" PRIu64 "}",
			p->allocated, p->freed, p->held, p->most);
		comma = ",";
	}
	fputs("],\n\"windows\": [", f);
}

static void samples_json(FILE *f, const struct memory_use *u)
{
	size_t i;

	for (i = 0; i < u->samples.count; i++) {
		const struct memory_sample *s = &u->samples.at[i];

		fprintf(f, "%s\n{\"until_ns\": %" PRId64 ", \"allocated_pages\": %" PRIu64
			", \"freed_pages\": %" PRIu64 ", \"in_use_pages\": %" PRIu64
			", \"released_pages\": %" PRIu64
			", \"released_certain_pages\": %" PRIu64 "}", i ? "," : "",
			s->ns, s->allocated, s->freed, s->in_use, s->released,
			s->certain);
	}
	fputs("],\n\"against_look\": ", f);
}

void memory_use_json(FILE *f, const struct memory_use_told *told)
{
	const struct memory_held_against *a = &told->against;
	const struct memory_use *u = &told->use;

	fprintf(f, "{\n\"schema\": %d,\n\"name\": ", MEMORY_SCHEMA);
	vmsync_json_string(f, told->machine->name);
	fprintf(f, ",\n\"clock\": \"%s\",\n", told->on_host ? "host" : "guest");
	fprintf(f, "\"begin_ns\": %" PRId64 ",\n\"end_ns\": %" PRId64 ",\n", u->begin_ns,
		u->end_ns);
	number(f, "page_bytes", MEMORY_PAGE);
	number(f, "events", u->events);
	number(f, "allocated_pages", u->allocated);
	number(f, "freed_pages", u->freed);
	number(f, "in_use_pages", u->in_use);
	number(f, "most_in_use_pages", u->most);
	number(f, "released_pages", u->released);
	number(f, "reused_pages", u->reused);
	if (told->faults) {
		number(f, "released_certain_pages", u->certain);
		number(f, "given_pages", u->given);
		number(f, "given_again_pages", u->given_again);
	}
	number(f, "failed_allocations", u->failed);
	number(f, "odd_pages", u->odd);
	number(f, "beyond_pages", u->beyond);
	number(f, "discarded_events", told->machine->coverage.discarded);
	number(f, "lost_packets", told->machine->coverage.lost);
	if (memory_use_is_cut(u))
		fputs("\"windows_cut\": true,\n", f);
	users_json(f, u);
	samples_json(f, u);
	if (told->has_against)
		fprintf(f, "{\"both_pages\": %" PRIu64 ", \"events_pages\": %" PRIu64
			", \"look_pages\": %" PRIu64 ", \"unknown_pages\": %" PRIu64 "}\n}",
			a->both, a->events, a->look, a->unknown);
	else
		fputs("null\n}", f);
}
