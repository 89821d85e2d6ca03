// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <unistd.h>

#include "fuse/print.h"
#include "record/record.h"
#include "base/json_string.h"

bool vmsync_record_fetched(const struct record_guest *g)
{
	return g->state == RECORD_DONE;
}

bool vmsync_record_whole(const struct vmsync_record *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (r->guest[i].cut || (r->guest[i].state != RECORD_DONE &&
					r->guest[i].state != RECORD_NONE))
			return false;
	}
	return !r->host.cut;
}

static const char *what(bool kernel, bool ust)
{
	return kernel && ust ? "kernel, beacons over the port" :
	       kernel ? "kernel" :
			"beacons over the port";
}

static const char *how(const struct record_guest *g)
{
	switch (g->state) {
	case RECORD_DONE:
		return g->cut ? "by its agent, NOT ALL OF IT" : "by its agent";
	case RECORD_NONE:
		return "no agent answers: only as the host sees it";
	case RECORD_FAILED:
		return "FAILED";
	default:
		return "given up";
	}
}

static bool module_is_loaded(void)
{
	return !access("/sys/module/vmsync_host", F_OK);
}

static void print_text(FILE *f, const struct vmsync_record *r)
{
	size_t i;

	fprintf(f, "host: %s; vmsync-host.ko is %sloaded\n",
		what(r->host.tracing.kernel, r->host.tracing.ust),
		module_is_loaded() ? "" : "not ");
	if (r->host.tracing.said[0])
		fprintf(f, "      %s\n", r->host.tracing.said);
	if (r->no_guests[0]) {
		fputs("no guest: ", f);
		print_clean(f, r->no_guests);
		fputc('\n', f);
	}
	for (i = 0; i < r->n; i++) {
		const struct record_guest *g = &r->guest[i];

		fprintf(f, "guest %s: %s", g->name, how(g));
		if (g->fetch.bytes)
			fprintf(f, ", %" PRIu64 " bytes", g->fetch.bytes);
		if (g->said[0]) {
			fputs("; ", f);
			print_clean(f, g->said);
		}
		fputs(g->silent ? "; its agent did not always answer\n" : "\n",
		      f);
	}
}

static void print_guest(FILE *f, const struct record_guest *g)
{
	/* Name and uuid are strings of JSON already. */
	fprintf(f, "{\"name\": \"%s\", \"uuid\": \"%s\", \"pid\": %s, "
		"\"how\": \"%s\", \"trace\": ", g->name, g->uuid, g->pid,
		/* Still on: a flight recorder of which nothing is kept. */
		g->state == RECORD_DONE || g->state == RECORD_ON ? "agent" :
		g->state == RECORD_NONE ? "host" : "failed");
	vmsync_json_string(f, g->state == RECORD_DONE ? g->folder : "");
	fprintf(f, ", \"cut\": %s", g->cut ? "true" : "false");
	fprintf(f, ", \"bytes\": %" PRIu64 ", \"said\": ", g->fetch.bytes);
	vmsync_json_string(f, g->said);
	fputc('}', f);
}

static void print_json(FILE *f, const struct vmsync_record *r)
{
	size_t i;

	fprintf(f, "{\"vmsync_record\": 1,\n\"events\": \"%s\", "
		"\"duration_ns\": %" PRIu64 ", \"command_status\": ",
		vmsync_tracing_events_name(r->events), r->end_ns - r->begin_ns);
	if (r->status >= 0)
		fprintf(f, "%d", r->status);
	else
		fputs("null", f);
	fprintf(f, ", \"snapshot\": %s, \"kept\": %s",
		r->ring ? "true" : "false",
		vmsync_record_kept(r) ? "true" : "false");
	fprintf(f, ",\n\"host\": {\"kernel\": %s, \"port\": %s, "
		"\"module\": %s, \"cut\": %s, \"said\": ",
		r->host.tracing.kernel ? "true" : "false", r->host.tracing.ust ? "true" : "false",
		module_is_loaded() ? "true" : "false", r->host.cut ? "true" : "false");
	vmsync_json_string(f, r->host.tracing.said);
	fputs("},\n\"no_guests\": ", f);
	vmsync_json_string(f, r->no_guests);
	fputs(",\n\"guests\": [", f);
	for (i = 0; i < r->n; i++) {
		fputs(i ? ",\n" : "\n", f);
		print_guest(f, &r->guest[i]);
	}
	fputs("\n]}\n", f);
}

void vmsync_record_print(FILE *f, const struct vmsync_record *r, bool json)
{
	if (json)
		print_json(f, r);
	else
		print_text(f, r);
}
