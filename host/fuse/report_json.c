// SPDX-License-Identifier: MIT
#include <inttypes.h>

#include "fuse/covered.h"
#include "fuse/keep.h"
#include "fuse/moves.h"
#include "fuse/print.h"
#include "fuse/report.h"
#include "base/json_string.h"

static void key_string(FILE *f, const char *key, const char *value)
{
	fprintf(f, "\"%s\": ", key);
	vmsync_json_string(f, value);
}

static void key_u64(FILE *f, const char *key, uint64_t value)
{
	fprintf(f, ", \"%s\": %" PRIu64, key, value);
}

static void key_s64(FILE *f, const char *key, int64_t value)
{
	fprintf(f, ", \"%s\": %" PRId64, key, value);
}

static void machine(FILE *f, const struct vmsync_machine *m)
{
	size_t i;

	key_string(f, "name", m->name);
	fputs(", ", f);
	key_string(f, "hostname", m->hostname);
	/* A string of JSON already. */
	fprintf(f, ", \"domain\": \"%s\", \"domain_uuid\": \"%s\", ",
		m->domain.name, m->domain.uuid);
	key_string(f, "clock_uuid", m->clock_uuid);
	fputs(", \"traces\": [", f);
	for (i = 0; i < m->n; i++) {
		fputs(i ? ", " : "", f);
		vmsync_json_string(f, ctf_trace_path(m->traces[i]));
	}
	fputs("], \"traces_again\": [", f);
	for (i = 0; i < m->n_again; i++) {
		fputs(i ? ", " : "", f);
		vmsync_json_string(f, ctf_trace_path(m->again[i]));
	}
	fputc(']', f);
	key_u64(f, "events", vmsync_machine_events(m));
	key_u64(f, "offset_spread_ns", m->offset_spread_ns);
	key_u64(f, "packets_read_once", ctf_joined_again(m->joined));
	key_u64(f, "events_discarded", m->coverage.discarded);
	key_u64(f, "packets_missing", m->coverage.lost);
	fputs(", \"cpus_absent\": [", f);
	for (i = 0; i < m->coverage.absent.count; i++)
		fprintf(f, "%s%" PRIu32, i ? ", " : "",
			m->coverage.absent.at[i]);
	fputc(']', f);
}

static void cpus(FILE *f, const struct vmsync_guest_report *r)
{
	bool first = true;
	uint32_t i;

	fputs(", \"cpus\": [", f);
	for (i = 0; i < r->n_cpus; i++) {
		const struct vmsync_cpu *c = &r->cpus[i];

		if (!c->known)
			continue;
		fprintf(f,
			"%s{\"cpu\": %" PRIu32 ", \"vcpu_id\": %" PRIu32
			", \"tid\": %" PRId32 "}",
			first ? "" : ", ", c->cpu, c->vcpu_id, c->tid);
		first = false;
	}
	fputc(']', f);
}

static void beacons(FILE *f, const struct vmsync_guest_report *r)
{
	fprintf(f, ", \"beacons\": {\"matched\": %" PRIu64, r->matched);
	key_u64(f, "whole", r->whole);
	key_u64(f, "guest_only", r->guest_unmatched);
	key_u64(f, "host_only", r->host_unmatched);
	key_u64(f, "dropped", r->dropped);
	key_s64(f, "round_trip_min_ns", r->rtt_min_ns);
	key_u64(f, "causality_checked", r->causal_checked);
	key_u64(f, "causality_violations", r->causal_violations);
	key_s64(f, "causality_worst_ns", r->causal_worst_ns);
	fputc('}', f);
}

static void contain(FILE *f, const struct vmsync_session_guest *g)
{
	const struct vmsync_contain_result *c = &g->contain;

	fprintf(f, ", \"containment\": {\"events\": %" PRIu64, g->events);
	key_u64(f, "inside", c->inside - c->edge);
	key_u64(f, "outside", c->outside);
	key_u64(f, "not_decidable", c->undecidable + c->edge);
	key_u64(f, "beyond_evidence", c->beyond);
	key_u64(f, "thread_moved", c->moved);
	key_s64(f, "worst_ns", c->worst_ns);
	if (c->inside) {
		key_s64(f, "entry_slack_ns", c->entry_slack_ns);
		key_s64(f, "exit_slack_ns", c->exit_slack_ns);
	}
	fputc('}', f);
}

static void methods(FILE *f, const struct vmsync_guest_report *r)
{
	bool first = true;
	int i;

	fputs(", \"methods\": {", f);
	for (i = 0; i < VMSYNC_METHOD_COUNT; i++) {
		if (!r->shares[i].segments)
			continue;
		fprintf(f,
			"%s\"%s\": {\"segments\": %" PRIu64
			", \"guest_ns\": %" PRIu64 "}",
			first ? "" : ", ",
			vmsync_method_name((enum vmsync_method)i),
			r->shares[i].segments, r->shares[i].guest_ns);
		first = false;
	}
	fputc('}', f);
}

static void segments(FILE *f, const struct vmsync_map *map)
{
	size_t i;

	for (i = 0; i < map->count; i++) {
		const struct vmsync_segment *s = &map->segments[i];

		fprintf(f,
			"%s\n      {\"guest_start_ns\": %" PRId64
			", \"guest_end_ns\": %" PRId64
			", \"host_start_ns\": %" PRId64 ", \"slope\": %" PRIu64
			", \"shift\": %" PRIu32
			", \"method\": \"%s\"",
			i ? "," : "", s->guest_start.ns, s->guest_end.ns,
			s->host_start.ns, s->slope, s->shift,
			vmsync_method_name(s->method));
		print_json_bound(f, "bound_ns", s->bound_ns);
		fprintf(f, ", \"epoch\": %" PRIu32 "}", s->epoch);
	}
}

