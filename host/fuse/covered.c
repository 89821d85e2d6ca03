// SPDX-License-Identifier: MIT
#include "fuse/covered.h"

#include <inttypes.h>

#include "fuse/print.h"

/* So many times the usual distance of two samples beyond the last one is near. */
#define NEAR 4

/* Strange traces that are named. */
#define NAMED 8

static const struct {
	const char *text;
	const char *json;
	const char *brief;
} places[VMSYNC_PLACE_COUNT] = {
	[VMSYNC_PLACE_BEFORE] = { "before the evidence begins", "before",
				  "before it" },
	[VMSYNC_PLACE_WITHIN] = { "in holes of the evidence", "within",
				  "in its holes" },
	[VMSYNC_PLACE_AFTER] = { "after the evidence ends", "after",
				 "after it" },
};

/* How far from each other the samples of @method usually are, guest ns. */
static int64_t usual_ns(const struct vmsync_session_guest *g,
			enum vmsync_method method)
{
	const struct vmsync_guest_report *r = vmsync_guest_report_of(g->guest);
	uint64_t samples = r->matched;

	if (method == VMSYNC_METHOD_EXACT)
		return 0;
	if (method == VMSYNC_METHOD_TSYNC || method == VMSYNC_METHOD_WINDOW)
		samples = g->known.at[VMSYNC_PLACE_INSIDE].events;
	return samples ? (int64_t)(r->shares[method].guest_ns / samples) : 0;
}

/* How far outside of the evidence an event may be and still be near it. */
static int64_t near_ns(const struct vmsync_session_guest *g,
		       enum vmsync_place place)
{
	const struct vmsync_map *map = vmsync_guest_map_of(g->maps, 0);

	if (!map || place == VMSYNC_PLACE_WITHIN)
		return 0;
	return NEAR *
	       usual_ns(g, map->segments[place == VMSYNC_PLACE_BEFORE ?
						 0 :
						 map->count - 1].method);
}

bool vmsync_guest_covered(const struct vmsync_session_guest *g)
{
	int64_t inside = g->known.at[VMSYNC_PLACE_INSIDE].bound_ns;

	for (int i = VMSYNC_PLACE_BEFORE; i < VMSYNC_PLACE_COUNT; i++) {
		const struct vmsync_known_at *at = &g->known.at[i];

		if (at->bound_ns > inside &&
		    at->away_ns > near_ns(g, (enum vmsync_place)i))
			return false;
	}
	return true;
}

bool vmsync_session_covered(const struct vmsync_session *s)
{
	for (size_t i = 0; i < s->n_guests; i++) {
		if (!vmsync_guest_covered(&s->guests[i]))
			return false;
	}
	return true;
}

static int64_t evidence_ns(const struct vmsync_session_guest *g)
{
	const struct vmsync_map *map = vmsync_guest_map_of(g->maps, 0);

	return map ? map->segments[map->count - 1].guest_end.ns -
			     map->segments[0].guest_start.ns :
		     0;
}

bool vmsync_trace_is_strange(const struct vmsync_session_guest *g, size_t trace)
{
	const struct vmsync_known *k = &g->known_traces[trace];

	return vmsync_known_total(k) &&
	       vmsync_known_total(k) < vmsync_known_total(&g->known) &&
	       !k->at[VMSYNC_PLACE_INSIDE].events &&
	       !k->at[VMSYNC_PLACE_WITHIN].events &&
	       vmsync_known_nearest_ns(k) > evidence_ns(g);
}

static void text_strange(FILE *f, const struct vmsync_session_guest *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->machine->n; i++) {
		if (!vmsync_trace_is_strange(g, i) || n++ >= NAMED)
			continue;
		fputs("  STRANGE     ", f);
		print_clean(f, ctf_trace_path(g->machine->traces[i]));
		fputs(":\n", f);
		print_note(f, "",
			   "no event of it is near the evidence of its machine. "
			   "If it was recorded at another time the bound above "
			   "holds; if its clock is another one, as that of a "
			   "process in a time namespace is, none does");
	}
	if (n > NAMED)
		fprintf(f, "  STRANGE     and %zu traces more\n", n - NAMED);
}

bool vmsync_guest_reach(const struct vmsync_session_guest *g, int64_t *first_ns,
			int64_t *last_ns)
{
	struct vmsync_known all = { 0 };

	for (size_t i = 0; g->known_traces && i < g->machine->n; i++) {
		if (!vmsync_trace_is_strange(g, i))
			vmsync_known_add(&all, &g->known_traces[i]);
	}
	if (!vmsync_known_total(&all))
		return false;
	*first_ns = all.first_ns;
	*last_ns = all.last_ns;
	return true;
}

