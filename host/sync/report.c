// SPDX-License-Identifier: MIT
/*
 * The report: what is known of a guest besides its map, in figures.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sync/session.h"

void vmsync_guest_report_free(struct vmsync_guest_report *r)
{
	for (size_t i = 0; i < r->n_notes; i++)
		free(r->notes[i]);
	free(r->notes);
	free(r->cpus);
	free(r->moves);
	free(r->disagreements);
	memset(r, 0, sizeof(*r));
}

/* Who was found to be @guest, by its beacons or else by its events. */
static const struct vmsync_vcpu *vcpu_of(const struct vmsync_guest *guest,
					 uint32_t cpu)
{
	const struct vmsync_vm *vm = guest->match.vm;

	if (vm)
		return guest->cpus[cpu].known ?
			       vmsync_vm_find_vcpu(vm, guest->cpus[cpu].vcpu_id) :
			       NULL;
	for (int m = 0; !vm && m < VMSYNC_METHOD_COUNT; m++)
		if (vmsync_estimators[m] && vmsync_estimators[m]->found)
			vm = vmsync_estimators[m]->found(guest->states[m],
							 cpu);
	return vm ? vmsync_vm_find_vcpu(vm, cpu) : NULL;
}

static int report_cpus(struct vmsync_guest_report *r,
		       const struct vmsync_guest *guest)
{
	r->cpus = calloc(guest->n_cpus + 1, sizeof(*r->cpus));
	if (!r->cpus)
		return -ENOMEM;
	r->n_cpus = guest->n_cpus;
	for (uint32_t i = 0; i < guest->n_cpus; i++) {
		const struct vmsync_guest_cpu *cpu = &guest->cpus[i];
		const struct vmsync_vcpu *vcpu = vcpu_of(guest, i);
		r->cpus[i] = (struct vmsync_cpu){
			.known = cpu->known,
			.cpu = i,
			.vcpu_id = cpu->vcpu_id,
			.tid = cpu->tid ? cpu->tid : vcpu ? vcpu->tid : 0,
		};
	}
	return 0;
}

/* Host over guest rate of a segment, less one. */
static int64_t drift_ppb(const struct vmsync_segment *s)
{
	double rate = (double)s->slope;

	for (uint32_t i = 0; i < s->shift; i++)
		rate /= 2;
	return (int64_t)((rate - 1) * 1e9 + (rate < 1 ? -0.5 : 0.5));
}

static void report_ends(struct vmsync_guest_report *r,
			const struct vmsync_guest_map *maps)
{
	const struct vmsync_map *map = vmsync_guest_map_of(maps, 0);
	const struct vmsync_segment *first, *last;
	host_time h;

	if (!map)
		return;
	first = &map->segments[0];
	last = &map->segments[map->count - 1];
	r->offset_start.ns = first->host_start.ns - first->guest_start.ns;
	h = vmsync_map_eval(map, last->guest_end);
	r->offset_end.ns = h.ns - last->guest_end.ns;
	r->drift_start_ppb = drift_ppb(first);
	r->drift_end_ppb = drift_ppb(last);
}

static int by_excess(const void *a, const void *b)
{
	const struct vmsync_disagreement *x = a, *y = b;

	return x->excess_ns > y->excess_ns ? -1 : x->excess_ns < y->excess_ns;
}

static int report_disagreements(struct vmsync_guest_report *r,
				const struct vmsync_guest *guest)
{
	size_t n = guest->disagreements.count;

	r->disagreements = calloc(n + 1, sizeof(*r->disagreements));
	if (!r->disagreements)
		return -ENOMEM;
	if (n)
		memcpy(r->disagreements, guest->disagreements.at,
		       n * sizeof(*r->disagreements));
	r->n_disagreements = n;
	qsort(r->disagreements, n, sizeof(*r->disagreements), by_excess);
	return 0;
}

/** struct weight - guest time for which a bound is this */
struct weight {
	int64_t bound_ns;
	uint64_t guest_ns;
};

/**
 * struct weights - a map has many segments, but few different bounds
 * @at:		room for @capacity, @count used
 */
struct weights {
	struct weight *at;
	size_t count;
	size_t capacity;
};

/* Fewer are not worth putting together. */
#define MIN_WEIGHTS 1024

static int by_bound(const void *a, const void *b)
{
	const struct weight *x = a, *y = b;

	return x->bound_ns < y->bound_ns ? -1 : x->bound_ns > y->bound_ns;
}

