// SPDX-License-Identifier: MIT
/*
 * From what was pushed to maps: every method's own, and of these the best for
 * each stretch of time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/drift.h"
#include "sync/facts/lag.h"
#include "sync/facts/spread.h"
#include "sync/facts/whose.h"
#include "sync/heard.h"
#include "sync/map/align_steps.h"
#include "sync/map/anyone.h"
#include "sync/map/ends.h"
#include "sync/map/guess.h"
#include "sync/select.h"
#include "sync/session.h"
#include "uapi/vmsync.h"

/* Beacons and knots of several CPUs may be out of order by less. */
#define QUEUE_MARGIN_NS 1000000000

static int resize(struct vmsync_guest *guest)
{
	uint32_t have = guest->maps.vcpus, want = guest->n_cpus;
	struct vmsync_map *maps;

	if (have >= want)
		return 0;
	for (int m = -1; m < VMSYNC_METHOD_COUNT; m++) {
		struct vmsync_map **slot = m < 0 ? &guest->maps.maps :
						   &guest->by_method[m];

		maps = realloc(*slot, want * sizeof(*maps));
		if (!maps)
			return -ENOMEM;
		*slot = maps;
		for (uint32_t i = have; i < want; i++)
			vmsync_map_init(&maps[i]);
	}
	guest->maps.vcpus = want;
	return 0;
}

/* Somebody else has answered in the guest's VM since it did. */
static bool is_succeeded(const struct vmsync_guest *guest)
{
	const struct vmsync_vm *vm = guest->match.vm;

	for (size_t i = 0; vm && i < vm->streams.count; i++)
		if (vm->streams.at[i]->answers.legs &&
		    vm->streams.at[i]->answers.first_ns >
			    guest->answered.host_ns)
			return true;
	return false;
}

struct vmsync_facts vmsync_guest_facts(const struct vmsync_guest *guest)
{
	const struct vmsync_sync *sync = guest->sync;

	return (struct vmsync_facts){
		.host_lines = &sync->lines,
		.guest_lines = &guest->lines,
		.vm = guest->match.vm,
		.homes = guest->homes.at,
		.n_homes = guest->homes.count,
		.vms = sync->vms.at,
		.n_vms = sync->vms.count,
		.lost = sync->lost.at,
		.n_lost = sync->lost.count,
		.tsc_ref = sync->tsc_ref,
		.host_from_ns = guest->host_from_ns,
		.guest_from_ns = guest->guest_from_ns,
		.host_until_ns = vmsync_pushed_complete_ns(&sync->side),
		.guest_until_ns = vmsync_pushed_complete_ns(&guest->side),
		.cpus = guest->cpus,
		.n_cpus = guest->n_cpus,
		.n_there = guest->n_there,
		.marks = guest->marks,
		.n_marks = guest->n_marks,
		.answered = guest->answered,
		.left_ns = guest->left_ns,
		.succeeded = is_succeeded(guest),
		.apart = guest->apart,
	};
}

bool vmsync_guest_may_use(const struct vmsync_guest *guest,
			  enum vmsync_method m)
{
	uint32_t methods = guest->sync->opt.methods;

	return !methods || methods & 1u << m;
}

/* Over a port the beacon method has another name. */
static enum vmsync_method name_of(const struct vmsync_guest *guest,
				  enum vmsync_method m)
{
	return m == VMSYNC_METHOD_BEACON && guest->wide ?
		       VMSYNC_METHOD_PORT : m;
}

static double drift_of(const struct vmsync_guest *guest)
{
	return guest->sync->opt.machines ? VMSYNC_DRIFT_APART : VMSYNC_DRIFT;
}

/* What the window method finds is the evidence of another one as well. */
static bool is_needed(const struct vmsync_guest *guest, enum vmsync_method m)
{
	return vmsync_guest_may_use(guest, m) ||
	       (m == VMSYNC_METHOD_WINDOW && guest->tsync.cpus.count &&
		vmsync_guest_may_use(guest, VMSYNC_METHOD_TSYNC));
}

