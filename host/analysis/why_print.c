// SPDX-License-Identifier: MIT
/* The tree of causes as text and as JSON. */
#include <inttypes.h>
#include <stdlib.h>

#include "analysis/analysis.h"
#include "fuse/print.h"
#include "base/json_string.h"

/* Causes under one that are listed, unless all are asked for. */
#define MOST 8

#define COLUMNS 100
#define NUMBERS 33 /* columns before a cause */

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The bound is the largest where evidence begins or ends, or at either end. */
static int64_t map_bound(const struct vmsync_map *map, int64_t from_ns,
			 int64_t until_ns)
{
	guest_time from = vmsync_map_inverse(map, (host_time){from_ns});
	guest_time until = vmsync_map_inverse(map, (host_time){until_ns});
	int64_t bound = most(vmsync_map_bound_ns(map, from, NULL),
			     vmsync_map_bound_ns(map, until, NULL));
	size_t i;

	for (i = 0; i < map->count; i++) {
		const guest_time at[] = {
			{map->segments[i].guest_start.ns - 1},
			map->segments[i].guest_start,
			map->segments[i].guest_end,
		};
		int k;

		for (k = 0; k < 3; k++) {
			if (at[k].ns > from.ns && at[k].ns < until.ns)
				bound = most(bound, vmsync_map_bound_ns(
							    map, at[k], NULL));
		}
	}
	return bound;
}

/* Of the times that there are: the guest was recorded then. */
static int64_t bound_ns_of(const struct analysis *a)
{
	const struct vmsync_session_guest *g =
		&a->session->guests[a->why_guest];
	int64_t from = most(a->totals.from_ns, g->from_ns), bound = 0;
	int64_t until = a->totals.until_ns;
	uint32_t cpu;

	if (g->until_ns > from && g->until_ns < until)
		until = g->until_ns;

	for (cpu = 0; cpu < g->maps->vcpus; cpu++) {
		const struct vmsync_map *map =
			vmsync_guest_map_of(g->maps, cpu);

		if (map && map->count)
			bound = most(bound, map_bound(map, from, until));
	}
	return bound;
}

/* ------------------------------------------------------------------------ text
 */

/* Cut where the line would be too long. */
static void cause(FILE *f, const char *what, int depth)
{
	fprintf(f, "%*s", 2 * depth, "");
	print_cut(f, what, COLUMNS - NUMBERS - 2 * depth);
	fputc('\n', f);
}

static void numbers(FILE *f, int64_t ns, int64_t whole, uint64_t times)
{
	char count[24] = "";

	if (times)
		snprintf(count, sizeof(count), "%" PRIu64 "x", times);
	fprintf(f, "%9" PRId64 ".%06" PRId64 " %6.2f %% %6s ", ns / 1000000,
		ns % 1000000, whole ? (double)ns * 100 / (double)whole : 0,
		count);
}

static void node_text(FILE *f, const struct analysis_why_node *n, int64_t whole,
		      int depth, bool all)
{
	int64_t rest = 0;
	size_t i;

	numbers(f, n->ns, whole, n->times);
	cause(f, n->what, depth);
	for (i = 0; i < n->n_children; i++) {
		if (all || i < MOST)
			node_text(f, &n->child[i], whole, depth + 1, all);
		else
			rest += n->child[i].ns;
	}
	if (all || n->n_children <= MOST)
		return;
	numbers(f, rest, whole, 0);
	fprintf(f, "%*s%zu more\n", 2 * depth + 2, "", n->n_children - MOST);
}

void analysis_why_text(FILE *f, const struct analysis *a)
{
	int64_t from = a->totals.from_ns - a->begin_ns;
	int64_t until = a->totals.until_ns - a->begin_ns;

	print_clean(f, a->why.what);
	fputs(" of ", f);
	print_clean(f, a->session->guests[a->why_guest].machine->name);
	fprintf(f,
		", %" PRId64 ".%09" PRId64 " s to %" PRId64 ".%09" PRId64
		" s of the recording\n"
		"The guest's times are right to ",
		from / 1000000000, from % 1000000000, until / 1000000000,
		until % 1000000000);
	print_ns(f, bound_ns_of(a));
	fputs(". Milliseconds, share, and how often:\n\n", f);
	node_text(f, &a->why, a->why.ns, 0, a->options->all);
}

/* ------------------------------------------------------------------------ JSON
 */

static void node_json(FILE *f, const struct analysis_why_node *n, int depth)
{
	size_t i;

	fprintf(f, "%*s{\"what\": ", 2 * depth, "");
	vmsync_json_string(f, n->what);
	fprintf(f,
		", \"ns\": %" PRId64 ", \"times\": %" PRIu64 ", \"causes\": [",
		n->ns, n->times);
	for (i = 0; i < n->n_children; i++) {
		fputs(i ? ",\n" : "\n", f);
		node_json(f, &n->child[i], depth + 1);
	}
	fputs("]}", f);
}

void analysis_why_json(FILE *f, const struct analysis *a)
{
	fprintf(f, "{\"schema\": %d, \"vm\": ", ANALYSIS_SCHEMA);
	vmsync_json_string(f, a->session->guests[a->why_guest].machine->name);
	fprintf(f,
		", \"tid\": %d, \"from_ns\": %" PRId64
		", \"until_ns\": %" PRId64,
		a->options->why_tid, a->totals.from_ns, a->totals.until_ns);
	print_json_bound(f, "bound_ns", bound_ns_of(a));
	fputs(",\n \"why\":\n", f);
	node_json(f, &a->why, 1);
	fputs("}\n", f);
}
