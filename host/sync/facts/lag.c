// SPDX-License-Identifier: MIT
#include "sync/facts/lag.h"

#include <errno.h>
#include <string.h>

#include "sync/base/drift.h"
#include "uapi/vmsync.h"

/* The guest's line where one is known, NULL else. */
static const struct vmsync_line *guest_line(const struct vmsync_facts *f)
{
	size_t n = f->guest_lines->spans.count;

	return n ? &f->guest_lines->spans.at[n - 1].line : NULL;
}

/* No TSC runs at less than 1 GHz, where the guest does not say how fast it is.
 */
static int64_t ns_of(const struct vmsync_line *line, uint64_t cycles)
{
	int128 ns = cycles;

	if (line && line->clocksource == VMSYNC_CLOCKSOURCE_TSC)
		ns = ((ns * line->mult) >> line->shift) + 1;
	return ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

/* The scaling in force at @host_ns, or the first one before it is known. */
static const struct vmsync_scaling *scaling_at(const struct vmsync_vcpu *v,
					       int64_t host_ns)
{
	size_t i = 1;

	if (!v->scalings.count)
		return NULL;
	while (i < v->scalings.count && v->scalings.at[i].stamp_ns <= host_ns)
		i++;
	return &v->scalings.at[i - 1].scaling;
}

/* Cycles by which @other is ahead of @own just after @host_ns. */
static uint64_t ahead_at(const struct vmsync_vcpu *own,
			 const struct vmsync_vcpu *other, int64_t host_ns)
{
	const struct vmsync_scaling *a = scaling_at(own, host_ns);
	const struct vmsync_scaling *b = scaling_at(other, host_ns);
	int64_t ahead;

	if (!a || !b || a->ratio != b->ratio || a->frac_bits != b->frac_bits)
		return 0;
	ahead = (int64_t)((uint64_t)b->offset - (uint64_t)a->offset);
	return ahead > 0 ? (uint64_t)ahead : 0;
}

/* The most of that, at each change of either. */
static uint64_t most_ahead(const struct vmsync_vcpu *own,
			   const struct vmsync_vcpu *other)
{
	const struct vmsync_vcpu *const both[] = { own, other };
	uint64_t most = 0;

	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < both[k]->scalings.count; i++) {
			int64_t at = both[k]->scalings.at[i].stamp_ns;
			uint64_t ahead = ahead_at(own, other, at);

			if (ahead > most)
				most = ahead;
		}
	}
	return most;
}

static int64_t lag_ns(const struct vmsync_facts *f, uint32_t cpu)
{
	const struct vmsync_line *line = guest_line(f);
	const struct vmsync_vcpu *own = vmsync_facts_vcpu(f, cpu);
	uint64_t most = 0;

	if (!own || (line && line->clocksource != VMSYNC_CLOCKSOURCE_TSC) ||
	    vmsync_facts_tscs_alike(f))
		return 0;
	for (uint32_t i = 0; i < f->n_cpus; i++) {
		const struct vmsync_vcpu *other = vmsync_facts_vcpu(f, i);
		uint64_t ahead;

		if (!other || i == cpu || !vmsync_facts_updates(f, i))
			continue;
		ahead = most_ahead(own, other);
		if (ahead > most)
			most = ahead;
	}
	return most ? ns_of(line, most) : 0;
}