/* A CPU number that only the guest's own records name may be anything. */
static bool is_cpu(const struct vmsync_guest *guest, uint32_t cpu)
{
	const struct vmsync_vm *vm = guest->match.vm;

	if (guest->cpus[cpu].answered)
		return true;
	return vm ? vmsync_vm_find_vcpu(vm, guest->cpus[cpu].vcpu_id) != NULL :
		    guest->cpus[cpu].seen;
}

static int settle_method(struct vmsync_guest *guest,
			 const struct vmsync_facts *f, enum vmsync_method m,
			 const struct vmsync_spreads *spreads, bool final)
{
	const struct vmsync_estimator *e = vmsync_estimators[m];
	enum vmsync_method name = name_of(guest, m);
	int err = 0;

	if (!e || !is_needed(guest, name))
		return 0;
	for (uint32_t cpu = 0; !err && cpu < guest->n_cpus; cpu++) {
		struct vmsync_map *map = &guest->by_method[name][cpu];

		map->count = 0;
		if (is_cpu(guest, cpu))
			err = e->map(guest->states[m], f, cpu, final, map);
		/* The exact method widens its own pieces, and fewer of them. */
		if (!err && m != VMSYNC_METHOD_EXACT) {
			vmsync_spread_widen(spreads, map);
			err = vmsync_lag_widen(f, cpu, map);
		}
		if (m == VMSYNC_METHOD_WINDOW)
			vmsync_lag_untold(f, map);
		if (!err)
			err = vmsync_map_close(map, drift_of(guest),
					       spreads->outside_ns);
	}
	return err;
}

/* By what the window method's maps bear out, which may be there for that alone. */
static int settle_tsync(struct vmsync_guest *guest,
			const struct vmsync_spreads *spreads)
{
	int err = 0;

	guest->tsync_verdict = (struct vmsync_tsync_verdict){0};
	for (uint32_t cpu = 0; !err && cpu < guest->n_cpus; cpu++) {
		struct vmsync_map *map =
			&guest->by_method[VMSYNC_METHOD_TSYNC][cpu];
		struct vmsync_map *window =
			&guest->by_method[VMSYNC_METHOD_WINDOW][cpu];

		map->count = 0;
		if (vmsync_guest_may_use(guest, VMSYNC_METHOD_TSYNC))
			err = vmsync_tsync_map(&guest->tsync, cpu, window, map,
					       &guest->tsync_verdict);
		if (!err && map->count)
			err = vmsync_map_close(map, drift_of(guest),
					       spreads->outside_ns);
		if (!vmsync_guest_may_use(guest, VMSYNC_METHOD_WINDOW))
			window->count = 0;
	}
	return err;
}

static void check_queue(struct vmsync_guest *guest)
{
	for (size_t i = 0; i < guest->queued; i++) {
		const struct vmsync_times *b = &guest->queue[i];
		const struct vmsync_map *map =
			vmsync_guest_map_of(&guest->maps, b->cpu);

		if (map)
			vmsync_causal_check(&guest->causal, map, b);
	}
	guest->queued = 0;
}

/* A CPU that may be any of some virtual CPUs has the map that holds for all. */
static void drop_unsure(struct vmsync_guest *guest)
{
	for (uint32_t i = 0; guest->maps.anyone.count && i < guest->n_cpus; i++)
		if (!guest->cpus[i].sure &&
		    !vmsync_map_is_guess(&guest->maps.maps[i]))
			vmsync_map_free(&guest->maps.maps[i]);
}

/*
 * A CPU without evidence of its own has the map of others, which holds for it only as
 * far as their clocks are one.
 */
static int lend(struct vmsync_guest *guest, const struct vmsync_spreads *spreads)
{
	const struct vmsync_map *from = vmsync_guest_map_of(&guest->maps, UINT32_MAX);
	int err = 0;

	for (uint32_t cpu = 0; from && cpu < guest->n_cpus; cpu++) {
		struct vmsync_map *map = &guest->maps.maps[cpu];

		if (!spreads->outside_ns || map->count)
			continue;
		for (size_t i = 0; !err && i < from->count; i++) {
			struct vmsync_segment s = from->segments[i];

			s.bound_ns += spreads->outside_ns;
			err = vmsync_map_append(map, &s);
		}
		map->extrapolation_ppb = from->extrapolation_ppb;
		map->extrapolation_ns = from->extrapolation_ns;
	}
	return err;
}

