// SPDX-License-Identifier: MIT
#include "freeze/status.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/json_string.h"
#include "freeze/guests.h"

/*
 * It is one message: guests are in it as long as there is room for a further one, whose
 * name and what it said are long, and for the end.
 */
#define MOST_BYTES (FREEZE_ANSWER_BYTES - 8192)

static uint64_t seconds_left(uint64_t until_ns, uint64_t now_ns)
{
	return until_ns > now_ns ? (until_ns - now_ns + 999999999) / 1000000000 :
				   0;
}

static void print_detail(FILE *f, const struct freeze_recorder *r,
			 uint64_t now_ns)
{
	const struct freeze_detail *d = &r->detail;

	fprintf(f,
		",\n\"events\": \"%s\",\n\"detail_s\": %" PRIu64
		",\n\"detail_said\": ",
		vmsync_tracing_events_name(d->host_events),
		seconds_left(d->until_ns, now_ns));
	vmsync_json_string(f, d->said);
}

static void print_refused(FILE *f, const struct freeze_budget *b)
{
	int why;

	fputs(",\n\"refused\": {", f);
	for (why = FREEZE_ALLOWED + 1; why < FREEZE_REFUSALS; why++)
		fprintf(f, "%s\"%s\": %" PRIu64,
			why == FREEZE_ALLOWED + 1 ? "" : ", ",
			freeze_refusal_name((enum freeze_refusal)why),
			b->refused[why]);
	fputc('}', f);
}

void freeze_status_print(FILE *f, const struct freeze_recorder *r,
			 uint64_t now_ns)
{
	const struct freeze_budget *b = &r->budget;
	size_t i;

	fprintf(f, "{\n\"vmsync_recorder\": 1,\n\"pid\": %d,\n\"output\": ",
		getpid());
	vmsync_json_string(f, r->output);
	fputs(",\n\"host_said\": ", f);
	vmsync_json_string(f, r->host.tracing.said);
	fprintf(f,
		",\n\"frozen\": %" PRIu64 ",\n\"last\": %" PRIu64
		",\n\"under_way\": %s,\n\"per_hour\": %u,\n\"left\": %u"
		",\n\"dead_s\": %" PRIu64 ",\n\"quiet_s\": %" PRIu64
		",\n\"used_bytes\": %" PRIu64 ",\n\"disk_bytes\": %" PRIu64,
		r->frozen, r->last_number, b->busy ? "true" : "false",
		b->per_hour, freeze_budget_left(b, now_ns),
		b->ended_ns ? seconds_left(b->ended_ns + b->dead_ns, now_ns) : 0,
		seconds_left(b->quiet_ns, now_ns), b->used_bytes,
		b->disk_bytes);
	print_detail(f, r, now_ns);
	print_refused(f, b);
	fputs(",\n\"guests\": [", f);
	for (i = 0; i < r->n && ftell(f) < MOST_BYTES; i++) {
		const struct record_guest *g = &r->guest[i]->g;

		/* The name is a string of JSON already. */
		fprintf(f, "%s{\"name\": \"%s\", \"is\": \"%s\", \"said\": ",
			i ? ", " : "", g->name, freeze_guest_is(g));
		vmsync_json_string(f, g->said);
		fputc('}', f);
	}
	fprintf(f, "],\n\"guests_left_out\": %zu\n}\n", r->n - i);
}
