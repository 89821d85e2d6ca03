// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <string.h>

#include "fuse/covered.h"
#include "fuse/moves.h"
#include "fuse/offsets.h"
#include "fuse/print.h"
#include "fuse/report.h"
#include "fuse/trace_clock.h"

/* Segments listed per map where not all are asked for. */
#define SEGMENTS_SHOWN 16

static void print_ppb(FILE *f, int64_t ppb)
{
	uint64_t u = ppb < 0 ? -(uint64_t)ppb : (uint64_t)ppb;

	fprintf(f, "%c%" PRIu64 ".%03" PRIu64 " ppm", ppb < 0 ? '-' : '+',
		u / 1000, u % 1000);
}

static void print_vcpus(FILE *f, const struct vmsync_guest_report *r)
{
	uint32_t i;

	for (i = 0; i < r->n_cpus; i++) {
		const struct vmsync_cpu *c = &r->cpus[i];

		if (!c->known)
			continue;
		fprintf(f, "  CPU %-3" PRIu32 "      vCPU %" PRIu32, c->cpu,
			c->vcpu_id);
		if (c->tid)
			fprintf(f, ", thread %" PRId32, c->tid);
		fputc('\n', f);
	}
}

static void print_methods(FILE *f, const struct vmsync_guest_report *r)
{
	uint64_t total = 0;
	bool first = true;
	int i;

	for (i = 0; i < VMSYNC_METHOD_COUNT; i++)
		total += r->shares[i].guest_ns;
	fputs("  methods     ", f);
	for (i = 0; i < VMSYNC_METHOD_COUNT; i++) {
		if (!r->shares[i].segments)
			continue;
		fprintf(f, "%s%s %.4g %% of the time in %" PRIu64 " segment%s",
			first ? "" : ",\n              ",
			vmsync_method_name((enum vmsync_method)i),
			total ? 100.0 * r->shares[i].guest_ns / total : 0.0,
			r->shares[i].segments,
			r->shares[i].segments == 1 ? "" : "s");
		first = false;
	}
	fputs("\n  bound       worst ", f);
	print_ns(f, r->bound_worst_ns);
	fputs(", 99th percentile ", f);
	print_ns(f, r->bound_p99_ns);
	fputs(", where there is evidence\n", f);
}

static void print_causality(FILE *f, const struct vmsync_guest_report *r)
{
	fprintf(f,
		"  causality   %" PRIu64 " checked, %" PRIu64 " violations",
		r->causal_checked, r->causal_violations);
	if (r->causal_violations) {
		fputs(", by up to ", f);
		print_ns(f, r->causal_worst_ns);
	}
	fputc('\n', f);
}

static void print_beacons(FILE *f, const struct vmsync_guest_report *r)
{
	fprintf(f,
		"  beacons     %" PRIu64 " matched, %" PRIu64 " of them whole; "
		"round trip from ",
		r->matched, r->whole);
	print_ns(f, r->rtt_min_ns);
	fprintf(f,
		"\n              on one side only: %" PRIu64 " guest, %" PRIu64
		" host; dropped by the host: %" PRIu64 "\n",
		r->guest_unmatched, r->host_unmatched, r->dropped);
}

/* What the machines sent each other; a message of either way limits the offset. */
static void print_messages(FILE *f, const struct vmsync_session *s,
			   const struct vmsync_guest_report *r)
{
	size_t to_host = vmsync_messages_to_host(&s->messages);

	fprintf(f,
		"  messages    %zu to %s, %zu from it\n"
		"              %" PRIu64 " of each way are beside one of the "
		"other\n",
		to_host, s->host->name, s->messages.count - to_host, r->whole);
}