/* The guest's clock is made of TSCs that may differ. */
static bool has_tscs(const struct vmsync_facts *f)
{
	const struct vmsync_line_span *last =
		vmsync_array_last(&f->guest_lines->spans);

	return last && last->line.clocksource == VMSYNC_CLOCKSOURCE_TSC &&
	       !vmsync_facts_tscs_alike(f);
}

/* All its CPUs: those that tell nothing may be the ones that nobody knows. */
static int name_cpus(struct vmsync_guest *guest, struct vmsync_facts *f)
{
	int err = 0;

	if (has_tscs(f))
		err = vmsync_guest_want_cpus(guest, guest->n_there);
	f->cpus = guest->cpus;
	f->n_cpus = guest->n_cpus;
	return err;
}

/* A CPU without evidence of its own: other CPUs' maps do not hold for its clock. */
static int guess(struct vmsync_guest *guest, const struct vmsync_facts *f)
{
	const struct vmsync_map *like =
		vmsync_guest_map_of(&guest->maps, VMSYNC_CPU_UNKNOWN);
	int err = 0;

	if (!like || !(has_tscs(f) || f->apart))
		return 0;
	for (uint32_t cpu = 0; !err && cpu < guest->n_cpus; cpu++) {
		struct vmsync_map *map = &guest->maps.maps[cpu];

		if (!map->count)
			err = vmsync_map_guess(map, like);
	}
	return err;
}

static int make_maps(struct vmsync_guest *guest, struct vmsync_facts *f,
		     bool final)
{
	struct vmsync_heard heard = {INT64_MIN, INT64_MAX, NULL, 0, 0};
	struct vmsync_spreads spreads = {0};
	int err = name_cpus(guest, f);

	if (!err)
		err = resize(guest);
	vmsync_whose_find(f, guest->cpus);
	if (!err)
		err = vmsync_spread_find(f, &spreads);
	for (int m = 0; !err && m < VMSYNC_METHOD_COUNT; m++)
		err = settle_method(guest, f, m, &spreads, final);
	if (!err)
		err = settle_tsync(guest, &spreads);
	if (!err)
		vmsync_align_steps(guest->by_method[VMSYNC_METHOD_EXACT],
				   guest->n_cpus);
	if (final)
		heard = vmsync_heard_find(guest);
	for (int m = 0; !err && m < VMSYNC_METHOD_COUNT; m++)
		for (uint32_t cpu = 0; !err && cpu < guest->maps.vcpus; cpu++)
			err = vmsync_heard_clip(&heard,
						&guest->by_method[m][cpu]);
	guest->disagreements.count = 0;
	for (uint32_t cpu = 0; !err && cpu < guest->n_cpus; cpu++) {
		struct vmsync_map *map = &guest->maps.maps[cpu];

		err = vmsync_select(guest, cpu);
		if (!err && map->count)
			err = vmsync_map_close(map, drift_of(guest),
					       spreads.outside_ns);
		if (!vmsync_heard_all(&heard) ||
		    (final && vmsync_lag_beyond(f, cpu, map,
						guest->side.first_ns,
						guest->side.last_ns)))
			map->extrapolation_ppb = VMSYNC_PPB_NONE;
	}
	guest->maps.anyone.count = 0;
	if (!err)
		err = lend(guest, &spreads);
	if (!err)
		err = guess(guest, f);
	vmsync_spread_free(&spreads);
	if (!err)
		err = vmsync_anyone_make(&guest->maps);
	if (!err)
		drop_unsure(guest);
	return err;
}

void vmsync_guest_unbound(struct vmsync_guest *guest)
{
	for (uint32_t i = 0; i < guest->maps.vcpus; i++)
		guest->maps.maps[i].extrapolation_ppb = VMSYNC_PPB_NONE;
	guest->maps.anyone.extrapolation_ppb = VMSYNC_PPB_NONE;
}

