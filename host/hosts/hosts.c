// SPDX-License-Identifier: MIT
#include "hosts/hosts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"
#include "fuse/places.h"
#include "fuse/witness.h"
#include "hosts/compose.h"
#include "hosts/crossing.h"
#include "sync/map/anyone.h"

/* Traces by whose they are: those of two hosts, and of all guests. */
struct sorted {
	char **paths;
	size_t n;
	struct {
		size_t from;
		size_t n;
	} host[2];
};

static void sorted_add(struct sorted *to, const struct vmsync_machine *m)
{
	for (size_t i = 0; i < m->n; i++)
		to->paths[to->n++] = (char *)ctf_trace_path(m->traces[i]);
}

/* Guests last. Return: 1; 0 where these are not two hosts and guests; -ENOMEM. */
static int sort(const struct vmsync_machines *all, struct sorted *out)
{
	size_t i, traces = 0, hosts = 0;

	for (i = 0; i < all->n; i++) {
		traces += all->machine[i].n;
		hosts += all->machine[i].side == VMSYNC_SIDE_HOST;
	}
	if (hosts != 2 || all->n < 3)
		return 0;
	out->paths = calloc(traces, sizeof(*out->paths));
	if (!out->paths)
		return -ENOMEM;
	for (i = hosts = 0; i < all->n; i++) {
		if (all->machine[i].side != VMSYNC_SIDE_HOST)
			continue;
		out->host[hosts].from = out->n;
		sorted_add(out, &all->machine[i]);
		out->host[hosts].n = out->n - out->host[hosts].from;
		hosts++;
	}
	for (i = 0; i < all->n; i++) {
		if (all->machine[i].side != VMSYNC_SIDE_HOST)
			sorted_add(out, &all->machine[i]);
	}
	return 1;
}

static int session(struct vmsync_session *s, char *const *paths, size_t n,
		   const struct vmsync_session_options *options,
		   const struct vmsync_progress *progress, struct ctf_error *e)
{
	int ret = vmsync_session_open(paths, n, options, s, e);

	if (!ret)
		ret = vmsync_session_sync(s, options, progress, e);
	return ret ? ret : vmsync_session_contain(s, progress, e);
}

/* A host with all guests: as if there were no other host, nor messages. */
static int session_on(struct vmsync_hosts *h, int host, const struct sorted *t,
		      const struct vmsync_session_options *options,
		      const struct vmsync_progress *progress, struct ctf_error *e)
{
	struct vmsync_session_options alone = *options;
	size_t guests = t->host[1].from + t->host[1].n, n = t->host[host].n;
	char **paths = calloc(t->n, sizeof(*paths));
	int ret;

	if (!paths)
		return vmsync_fail_memory(e);
	alone.exchange = NULL;
	alone.sync.wide = alone.sync.machines = false;
	memcpy(paths, t->paths + t->host[host].from, n * sizeof(*paths));
	memcpy(paths + n, t->paths + guests, (t->n - guests) * sizeof(*paths));
	ret = session(&h->on[host], paths, n + t->n - guests, &alone, progress, e);
	free(paths);
	return ret;
}

static struct vmsync_session_guest *find(struct vmsync_session *s, const char *path)
{
	for (size_t i = 0; i < s->n_guests; i++) {
		if (!strcmp(ctf_trace_path(s->guests[i].machine->traces[0]), path))
			return &s->guests[i];
	}
	return NULL;
}

/* It may be one of many traces of a guest, or a guest of neither. */
static void guest_add(struct vmsync_hosts *h, const char *path)
{
	struct vmsync_hosts_guest *g = &h->guests[h->n_guests];

	g->on[0] = find(&h->on[0], path);
	g->on[1] = find(&h->on[1], path);
	if (!g->on[0] && !g->on[1])
		return;
	vmsync_guest_map_init(&g->maps);
	h->n_guests++;
}

const struct vmsync_map *vmsync_hosts_between(const struct vmsync_hosts *h)
{
	return vmsync_guest_map_of(h->between.guests[0].maps, UINT32_MAX);
}