static void print_contain(FILE *f, const struct vmsync_session_guest *g)
{
	const struct vmsync_contain_result *c = &g->contain;

	fprintf(f,
		"  containment %" PRIu64 " events: %" PRIu64 " inside, %" PRIu64
		" outside, %" PRIu64 " not decidable\n",
		g->events, c->inside - c->edge, c->outside,
		c->undecidable + c->edge);
	if (c->beyond)
		fprintf(f,
			"              %" PRIu64 " of these are beyond its evidence, "
			"where its vCPU did not run: its\n"
			"              clock was set there, and no bound holds\n",
			c->beyond);
	if (c->moved)
		fprintf(f,
			"              %" PRIu64 " of these, of user space, are where another of its "
			"vCPUs may have\n"
			"              run: their threads may have been moved as they were recorded\n",
			c->moved);
	if (c->outside) {
		fputs("              the farthest outside by ", f);
		print_ns(f, c->worst_ns);
		fputc('\n', f);
	}
	if (c->inside) {
		fputs("              least slack: ", f);
		print_ns(f, c->entry_slack_ns);
		fputs(" after an entry, ", f);
		print_ns(f, c->exit_slack_ns);
		fputs(" before an exit\n", f);
	}
}

static void print_offsets(FILE *f, const struct vmsync_guest_report *r)
{
	fputs("  offset      ", f);
	print_seconds(f, r->offset_start.ns);
	fputs(" at the start, ", f);
	print_seconds(f, r->offset_end.ns);
	fputs(" at the end\n  drift       ", f);
	print_ppb(f, r->drift_start_ppb);
	fputs(" at the start, ", f);
	print_ppb(f, r->drift_end_ppb);
	fputs(" at the end\n", f);
}

static void print_segments(FILE *f, const struct vmsync_map *map, bool all)
{
	size_t i, n = map->count;

	fputs("      guest time from s       offset s      drift ppm  method"
	      "   bound\n",
	      f);
	for (i = 0; i < n; i++) {
		const struct vmsync_segment *s = &map->segments[i];
		int64_t offset = s->host_start.ns - s->guest_start.ns;
		uint64_t size = offset < 0 ? -(uint64_t)offset :
					     (uint64_t)offset;
		double slope = (double)s->slope /
			       (double)((unsigned __int128)1 << s->shift);

		if (!all && i == SEGMENTS_SHOWN) {
			fprintf(f,
				"      and %zu more: --segments shows them\n",
				n - i);
			return;
		}
		fprintf(f,
			"  %10" PRId64 ".%09" PRId64 " %c%10" PRIu64 ".%09" PRIu64
			" %+11.4f  %-7s  ",
			s->guest_start.ns / 1000000000,
			s->guest_start.ns % 1000000000, offset < 0 ? '-' : '+',
			size / 1000000000, size % 1000000000,
			(slope - 1.0) * 1e6, vmsync_method_name(s->method));
		print_ns(f, s->bound_ns);
		if (i && s->epoch != map->segments[i - 1].epoch)
			fputs("  new epoch", f);
		fputc('\n', f);
	}
}

static void print_maps(FILE *f, const struct vmsync_guest_map *gm, bool all)
{
	uint32_t i;

	for (i = 0; i < gm->vcpus; i++) {
		const struct vmsync_map *map = &gm->maps[i];

		if (!map->count)
			continue;
		if (i && vmsync_maps_alike(map, &gm->maps[0])) {
			fprintf(f, "  segments of CPU %" PRIu32
				   ": the same as of CPU 0\n", i);
			continue;
		}
		fprintf(f, "  segments of CPU %" PRIu32 ": %zu\n", i,
			map->count);
		print_segments(f, map, all);
	}
}

/* What several traces hold, as overlapping snapshots do, and was read once. */
static void print_again(FILE *f, const struct vmsync_machine *m)
{
	uint64_t packets = ctf_joined_again(m->joined);
	size_t i;

	for (i = 0; i < m->n_again; i++) {
		fputs("  again       ", f);
		print_clean(f, ctf_trace_path(m->again[i]));
		fputs(": other traces hold all of it\n", f);
	}
	if (packets)
		fprintf(f, "  read once   %" PRIu64
			   " packets that are in several traces or files\n",
			packets);
}

static void print_machine(FILE *f, const struct vmsync_machine *m)
{
	char text[512];

	print_traces(f, m);
	print_again(f, m);
	if (m->coverage.absent.count) {
		vmsync_absent_note(&m->coverage.absent, text, sizeof(text));
		print_note(f, "note", text);
	}
	if (!m->offset_spread_ns)
		return;
	vmsync_offsets_note(m, text, sizeof(text));
	print_note(f, "note", text);
}