/* The segment of @map that host time @ns is in, or the first one. */
static size_t segment_at(const struct vmsync_map *map, int64_t ns)
{
	size_t lo = 0, hi = map->count;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (map->segments[mid].host_start.ns <= ns)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static int insert(struct vmsync_map *map, size_t i,
		  const struct vmsync_segment *s)
{
	if (map->count == map->capacity) {
		void *p = vmsync_array_grow(map->segments, &map->capacity,
					    sizeof(*map->segments));

		if (!p)
			return -ENOMEM;
		map->segments = p;
	}
	memmove(&map->segments[i + 1], &map->segments[i],
		(map->count - i) * sizeof(*s));
	map->segments[i] = *s;
	map->segments[i - 1].guest_end = s->guest_start;
	map->count++;
	return 0;
}

/* Cycles by which @now is behind what @before would be. */
static uint64_t set_back(const struct vmsync_scaling *before,
			 const struct vmsync_scaling *now)
{
	int64_t back =
		(int64_t)((uint64_t)before->offset - (uint64_t)now->offset);

	return before->ratio == now->ratio &&
			       before->frac_bits == now->frac_bits && back > 0 ?
		       (uint64_t)back :
		       0;
}

/*
 * Begins a segment at host time @ns, if it is inside of one; the values do not
 * change. @at: the first segment from there on. Returns 0 or -ENOMEM.
 */
static int split(struct vmsync_map *map, int64_t ns, size_t *at)
{
	size_t i = segment_at(map, ns);
	struct vmsync_segment s = map->segments[i];
	int128 guest_ns, host;

	*at = i + (ns > s.host_start.ns);
	if (ns <= s.host_start.ns)
		return 0;
	guest_ns = ((int128)(ns - s.host_start.ns) << s.shift) / s.slope;
	if (guest_ns < 1 || guest_ns >= s.guest_end.ns - s.guest_start.ns)
		return 0;
	host = guest_ns * s.slope + s.host_frac;
	s.guest_start.ns += (int64_t)guest_ns;
	s.host_start.ns += (int64_t)(host >> s.shift);
	s.host_frac = (uint64_t)(host & (((int128)1 << s.shift) - 1));
	return insert(map, i + 1, &s);
}

/*
 * A clock whose TSC is set back by @fall ns at host time @ns stands still at
 * its last anchor until the TSC has caught up: so far before and behind that,
 * what it read is of either side.
 */
static int read_twice(struct vmsync_map *map, int64_t ns, int64_t fall)
{
	size_t first, end;
	int err = split(map, ns - fall, &first);

	if (!err)
		err = split(map, ns + fall, &end);
	for (size_t i = first; !err && i < end; i++)
		map->segments[i].bound_ns +=
			fall + (int64_t)(VMSYNC_DRIFT * (double)fall) + 1;
	return err;
}

/* Beacons so many times more frequent than a fall is long would have come. */
#define MISSED 4

bool vmsync_lag_stopped(const struct vmsync_facts *f, int64_t ns, int64_t fall)
{
	const struct vmsync_mark *m = f->marks;
	size_t n = f->n_marks, i = n;

	if (n < 2 || fall / MISSED <
			     (m[n - 1].guest_ns - m[0].guest_ns) / (int64_t)(n - 1))
		return false;
	while (i && m[i - 1].host_ns > ns)
		i--;
	return i && ns - m[i - 1].host_ns >= fall;
}

int vmsync_lag_widen(const struct vmsync_facts *f, uint32_t cpu,
		     struct vmsync_map *map)
{
	const struct vmsync_vcpu *own = vmsync_facts_vcpu(f, cpu);
	const struct vmsync_line *line = guest_line(f);
	int64_t lag = lag_ns(f, cpu);
	int err = 0;

	/* By the guest's clock: by the host's it is up to 1100 ppm more. */
	lag += lag ? (int64_t)(VMSYNC_DRIFT * (double)lag) + 1 : 0;
	for (size_t i = 0; i < map->count; i++)
		map->segments[i].bound_ns += lag;
	if (!own || (line && line->clocksource != VMSYNC_CLOCKSOURCE_TSC))
		return 0;
	for (size_t i = 1; !err && map->count && i < own->scalings.count; i++) {
		const struct vmsync_scaling_span *now = &own->scalings.at[i];
		uint64_t back = set_back(&now[-1].scaling, &now->scaling);
		int64_t fall = back ? ns_of(line, back) : 0;

		if (back && fall <= VMSYNC_LONGEST_STAND_NS &&
		    !vmsync_lag_stopped(f, now->stamp_ns, fall))
			err = read_twice(map, now->stamp_ns, fall);
	}
	return err;
}

/* A step that is no longer may be taken for a breakpoint, ns. */
#define LITTLE_NS 1000000

/* @ns: of the write, by the host's clock */
static void widen_beside(struct vmsync_map *map, int64_t ns, int64_t step_ns)
{
	size_t at = segment_at(map, ns), first = at ? at - 1 : 0;

	for (size_t i = first; i <= at + 1 && i < map->count; i++)
		map->segments[i].bound_ns += step_ns;
}

void vmsync_lag_untold(const struct vmsync_facts *f, struct vmsync_map *map)
{
	const struct vmsync_line *line = guest_line(f);

	if (!f->vm || (line && line->clocksource != VMSYNC_CLOCKSOURCE_TSC))
		return;
	for (size_t i = 0; map->count && i < f->vm->vcpus.count; i++) {
		const struct vmsync_vcpu *v = f->vm->vcpus.at[i];

		for (size_t k = 1; k < v->scalings.count; k++) {
			const struct vmsync_scaling_span *s = &v->scalings.at[k];
			uint64_t by = set_back(&s[-1].scaling, &s->scaling) +
				      set_back(&s->scaling, &s[-1].scaling);
			int64_t ns = by ? ns_of(line, by) : 0;

			if (ns && ns <= LITTLE_NS)
				widen_beside(map, s->stamp_ns, ns);
		}
	}
}

/* Guest time when the host's clock is at @ns, as a map goes on from (@g, @h). */
static int64_t guest_at(int64_t g, int64_t h, int64_t ns)
{
	return g + (ns - h);
}

/* What two clocks drift apart meanwhile. */
static int64_t slack(int64_t a, int64_t b)
{
	return (int64_t)(2 * VMSYNC_DRIFT * (double)(a > b ? a - b : b - a)) + 1;
}

/* Were times of before the write at host time @ns, at most, recorded? */
static bool before_it(const struct vmsync_map *map, int64_t ns, int64_t fall,
		      int64_t first_ns)
{
	const struct vmsync_segment *s = map->segments;
	int64_t g = guest_at(s->guest_start.ns, s->host_start.ns, ns);

	/* Falls that are longer are another boot's, or a restored guest's. */
	if (fall <= VMSYNC_LONGEST_STAND_NS)
		g += fall;
	return g + slack(ns, s->host_start.ns) + s->bound_ns > first_ns;
}

/* Were times of behind the write at host time @ns, at least, recorded? */
static bool behind_it(const struct vmsync_map *map, int64_t ns, int64_t last_ns)
{
	const struct vmsync_segment *s = &map->segments[map->count - 1];
	int64_t h = vmsync_map_eval(map, s->guest_end).ns;
	int64_t g = guest_at(s->guest_end.ns, h, ns);

	return g - slack(ns, h) - s->bound_ns < last_ns;
}

/* Might a write of @own's TSC at host time @ns be missing in the records? */
static bool may_miss(const struct vmsync_vcpu *own, int64_t ns)
{
	const struct vmsync_scaling_span *s = own->scalings.at;
	size_t n = own->scalings.count;

	for (size_t i = 1; i < n; i++)
		if (s[i].gap && s[i - 1].seen_ns < ns && ns <= s[i].stamp_ns)
			return true;
	return n && (s[0].since_ns > ns || s[n - 1].lost_ns < ns);
}

/* The same for what was told of @v, which may be another virtual CPU than @own. */
static bool beyond(const struct vmsync_vcpu *own, const struct vmsync_vcpu *v,
		   const struct vmsync_line *line, const struct vmsync_map *map,
		   int64_t first_ns, int64_t last_ns)
{
	const struct vmsync_segment *s = map->segments;
	int64_t begin = s[0].host_start.ns;
	int64_t end = vmsync_map_eval(map, s[map->count - 1].guest_end).ns;

	for (size_t i = 1; i < v->scalings.count; i++) {
		const struct vmsync_scaling_span *now = &v->scalings.at[i];
		int64_t ns = now->stamp_ns;
		int64_t fall = ns_of(line, set_back(&now[-1].scaling,
						    &now->scaling));

		/* Found written by then: that may have been for another boot. */
		if (now->gap || (v != own && !may_miss(own, ns)))
			continue;
		if ((ns <= begin && before_it(map, ns, fall, first_ns)) ||
		    (ns >= end && behind_it(map, ns, last_ns)))
			return true;
	}
	return false;
}

/* KVM sets the TSCs of all virtual CPUs, one after the other. */
bool vmsync_lag_beyond(const struct vmsync_facts *f, uint32_t cpu,
		       const struct vmsync_map *map, int64_t first_ns,
		       int64_t last_ns)
{
	const struct vmsync_vcpu *own = vmsync_facts_vcpu(f, cpu);
	const struct vmsync_line *line = guest_line(f);

	if (!own || !map->count ||
	    (line && line->clocksource != VMSYNC_CLOCKSOURCE_TSC))
		return false;
	for (size_t i = 0; i < f->vm->vcpus.count; i++)
		if (beyond(own, f->vm->vcpus.at[i], line, map, first_ns, last_ns))
			return true;
	return false;
}