int vmsync_guest_build_maps(struct vmsync_guest *guest, bool final)
{
	struct vmsync_facts f = vmsync_guest_facts(guest);
	int err = make_maps(guest, &f, final);

	if (!err)
		check_queue(guest);
	return err;
}

/* The maps that a guest has, put aside for others. */
struct shelf {
	struct vmsync_map *maps;
	uint32_t vcpus;
	struct vmsync_map anyone;
	struct vmsync_map *by_method[VMSYNC_METHOD_COUNT];
};

static void swap_maps(struct vmsync_guest *guest, struct shelf *shelf)
{
	struct shelf had = { .maps = guest->maps.maps,
			     .vcpus = guest->maps.vcpus,
			     .anyone = guest->maps.anyone };

	memcpy(had.by_method, guest->by_method, sizeof(had.by_method));
	guest->maps.maps = shelf->maps;
	guest->maps.vcpus = shelf->vcpus;
	guest->maps.anyone = shelf->anyone;
	memcpy(guest->by_method, shelf->by_method, sizeof(had.by_method));
	*shelf = had;
}

static void free_shelf(struct shelf *shelf)
{
	vmsync_map_free(&shelf->anyone);
	for (int m = -1; m < VMSYNC_METHOD_COUNT; m++) {
		struct vmsync_map *maps = m < 0 ? shelf->maps :
						  shelf->by_method[m];

		for (uint32_t i = 0; maps && i < shelf->vcpus; i++)
			vmsync_map_free(&maps[i]);
		free(maps);
	}
}

int vmsync_guest_check_queue(struct vmsync_guest *guest)
{
	struct vmsync_facts f = vmsync_guest_facts(guest);
	const struct vmsync_times *first = &guest->queue[0];
	struct shelf shelf = { 0 };
	int err;

	if (!guest->queued)
		return 0;
	f.host_from_ns = first->gh ? first->gh_host_ns : first->hg_host_ns;
	f.guest_from_ns = first->gh ? first->gh_guest_ns : first->hg_guest_ns;
	f.host_from_ns -= QUEUE_MARGIN_NS;
	f.guest_from_ns -= QUEUE_MARGIN_NS;
	swap_maps(guest, &shelf);
	err = make_maps(guest, &f, false);
	if (!err)
		check_queue(guest);
	swap_maps(guest, &shelf);
	free_shelf(&shelf);
	return err;
}

/* Guest time until which the method is final. */
static int64_t method_settled(const struct vmsync_guest *guest,
			      enum vmsync_method method)
{
	enum vmsync_method m = method == VMSYNC_METHOD_PORT ?
				       VMSYNC_METHOD_BEACON : method;
	const struct vmsync_estimator *e = vmsync_estimators[m];

	return e && e->settled ? e->settled(guest->states[m]) : INT64_MAX;
}

/*
 * Guest time until which no method will fill in what the best one leaves open from
 * @from_ns on.
 */
static int64_t gap_settled(const struct vmsync_guest *guest, int64_t from_ns)
{
	int64_t settled = INT64_MAX;

	for (int m = 0; m < VMSYNC_METHOD_COUNT; m++) {
		int64_t t = method_settled(guest, (enum vmsync_method)m);

		if (t < settled &&
		    vmsync_guest_method_map(guest, (enum vmsync_method)m, 0))
			settled = t;
	}
	return settled > from_ns ? settled : from_ns;
}

int64_t vmsync_guest_final_until(const struct vmsync_guest *guest)
{
	const struct vmsync_map *map = vmsync_guest_map_of(&guest->maps, 0);
	int64_t settled = guest->side.ended ? INT64_MAX : guest->side.last_ns;

	for (size_t i = 0; map && i < map->count; i++) {
		const struct vmsync_segment *s = &map->segments[i];
		int64_t t = method_settled(guest, s->method);

		if (s->guest_end.ns > t && t < settled)
			settled = t;
		if (i + 1 == map->count && !guest->side.ended)
			t = s->guest_end.ns;
		else if (i + 1 < map->count &&
			 s[1].guest_start.ns > s->guest_end.ns)
			t = gap_settled(guest, s->guest_end.ns);
		else
			continue;
		if (t < settled)
			settled = t;
	}
	return settled < 0 ? 0 : settled;
}