/* Behind its evidence it is known no better than on each of its ways. */
static void extrapolation(struct vmsync_map *map, const struct vmsync_map *part,
			  const struct vmsync_map *way)
{
	uint64_t ppb = (uint64_t)part->extrapolation_ppb +
		       (way ? way->extrapolation_ppb : 0);
	int64_t ns = part->extrapolation_ns + (way ? way->extrapolation_ns : 0);

	if (ppb > VMSYNC_PPB_NONE || part->extrapolation_ppb == VMSYNC_PPB_NONE)
		ppb = VMSYNC_PPB_NONE;
	if (ppb > map->extrapolation_ppb)
		map->extrapolation_ppb = (uint32_t)ppb;
	if (ns > map->extrapolation_ns)
		map->extrapolation_ns = ns;
}

/* From where it arrived on, its clock is that of the host that it came to. */
static int arrival(const struct vmsync_hosts *h, const struct vmsync_hosts_guest *g,
		   uint32_t cpu, const struct vmsync_crossing *x, vmsync_visits *to)
{
	const struct vmsync_map *map = vmsync_guest_map_of(g->on[x->to]->maps, cpu);
	size_t i = 0;

	while (i < map->count && map->segments[i].guest_start.ns < x->guest_ns)
		i++;
	if (x->at_most || i == map->count ||
	    map->segments[i].host_start.ns <= x->arrived_ns)
		return 0;
	return vmsync_compose_before(to, &map->segments[i], x->to ? vmsync_hosts_between(h) : NULL,
				     x->to, (host_time){ x->arrived_ns });
}

static int map_join(const struct vmsync_hosts *h, struct vmsync_hosts_guest *g,
		    uint32_t cpu)
{
	struct vmsync_map *map = &g->maps.maps[cpu];
	vmsync_visits all = { 0 };
	int64_t contradicted_ns = 0;
	int ret = 0;

	for (size_t i = 0; !ret && i < g->n; i++)
		ret = arrival(h, g, cpu, &g->crossings[i], &all);
	for (int host = 0; !ret && host < 2; host++) {
		const struct vmsync_map *way = host ? vmsync_hosts_between(h) : NULL;
		const struct vmsync_map *part =
			g->on[host] ? vmsync_guest_map_of(g->on[host]->maps, cpu) :
				      NULL;

		if (!part)
			continue;
		extrapolation(map, part, way);
		ret = vmsync_compose(&all, part, way, host);
	}
	if (!ret)
		ret = vmsync_visits_map(&all, map, &contradicted_ns);
	if (contradicted_ns > g->contradicted_ns)
		g->contradicted_ns = contradicted_ns;
	vmsync_array_free(&all);
	return ret;
}

static int maps_join(const struct vmsync_hosts *h, struct vmsync_hosts_guest *g)
{
	uint32_t n = 0;
	int ret = 0;

	for (int host = 0; host < 2; host++) {
		if (g->on[host] && g->on[host]->maps->vcpus > n)
			n = g->on[host]->maps->vcpus;
	}
	g->maps.maps = calloc(n, sizeof(*g->maps.maps));
	if (!g->maps.maps)
		return -ENOMEM;
	for (; !ret && g->maps.vcpus < n; g->maps.vcpus++) {
		vmsync_map_init(&g->maps.maps[g->maps.vcpus]);
		ret = map_join(h, g, g->maps.vcpus);
	}
	return ret ? ret : vmsync_anyone_make(&g->maps);
}

/* All machines on the first host's clock. What they are made of is the others'. */
static int joined_make(struct vmsync_hosts *h, struct ctf_error *e)
{
	struct vmsync_session *s = &h->joined;
	size_t i;

	s->host = h->on[0].host;
	s->exchange = h->between.exchange;
	s->jobs = h->on[0].jobs;
	s->runs = vmsync_runs_new();
	s->left_out = calloc(h->n_guests + 1, sizeof(*s->left_out));
	s->guests = calloc(h->n_guests + 1, sizeof(*s->guests));
	if (!s->runs || !s->left_out || !s->guests)
		return vmsync_fail_memory(e);
	s->guests[s->n_guests++] = (struct vmsync_session_guest){
		.machine = h->between.guests[0].machine,
		.guest = h->between.guests[0].guest,
		.report = h->between.guests[0].report,
		.maps = h->between.guests[0].maps,
	};
	for (i = 0; i < h->n_guests; i++) {
		struct vmsync_hosts_guest *g = &h->guests[i];
		const struct vmsync_session_guest *of = g->on[g->on[0] ? 0 : 1];

		g->joined = &s->guests[s->n_guests++];
		*g->joined = (struct vmsync_session_guest){
			.machine = of->machine,
			.guest = of->guest,
			.report = of->report,
			.maps = &g->maps,
		};
	}
	return 0;
}