static void print_guest(FILE *f, const struct vmsync_session *s,
			const struct vmsync_session_guest *g,
			bool all_segments)
{
	const struct vmsync_guest_report *r = vmsync_guest_report_of(g->guest);
	size_t i;

	fprintf(f, "\nguest %s\n", g->machine->name);
	print_machine(f, g->machine);
	if (g->machine->domain.name[0])
		fprintf(f, "  domain      %s, uuid %s; it calls itself %s\n",
			g->machine->domain.name, g->machine->domain.uuid,
			g->machine->hostname);
	fprintf(f, "  VM          process %" PRId32 ", vm_uid %016" PRIx64
		   "%s\n",
		r->vm.pid, r->vm_uid,
		r->suspect ? ", SUSPECT: it claims what the host contradicts" :
			     "");
	if (*g->machine->clock_uuid)
		fprintf(f, "  boot        %s\n", g->machine->clock_uuid);
	if (vmsync_clock_is_host(g->machine->clock))
		fputs("  clock       its host's, as vmsync-clock followed it; how "
		      "well: see offset, drift\n",
		      f);
	fputs("  recorded    host time ", f);
	print_seconds(f, g->from_ns);
	fputs(" to ", f);
	print_seconds(f, g->until_ns);
	fputc('\n', f);
	print_vcpus(f, r);
	print_methods(f, r);
	vmsync_covered_text(f, g);
	if (s->exchange)
		print_messages(f, s, r);
	else
		print_beacons(f, r);
	print_causality(f, r);
	print_contain(f, g);
	print_offsets(f, r);
	vmsync_moves_text(f, g);
	for (i = 0; i < r->n_disagreements; i++) {
		const struct vmsync_disagreement *d = &r->disagreements[i];

		fprintf(f, "  DISAGREE    %s and %s, by ",
			vmsync_method_name(d->a), vmsync_method_name(d->b));
		print_ns(f, d->excess_ns);
		fputs(" at guest time ", f);
		print_seconds(f, d->at.ns);
		fputc('\n', f);
	}
	for (i = 0; i < r->n_notes; i++)
		print_note(f, "note", r->notes[i]);
	print_maps(f, vmsync_guest_maps(g->guest), all_segments);
}

static void print_left_out(FILE *f, const struct vmsync_left_out *l)
{
	char text[sizeof(l->why.msg) + sizeof(l->why.remedy) + 2];

	fprintf(f, "\nguest %s, LEFT OUT\n", l->machine->name);
	print_traces(f, l->machine);
	snprintf(text, sizeof(text), "%s; %s", l->why.msg, l->why.remedy);
	print_note(f, "why", text);
}

static void print_skipped(FILE *f, const struct vmsync_machines *m)
{
	size_t i;

	for (i = 0; i < m->n_skipped; i++) {
		fputs(i ? "skipped " : "\nskipped ", f);
		print_clean(f, m->skipped[i].path);
		fprintf(f, ": %s\n", m->skipped[i].why);
	}
}

void vmsync_report_text(FILE *f, const struct vmsync_session *s,
			bool all_segments)
{
	size_t i;

	fprintf(f, "host %s\n", s->host->name);
	print_machine(f, s->host);
	fprintf(f, "  events      %" PRIu64 "\n",
		vmsync_machine_events(s->host));
	for (i = 0; i < s->n_guests; i++)
		print_guest(f, s, &s->guests[i], all_segments);
	for (i = 0; i < s->n_left_out; i++)
		print_left_out(f, &s->left_out[i]);
	print_skipped(f, &s->machines);
	if (s->n_left_out)
		fprintf(f, "\n%zu of the guests could not be mapped: see LEFT OUT "
			   "above.\n", s->n_left_out);
	if (!vmsync_session_agrees(s))
		fputs("\nThe witnesses do NOT agree with the map: see "
		      "violations, outside, DISAGREE above.\n",
		      f);
	if (!vmsync_session_covered(s))
		fputs("\nNot all events are known as well as those with "
		      "evidence: see OUTSIDE above.\n",
		      f);
}