static size_t strange_traces(const struct vmsync_session_guest *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->machine->n; i++)
		n += vmsync_trace_is_strange(g, i);
	return n;
}

static void lines_outside(FILE *f, const struct vmsync_known *k)
{
	const char *sep = ": ";

	fprintf(f, "\n%" PRIu64 " of them OUTSIDE THE EVIDENCE (shaded)",
		vmsync_known_outside(k));
	for (int i = VMSYNC_PLACE_BEFORE; i < VMSYNC_PLACE_COUNT; i++) {
		if (!k->at[i].events)
			continue;
		fprintf(f, "%s%" PRIu64 " %s (", sep, k->at[i].events,
			places[i].brief);
		print_ns(f, k->at[i].bound_ns);
		fputc(')', f);
		sep = ", ";
	}
}

void vmsync_covered_lines(FILE *f, const struct vmsync_session_guest *g)
{
	const struct vmsync_known *k = &g->known;
	size_t strange = strange_traces(g);

	fprintf(f, "%" PRIu64 " events, each known to ", vmsync_known_total(k));
	print_ns(f, vmsync_known_bound_ns(k));
	fputs(" or better", f);
	if (strange)
		fprintf(f, "; those of %zu STRANGE trace%s are not drawn",
			strange, strange == 1 ? "" : "s");
	if (!vmsync_known_outside(k))
		return;
	if (k->at[VMSYNC_PLACE_INSIDE].events) {
		fputs("; where there is evidence to ", f);
		print_ns(f, k->at[VMSYNC_PLACE_INSIDE].bound_ns);
	}
	lines_outside(f, k);
}

void vmsync_covered_text(FILE *f, const struct vmsync_session_guest *g)
{
	fprintf(f, "  events      %" PRIu64 ", each known to ",
		vmsync_known_total(&g->known));
	print_ns(f, vmsync_known_bound_ns(&g->known));
	fputs(" or better\n", f);
	if (g->known.cpu_unknown)
		fprintf(f, "  CPU         of %" PRIu64 " of them is not known: "
			   "their bound covers the maps of all\n",
			g->known.cpu_unknown);
	for (int i = VMSYNC_PLACE_BEFORE; i < VMSYNC_PLACE_COUNT; i++) {
		const struct vmsync_known_at *at = &g->known.at[i];

		if (!at->events)
			continue;
		fprintf(f, "  OUTSIDE     %" PRIu64 " of them %s, by up to ",
			at->events, places[i].text);
		print_seconds(f, at->away_ns);
		fputs(":\n              known to ", f);
		print_ns(f, at->bound_ns);
		fputs(" only\n", f);
	}
	text_strange(f, g);
}

static void json_strange(FILE *f, const struct vmsync_session_guest *g)
{
	bool first = true;

	fputs(", \"strange_traces\": [", f);
	for (size_t i = 0; i < g->machine->n; i++) {
		if (!vmsync_trace_is_strange(g, i))
			continue;
		fprintf(f, "%s%zu", first ? "" : ", ", i);
		first = false;
	}
	fputc(']', f);
}

void vmsync_covered_json(FILE *f, const struct vmsync_session_guest *g)
{
	const struct vmsync_known *k = &g->known;

	fprintf(f, ", \"covered\": %s",
		vmsync_guest_covered(g) ? "true" : "false");
	print_json_bound(f, "bound_worst_events_ns", vmsync_known_bound_ns(k));
	fputs(", \"events_outside_evidence\": {", f);
	for (int i = VMSYNC_PLACE_BEFORE; i < VMSYNC_PLACE_COUNT; i++) {
		char key[32];

		snprintf(key, sizeof(key), "%s_bound_ns", places[i].json);
		fprintf(f, "%s\"%s\": %" PRIu64,
			i > VMSYNC_PLACE_BEFORE ? ", " : "", places[i].json,
			k->at[i].events);
		print_json_bound(f, key, k->at[i].bound_ns);
		fprintf(f, ", \"%s_away_ns\": %" PRId64, places[i].json,
			k->at[i].away_ns);
	}
	print_json_bound(f, "bound_worst_ns", vmsync_known_outside_bound_ns(k));
	fprintf(f, "}, \"events_cpu_unknown\": %" PRIu64, k->cpu_unknown);
	json_strange(f, g);
}
