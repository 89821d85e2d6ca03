// SPDX-License-Identifier: MIT
/* The report as JSON; Documentation/volumes.rst says what each key means. */
#include <inttypes.h>

#include "base/json_string.h"
#include "fuse/print.h"
#include "volume/volumes.h"
#include "volume/words.h"

static void hist(FILE *f, const char *key, const struct analysis_hist *h)
{
	fprintf(f,
		"\"%s\": {\"count\": %" PRIu64 ", \"total_ns\": %" PRIu64
		", \"p50_ns\": %" PRIu64 ", \"p99_ns\": %" PRIu64
		", \"max_ns\": %" PRIu64 "}",
		key, h->count, h->sum_ns, analysis_hist_percentile(h, 50),
		analysis_hist_percentile(h, 99), h->max_ns);
}

static void path(FILE *f, const struct volumes *v, const struct volume_path *p)
{
	char name[VOLUME_NAME];

	fprintf(f, "{\"kind\": \"%s\", ", volume_places[p->place.kind].key);
	if (p->place.kind != VOLUME_ON_DISK) {
		fprintf(f, "\"fd\": %u", p->place.id);
	} else {
		fputs("\"name\": ", f);
		vmsync_json_string(f, volumes_name(v, VOLUME_HOST, p->place.id,
						   name));
		fprintf(f, ", \"dev\": %u", p->place.id);
	}
	fprintf(f,
		", \"distance_sectors\": %" PRId64 ", \"votes\": %" PRIu64
		", \"next_votes\": %" PRIu64 ", \"tries\": %" PRIu64 "}",
		p->distance, p->votes, p->next_votes, p->tries);
}

static void sums(FILE *f, int op, int followed, const struct volume_sums *s)
{
	int i;

	fprintf(f,
		"{\"op\": \"%s\", \"followed\": \"%s\", \"bytes\": %" PRIu64
		", \"errors\": %" PRIu64 ",\n        ",
		volume_ops[op].key, volume_followeds[followed].key, s->bytes,
		s->errors);
	hist(f, "whole", &s->whole);
	fputs(",\n        ", f);
	hist(f, "before", &s->before);
	fputs(",\n        \"parts\": {", f);
	for (i = 0; i < VOLUME_PARTS; i++) {
		fputs(i ? ",\n          " : "\n          ", f);
		hist(f, volume_parts[i].key, &s->parts[i]);
	}
	fprintf(f,
		"},\n        \"seen\": {\"left\": %" PRIu64 ", \"taken\": %" PRIu64
		", \"interrupt\": %" PRIu64 "}}",
		s->seen[VOLUME_LEFT], s->seen[VOLUME_TAKEN],
		s->seen[VOLUME_INTERRUPTED]);
}

static void listed(FILE *f, const struct volumes *v,
		   const struct volume_listed *l)
{
	const struct volume_request *r = &l->request;
	int64_t ns[VOLUME_PARTS];
	int i;

	volume_request_parts(r, l->followed, ns);
	fprintf(f,
		"{\"number\": %" PRIu64 ", \"op\": \"%s\", \"followed\": \"%s\", "
		"\"sector\": %" PRId64 ", \"sectors\": %" PRId64
		", \"from_ns\": %" PRId64 ", \"whole_ns\": %" PRId64
		", \"before_ns\": ",
		r->number, volume_ops[r->op].key,
		volume_followeds[l->followed].key, r->sector, r->sectors,
		r->cut_ns[VOLUME_ISSUED] - v->begin_ns,
		r->cut_ns[VOLUME_DONE] - r->cut_ns[VOLUME_ISSUED]);
	if (r->bio_ns == VOLUME_NEVER)
		fputs("null", f);
	else
		fprintf(f, "%" PRId64, r->cut_ns[VOLUME_ISSUED] - r->bio_ns);
	fprintf(f, ", \"error\": %d, \"parts_ns\": {", r->error);
	for (i = 0; i < VOLUME_PARTS; i++)
		fprintf(f, "%s\"%s\": %" PRId64, i ? ", " : "",
			volume_parts[i].key, ns[i]);
	fputs("}}", f);
}

static void volume_sums(FILE *f, const struct volume *volume)
{
	const char *sep = "";
	int op, followed;

	for (op = 0; op < VOLUME_OPS; op++) {
		for (followed = 0; followed < VOLUME_FOLLOWED; followed++) {
			if (!volume->sums[op][followed])
				continue;
			fprintf(f, "%s\n      ", sep);
			sums(f, op, followed, volume->sums[op][followed]);
			sep = ",";
		}
	}
}

static void volume_json(FILE *f, const struct volumes *v,
			const struct volume *volume)
{
	char name[VOLUME_NAME];
	size_t i;

	fputs("{\"name\": ", f);
	vmsync_json_string(f, volumes_name(v, volume->guest + 1, volume->dev,
					   name));
	fprintf(f, ", \"dev\": %u, \"paths\": [", volume->dev);
	for (i = 0; i < volume->paths.paths.count; i++) {
		fputs(i ? ",\n      " : "\n      ", f);
		path(f, v, &volume->paths.paths.at[i]);
	}
	fputs("],\n     \"requests\": [", f);
	volume_sums(f, volume);
	fputs("],\n     \"listed\": [", f);
	for (i = 0; i < volume->listed.count; i++) {
		fputs(i ? ",\n      " : "\n      ", f);
		listed(f, v, &volume->listed.at[i]);
	}
	fputs("]}", f);
}

static void guest_json(FILE *f, const struct volumes *v, uint32_t guest)
{
	const struct vmsync_session_guest *g = &v->session->guests[guest];
	const struct volume_requests *rs = &v->requests[guest];
	const char *sep = "";
	size_t i;

	fputs("{\"name\": ", f);
	vmsync_json_string(f, g->machine->name);
	if (g->report->found)
		fprintf(f, ", \"pid\": %d", g->report->vm.pid);
	else
		fputs(", \"pid\": null", f);
	print_json_bound(f, "bound_ns", g->report->bound_worst_ns);
	fprintf(f,
		", \"issued\": %" PRIu64 ", \"unfinished\": %" PRIu64
		", \"crowded\": %" PRIu64 ",\n   \"volumes\": [",
		rs->issued, (uint64_t)rs->on_way.count + rs->unfinished,
		rs->crowded);
	for (i = 0; i < v->volumes.count; i++) {
		if (v->volumes.at[i].guest != guest)
			continue;
		fprintf(f, "%s\n    ", sep);
		volume_json(f, v, &v->volumes.at[i]);
		sep = ",";
	}
	fputs("]}", f);
}

void volumes_json(FILE *f, const struct volumes *v)
{
	const char *sep = "";
	uint32_t i;

	fprintf(f,
		"{\"schema\": %d, \"begin_ns\": %" PRId64 ", \"on_more\": %" PRIu64
		", \"omitted\": %" PRIu64 ",\n \"guests\": [",
		VOLUMES_SCHEMA, v->begin_ns, v->on_more, v->omitted);
	for (i = 0; i < v->session->n_guests; i++) {
		const struct volume any = { .guest = i };

		if (!volumes_reported(v, &any))
			continue;
		fprintf(f, "%s\n  ", sep);
		guest_json(f, v, i);
		sep = ",";
	}
	fputs("]}\n", f);
}
