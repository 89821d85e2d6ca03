// SPDX-License-Identifier: MIT
#include "sync/map/known.h"

static void worse(int64_t *worst, int64_t ns)
{
	if (ns > *worst)
		*worst = ns;
}

static void nearer(struct vmsync_known_at *at, int64_t ns)
{
	if (!at->events || ns < at->nearest_ns)
		at->nearest_ns = ns;
}

static int64_t time_of(uint64_t clock)
{
	return clock > INT64_MAX ? INT64_MAX : (int64_t)clock;
}

/* How many of @clock[@n], which are in order, are not beyond @last. */
static size_t up_to(const uint64_t *clock, size_t n, int64_t last)
{
	size_t lo = 0, hi = n;

	if (n && time_of(clock[n - 1]) <= last)
		return n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (time_of(clock[mid]) <= last)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The last guest time whose segment is @i. */
static int64_t last_of(const struct vmsync_map *map, size_t i)
{
	return i + 1 < map->count ? map->segments[i + 1].guest_start.ns - 1 :
				    INT64_MAX;
}

/*
 * Events without evidence: the bound grows away from it, so that the first of
 * them or the last one has the worst, and in a hole that ends with a jump all do.
 */
static void count_outside(struct vmsync_known_at *at,
			  const struct vmsync_map *map, size_t i,
			  const uint64_t *clock, size_t n)
{
	const struct vmsync_segment *s = &map->segments[i];
	const int64_t ends[2] = { time_of(clock[0]), time_of(clock[n - 1]) };

	for (int k = 0; k < 2; k++) {
		int64_t away = ends[k] < s->guest_start.ns ?
				       s->guest_start.ns - ends[k] :
				       ends[k] - s->guest_end.ns;

		worse(&at->bound_ns,
		      vmsync_map_bound_ns(map, (guest_time){ ends[k] }, NULL));
		worse(&at->away_ns, away);
		nearer(at, away);
		at->events += k ? n - 1 : 1;
	}
}

/* The first of @clock[@n] are in segment @i, or go by it: returns how many. */
static size_t count_in(struct vmsync_known *k, const struct vmsync_map *map,
		       size_t i, const uint64_t *clock, size_t n)
{
	const struct vmsync_segment *s = &map->segments[i];
	struct vmsync_known_at *inside = &k->at[VMSYNC_PLACE_INSIDE];
	enum vmsync_place beyond = i + 1 < map->count ? VMSYNC_PLACE_WITHIN :
							VMSYNC_PLACE_AFTER;
	size_t done = 0, m;

	if (!i && time_of(clock[0]) < s->guest_start.ns) {
		done = up_to(clock, n, s->guest_start.ns - 1);
		count_outside(&k->at[VMSYNC_PLACE_BEFORE], map, i, clock, done);
	}
	n = done + up_to(clock + done, n - done, last_of(map, i));
	m = up_to(clock + done, n - done, s->guest_end.ns);
	if (m) {
		inside->events += m;
		worse(&inside->bound_ns, s->bound_ns);
	}
	done += m;
	if (done < n)
		count_outside(&k->at[beyond], map, i, clock + done, n - done);
	return n;
}

/* Events from @first_ns to @last_ns come to those that @k has so far. */
static void reach(struct vmsync_known *k, int64_t first_ns, int64_t last_ns)
{
	bool any = vmsync_known_total(k);

	if (!any || first_ns < k->first_ns)
		k->first_ns = first_ns;
	if (!any || last_ns > k->last_ns)
		k->last_ns = last_ns;
}

void vmsync_known_events(struct vmsync_known *k, const struct vmsync_map *map,
			 const uint64_t *clock, size_t n, size_t *near)
{
	if (n)
		reach(k, time_of(clock[0]), time_of(clock[n - 1]));
	while (n) {
		size_t done;

		*near = vmsync_map_find(map, (guest_time){ time_of(clock[0]) },
					*near);
		done = count_in(k, map, *near, clock, n);
		clock += done;
		n -= done;
	}
}

void vmsync_known_add(struct vmsync_known *k, const struct vmsync_known *more)
{
	if (vmsync_known_total(more))
		reach(k, more->first_ns, more->last_ns);
	k->cpu_unknown += more->cpu_unknown;
	for (int i = 0; i < VMSYNC_PLACE_COUNT; i++) {
		if (more->at[i].events)
			nearer(&k->at[i], more->at[i].nearest_ns);
		k->at[i].events += more->at[i].events;
		worse(&k->at[i].bound_ns, more->at[i].bound_ns);
		worse(&k->at[i].away_ns, more->at[i].away_ns);
	}
}

void vmsync_known_unbound(struct vmsync_known *k)
{
	for (int i = VMSYNC_PLACE_BEFORE; i < VMSYNC_PLACE_COUNT; i++)
		if (k->at[i].events)
			k->at[i].bound_ns = VMSYNC_BOUND_NONE;
}

uint64_t vmsync_known_outside(const struct vmsync_known *k)
{
	return k->at[VMSYNC_PLACE_BEFORE].events +
	       k->at[VMSYNC_PLACE_WITHIN].events +
	       k->at[VMSYNC_PLACE_AFTER].events;
}

uint64_t vmsync_known_total(const struct vmsync_known *k)
{
	return k->at[VMSYNC_PLACE_INSIDE].events + vmsync_known_outside(k);
}

int64_t vmsync_known_outside_bound_ns(const struct vmsync_known *k)
{
	int64_t worst = 0;

	worse(&worst, k->at[VMSYNC_PLACE_BEFORE].bound_ns);
	worse(&worst, k->at[VMSYNC_PLACE_WITHIN].bound_ns);
	worse(&worst, k->at[VMSYNC_PLACE_AFTER].bound_ns);
	return worst;
}

int64_t vmsync_known_nearest_ns(const struct vmsync_known *k)
{
	struct vmsync_known_at all = { 0 };

	for (int i = VMSYNC_PLACE_BEFORE; i < VMSYNC_PLACE_COUNT; i++) {
		if (!k->at[i].events)
			continue;
		nearer(&all, k->at[i].nearest_ns);
		all.events = 1;
	}
	return all.nearest_ns;
}

int64_t vmsync_known_bound_ns(const struct vmsync_known *k)
{
	int64_t worst = vmsync_known_outside_bound_ns(k);

	worse(&worst, k->at[VMSYNC_PLACE_INSIDE].bound_ns);
	return worst;
}