/* It came before it had left, by more than the time between is uncertain. */
static void check_order(struct vmsync_hosts_guest *g)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct vmsync_crossing *x = &g->crossings[i];
		int64_t over_ns = x->left_at_ns - x->arrived_at_ns - x->bound_ns;

		if (over_ns > g->contradicted_ns)
			g->contradicted_ns = over_ns;
	}
}

static int guests_find(struct vmsync_hosts *h, const struct sorted *t,
		       struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	h->guests = calloc(t->n, sizeof(*h->guests));
	if (!h->guests)
		return vmsync_fail_memory(e);
	for (i = t->host[1].from + t->host[1].n; i < t->n; i++)
		guest_add(h, t->paths[i]);
	for (i = 0; !ret && i < h->n_guests; i++) {
		struct vmsync_hosts_guest *g = &h->guests[i];

		if (g->on[0] && g->on[1])
			ret = vmsync_crossings_find(h, g, e);
		check_order(g);
		if (!ret && maps_join(h, g))
			ret = vmsync_fail_memory(e);
	}
	return ret;
}

static int make(struct vmsync_hosts *h, const struct sorted *t,
		const struct vmsync_session_options *options,
		const struct vmsync_progress *progress, struct ctf_error *e)
{
	int ret = session_on(h, 0, t, options, progress, e);
	size_t i;

	if (!ret)
		ret = session_on(h, 1, t, options, progress, e);
	if (!ret)
		ret = session(&h->between, t->paths, t->host[1].from + t->host[1].n,
			      options, progress, e);
	if (!ret)
		ret = guests_find(h, t, e);
	if (!ret)
		ret = joined_make(h, e);
	for (i = 0; !ret && i < h->joined.n_guests; i++)
		ret = vmsync_place_find(&h->joined.guests[i], e);
	if (!ret)
		ret = vmsync_session_contain(&h->joined, progress, e);
	if (!ret)
		vmsync_hosts_contain(h);
	return ret;
}

int vmsync_hosts_open(struct vmsync_hosts *h, char *const *paths, size_t n,
		      const struct vmsync_session_options *options,
		      const struct vmsync_progress *progress,
		      struct ctf_error *e)
{
	struct vmsync_machines all = { 0 };
	struct sorted sorted = { 0 };
	int ret = vmsync_machines_open(paths, n, &all, false, e);

	if (!ret)
		ret = sort(&all, &sorted);
	if (ret > 0)
		ret = make(h, &sorted, options, progress, e) ? e->code : 1;
	else if (ret == -ENOMEM)
		vmsync_fail_memory(e);
	free(sorted.paths);
	vmsync_machines_close(&all);
	return ret;
}

bool vmsync_hosts_agree(const struct vmsync_hosts *h)
{
	for (size_t i = 0; i < h->n_guests; i++) {
		if (h->guests[i].contradicted_ns)
			return false;
	}
	return vmsync_session_agrees(&h->on[0]) &&
	       vmsync_session_agrees(&h->on[1]) &&
	       vmsync_session_agrees(&h->between);
}

void vmsync_hosts_contain(struct vmsync_hosts *h)
{
	for (size_t i = 0; i < h->n_guests; i++) {
		struct vmsync_contain_result *all = &h->guests[i].joined->contain;
		uint64_t decided;

		vmsync_contain_init(all);
		for (int host = 0; host < 2; host++) {
			if (h->guests[i].on[host])
				vmsync_contain_add(all,
						   &h->guests[i].on[host]->contain);
		}
		decided = all->inside + all->outside;
		all->undecidable = h->guests[i].joined->events > decided ?
					   h->guests[i].joined->events - decided :
					   0;
	}
}

/* The joined session's machines and pool are the others'. */
void vmsync_hosts_close(struct vmsync_hosts *h)
{
	for (size_t i = 0; i < h->n_guests; i++) {
		vmsync_guest_map_free(&h->guests[i].maps);
		free(h->guests[i].crossings);
	}
	free(h->guests);
	vmsync_session_close(&h->joined);
	vmsync_session_close(&h->between);
	vmsync_session_close(&h->on[1]);
	vmsync_session_close(&h->on[0]);
	memset(h, 0, sizeof(*h));
}