static void maps(FILE *f, const struct vmsync_guest_map *gm)
{
	uint32_t i;

	fputs(", \"maps\": [", f);
	for (i = 0; i < gm->vcpus; i++) {
		fprintf(f,
			"%s\n    {\"cpu\": %" PRIu32
			", \"extrapolation_ppb\": %" PRIu32
			", \"extrapolation_ns\": %" PRId64 ", \"segments\": [",
			i ? "," : "", i, gm->maps[i].extrapolation_ppb,
			gm->maps[i].extrapolation_ns);
		segments(f, &gm->maps[i]);
		fputs("]}", f);
	}
	fputs("]", f);
}

static void remarks(FILE *f, const struct vmsync_guest_report *r)
{
	size_t i;

	fputs(", \"disagreements\": [", f);
	for (i = 0; i < r->n_disagreements; i++) {
		const struct vmsync_disagreement *d = &r->disagreements[i];

		fprintf(f,
			"%s{\"a\": \"%s\", \"b\": \"%s\", \"guest_ns\": %" PRId64
			", \"excess_ns\": %" PRId64 "}",
			i ? ", " : "", vmsync_method_name(d->a),
			vmsync_method_name(d->b), d->at.ns, d->excess_ns);
	}
	fputs("], \"notes\": [", f);
	for (i = 0; i < r->n_notes; i++) {
		fputs(i ? ", " : "", f);
		vmsync_json_string(f, r->notes[i]);
	}
	fputc(']', f);
}

static void messages(FILE *f, const struct vmsync_session *s)
{
	size_t to_host = vmsync_messages_to_host(&s->messages);

	if (s->exchange)
		fprintf(f,
			", \"messages\": {\"to_host\": %zu, \"from_host\": %zu}",
			to_host, s->messages.count - to_host);
}

static void guest(FILE *f, const struct vmsync_session *s,
		  const struct vmsync_session_guest *g)
{
	const struct vmsync_guest_report *r = vmsync_guest_report_of(g->guest);

	fputs("\n  {", f);
	machine(f, g->machine);
	key_s64(f, "vm_pid", r->vm.pid);
	key_u64(f, "vm_serial", r->vm.serial);
	/* 63 bits: more than a JSON number is sure to keep. */
	fprintf(f, ", \"vm_uid\": \"%016" PRIx64 "\", \"suspect\": %s",
		r->vm_uid, r->suspect ? "true" : "false");
	key_s64(f, "host_start_ns", g->from_ns);
	key_s64(f, "host_end_ns", g->until_ns);
	cpus(f, r);
	methods(f, r);
	print_json_bound(f, "bound_worst_ns", r->bound_worst_ns);
	print_json_bound(f, "bound_p99_ns", r->bound_p99_ns);
	vmsync_covered_json(f, g);
	vmsync_keep_json(f, g);
	key_s64(f, "offset_start_ns", r->offset_start.ns);
	key_s64(f, "offset_end_ns", r->offset_end.ns);
	key_s64(f, "drift_start_ppb", r->drift_start_ppb);
	key_s64(f, "drift_end_ppb", r->drift_end_ppb);
	messages(f, s);
	beacons(f, r);
	contain(f, g);
	vmsync_moves_json(f, g);
	remarks(f, r);
	maps(f, vmsync_guest_maps(g->guest));
	fputc('}', f);
}

static void left_out(FILE *f, const struct vmsync_left_out *l)
{
	fputs("\n  {", f);
	machine(f, l->machine);
	fputs(", ", f);
	key_string(f, "why", l->why.msg);
	fputs(", ", f);
	key_string(f, "remedy", l->why.remedy);
	fputc('}', f);
}

/* The counts of what was read and written are there for others to compare. */
static void written(FILE *f, const struct vmsync_fused *fused, size_t n)
{
	size_t i;

	fputs(", \"written\": [", f);
	for (i = 0; i < n; i++) {
		fputs(i ? ",\n  {" : "\n  {", f);
		key_string(f, "trace", fused[i].path);
		fprintf(f, ", \"as_it_was\": %s",
			fused[i].as_it_was ? "true" : "false");
		key_u64(f, "events_in", fused[i].events_in);
		key_u64(f, "events_out", fused[i].events_out);
		fputc('}', f);
	}
	fputc(']', f);
}

void vmsync_report_json(FILE *f, const struct vmsync_session *s,
			const struct vmsync_fused *fused, size_t n)
{
	size_t i;

	fputs("{\"host\": {", f);
	machine(f, s->host);
	fprintf(f, "}, \"agrees\": %s, \"covered\": %s, \"guests\": [",
		vmsync_session_agrees(s) ? "true" : "false",
		vmsync_session_covered(s) ? "true" : "false");
	for (i = 0; i < s->n_guests; i++) {
		fputs(i ? "," : "", f);
		guest(f, s, &s->guests[i]);
	}
	fputs("], \"left_out\": [", f);
	for (i = 0; i < s->n_left_out; i++) {
		fputs(i ? "," : "", f);
		left_out(f, &s->left_out[i]);
	}
	fputs("], \"skipped\": [", f);
	for (i = 0; i < s->machines.n_skipped; i++) {
		fputs(i ? ", {" : "{", f);
		key_string(f, "trace", s->machines.skipped[i].path);
		fputs(", ", f);
		key_string(f, "why", s->machines.skipped[i].why);
		fputc('}', f);
	}
	fputc(']', f);
	if (fused)
		written(f, fused, n);
	fputs("}\n", f);
}