/* In order, and of each bound one. */
static void weights_sort(struct weights *all)
{
	size_t n = 0;

	if (!all->count)
		return;
	qsort(all->at, all->count, sizeof(*all->at), by_bound);
	for (size_t i = 1; i < all->count; i++) {
		if (all->at[i].bound_ns == all->at[n].bound_ns)
			all->at[n].guest_ns += all->at[i].guest_ns;
		else
			all->at[++n] = all->at[i];
	}
	all->count = n + 1;
}

static int weights_add(struct weights *all, int64_t bound_ns, uint64_t guest_ns)
{
	if (all->count == all->capacity) {
		weights_sort(all);
		if (2 * all->count >= all->capacity) {
			size_t n = all->capacity ? 2 * all->capacity :
						   MIN_WEIGHTS;
			void *p = realloc(all->at, n * sizeof(*all->at));

			if (!p)
				return -ENOMEM;
			all->at = p;
			all->capacity = n;
		}
	}
	all->at[all->count++] = (struct weight){ bound_ns, guest_ns };
	return 0;
}

static uint64_t covered(const struct vmsync_segment *s)
{
	return (uint64_t)(s->guest_end.ns - s->guest_start.ns);
}

/* The worst bound, and the one that 99 % of the time have or less. */
static void report_weights(struct vmsync_guest_report *r,
			   const struct weights *all)
{
	uint64_t total = 0, below = 0;

	for (size_t i = 0; i < all->count; i++) {
		total += all->at[i].guest_ns;
		r->bound_worst_ns = all->at[i].bound_ns;
	}
	for (size_t i = 0; i < all->count; i++) {
		below += all->at[i].guest_ns;
		r->bound_p99_ns = all->at[i].bound_ns;
		if (below >= total - total / 100)
			break;
	}
}

int vmsync_guest_report_bounds(struct vmsync_guest_report *r,
			       const struct vmsync_guest_map *maps)
{
	struct weights all = { 0 };
	uint64_t used = 0;
	int err = 0;

	for (uint32_t i = 0; i < maps->vcpus; i++) {
		const struct vmsync_map *map = &maps->maps[i];

		used += map->count != 0;
		for (size_t k = 0; !err && k < map->count; k++) {
			const struct vmsync_segment *s = &map->segments[k];

			r->shares[s->method].segments++;
			r->shares[s->method].guest_ns += covered(s);
			err = weights_add(&all, s->bound_ns, covered(s));
		}
	}
	for (int m = 0; used && m < VMSYNC_METHOD_COUNT; m++)
		r->shares[m].guest_ns /= used;
	weights_sort(&all);
	if (!err)
		report_weights(r, &all);
	free(all.at);
	return err;
}

static int report_moves(struct vmsync_guest_report *r,
			const struct vmsync_guest *guest)
{
	r->moves = calloc(guest->homes.count + 1, sizeof(*r->moves));
	if (!r->moves)
		return -ENOMEM;
	for (size_t i = 1; i < guest->homes.count; i++) {
		const struct vmsync_home *h = &guest->homes.at[i];

		r->moves[r->n_moves++] = (struct vmsync_move){
			h[-1].vm->id, h->vm->id, h[-1].last_ns, h->from_ns,
			h->away};
	}
	return 0;
}

int vmsync_guest_report_make(struct vmsync_guest *guest)
{
	struct vmsync_guest_report *r = &guest->report;
	const struct vmsync_match *m = &guest->match;
	int err;

	vmsync_guest_report_free(r);
	r->hostname = guest->hostname;
	r->vm_uid = m->vm_uid;
	guest->maps.vm_uid = m->vm_uid;
	r->found = m->vm != NULL;
	if (m->vm) {
		r->vm = m->vm->id;
		r->dropped = m->vm->dropped;
	}
	r->matched = guest->matched;
	r->whole = guest->whole;
	vmsync_match_left(m, &r->guest_unmatched, &r->host_unmatched);
	r->causal_checked = guest->causal.checked;
	r->causal_violations = guest->causal.violations;
	r->causal_worst_ns = guest->causal.worst_ns;
	r->rtt_min_ns = guest->rtt_min_ns == INT64_MAX ? 0 : guest->rtt_min_ns;
	err = report_cpus(r, guest);
	if (!err)
		err = report_moves(r, guest);
	if (!err)
		err = report_disagreements(r, guest);
	report_ends(r, &guest->maps);
	if (!err)
		err = vmsync_guest_report_bounds(r, &guest->maps);
	return err ? err : vmsync_guest_report_notes(r, guest);
}
