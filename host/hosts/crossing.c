// SPDX-License-Identifier: MIT
#include "hosts/crossing.h"

#include <stdlib.h>

#include "fuse/fail.h"
#include "fuse/run_cursor.h"
#include "sync/base/array.h"

/* Guest time with evidence on one host, up to that on the other one. */
struct stay {
	int host;
	int64_t from_ns;
	int64_t until_ns;
};

typedef VMSYNC_ARRAY(struct stay) stays;

static const struct vmsync_map *map_on(const struct vmsync_hosts_guest *g, int host)
{
	return vmsync_guest_map_of(g->on[host]->maps, 0);
}

static int stay_add(stays *list, int host, const struct vmsync_segment *s)
{
	struct stay *last = vmsync_array_last(list);

	if (!last || last->host != host) {
		last = vmsync_array_add(list);
		if (!last)
			return -1;
		*last = (struct stay){ host, s->guest_start.ns, s->guest_end.ns };
	}
	last->until_ns = s->guest_end.ns;
	return 0;
}

/* From where to where it was on which host, in the order of the guest's time. */
static int stays_find(const struct vmsync_hosts_guest *g, stays *list)
{
	const struct vmsync_map *a = map_on(g, 0), *b = map_on(g, 1);
	size_t i = 0, k = 0;

	while (i < a->count || k < b->count) {
		bool first = k == b->count ||
			     (i < a->count && a->segments[i].guest_start.ns <
						      b->segments[k].guest_start.ns);
		const struct vmsync_segment *s = first ? &a->segments[i++] :
							 &b->segments[k++];

		if (stay_add(list, !first, s))
			return -1;
	}
	return 0;
}

/* Which of its VMs there the guest was in at host time @ns, as its beacons tell. */
static size_t home_at(const struct vmsync_session_guest *g, int64_t ns)
{
	size_t home = 0;

	while (home < g->report->n_moves && g->report->moves[home].first_ns <= ns)
		home++;
	return home;
}

/* What is on record of a VM's virtual CPUs: INT64_MAX, _MIN: nothing. */
struct ends {
	int64_t entry_ns; /* the first one */
	int64_t exit_ns;  /* the last one */
};

static int ends_of(struct vmsync_run_cursor *c, struct ends *ends, struct ctf_error *e)
{
	struct vmsync_interval st;
	int ret = vmsync_run_cursor_seek(c, INT64_MIN, &st, e);

	while (!ret && st.until != VMSYNC_END_NONE) {
		if (st.until == VMSYNC_END_ENTRY && st.until_ns < ends->entry_ns)
			ends->entry_ns = st.until_ns;
		if (st.until == VMSYNC_END_EXIT && st.until_ns > ends->exit_ns)
			ends->exit_ns = st.until_ns;
		ret = vmsync_run_cursor_next(c, &st, e);
	}
	return ret;
}

/* Of the guest's VM @home there, if there was one. */
static int ends_find(const struct vmsync_hosts *h, const struct vmsync_hosts_guest *g,
		     int host, size_t home, struct ends *ends, struct ctf_error *e)
{
	const struct vmsync_session_guest *on = g->on[host];
	int ret = 0;

	*ends = (struct ends){ INT64_MAX, INT64_MIN };
	if (home > on->report->n_moves)
		return 0;
	for (uint32_t cpu = 0; !ret && cpu < on->report->n_cpus; cpu++) {
		int32_t tid = vmsync_guest_home_thread(on->guest, home, cpu);
		struct vmsync_run_cursor *c =
			vmsync_run_cursor_of(h->on[host].runs, tid);

		ret = c ? ends_of(c, ends, e) : vmsync_fail_memory(e);
		vmsync_run_cursor_free(c);
	}
	return ret;
}

/* By the first host's clock, and how well that is known. */
static int64_t at_first(const struct vmsync_hosts *h, int host, int64_t ns,
			int64_t *bound_ns)
{
	const struct vmsync_map *map = vmsync_hosts_between(h);

	if (!host)
		return ns;
	*bound_ns += vmsync_map_bound_ns(map, (guest_time){ ns }, NULL);
	return vmsync_map_eval(map, (guest_time){ ns }).ns;
}

/* Host time at which a stay ends, by its evidence. */
static int64_t end_ns(const struct vmsync_hosts_guest *g, const struct stay *stay)
{
	return vmsync_map_eval(map_on(g, stay->host), (guest_time){ stay->until_ns }).ns;
}

/* Who comes is in another VM than it was in when it was here last. */
static size_t home_of_arrival(const struct vmsync_hosts_guest *g, const stays *list,
			      size_t i)
{
	const struct stay *before = i < 2 ? NULL : &list->at[i - 2];

	return before ? home_at(g->on[before->host], end_ns(g, before)) + 1 : 0;
}

/* From stay @i to the next one. */
static int crossing_find(const struct vmsync_hosts *h, const struct vmsync_hosts_guest *g,
			 const stays *list, size_t i, struct vmsync_crossing *x,
			 struct ctf_error *e)
{
	const struct stay *from = &list->at[i], *to = from + 1;
	int64_t left_ns = end_ns(g, from);
	int64_t came_ns = vmsync_map_eval(map_on(g, to->host),
					  (guest_time){ to->from_ns }).ns;
	struct ends there, here;
	int ret = ends_find(h, g, from->host, home_at(g->on[from->host], left_ns),
			    &there, e);

	if (!ret)
		ret = ends_find(h, g, to->host, home_of_arrival(g, list, i + 1), &here, e);
	if (ret)
		return ret;
	*x = (struct vmsync_crossing){
		.from = from->host,
		.to = to->host,
		.guest_ns = from->until_ns,
		.at_most = there.exit_ns < left_ns || here.entry_ns > came_ns,
	};
	x->left_ns = x->at_most ? left_ns : there.exit_ns;
	x->arrived_ns = x->at_most ? came_ns : here.entry_ns;
	x->left_at_ns = at_first(h, x->from, x->left_ns, &x->bound_ns);
	x->arrived_at_ns = at_first(h, x->to, x->arrived_ns, &x->bound_ns);
	return 0;
}

int vmsync_crossings_find(struct vmsync_hosts *h, struct vmsync_hosts_guest *g,
			  struct ctf_error *e)
{
	stays list = { 0 };
	size_t i;
	int ret = 0;

	if (stays_find(g, &list)) {
		vmsync_array_free(&list);
		return vmsync_fail_memory(e);
	}
	g->crossings = calloc(list.count + 1, sizeof(*g->crossings));
	if (!g->crossings)
		ret = vmsync_fail_memory(e);
	for (i = 0; !ret && i + 1 < list.count; i++)
		ret = crossing_find(h, g, &list, i, &g->crossings[g->n++], e);
	vmsync_array_free(&list);
	return ret;
}
