// SPDX-License-Identifier: MIT
#include "judge.h"
#include "containment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AT_CHANGES	0.1 /* share of event times put next to a change of line */
#define OUTSIDE_S	1.0
#define LARGEST_BACK_NS 1000000

/**
 * struct step - guest times in which a step falls
 * @back: the clock was set back by a little: they are passed twice
 */
struct step {
	int64_t from;
	int64_t to;
	bool back;
};

/* All judged event times of a run. */
struct tally {
	struct sim_verdict *v;
	const struct sim_world *w;
	const struct sim_recording *rec;
	const struct sim_session *s;
	struct sim_rng rng;
	int64_t *errors;
	int64_t *bounds;
	size_t count;
	int64_t broken_by;
	struct step *back;
	size_t back_count;
	struct sim_hole *gaps;
	size_t gap_count;
};

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool lying(const struct sim_world *w, int guest)
{
	return *w->sc->lie && guest == 0;
}

/* From the first beacon that each vCPU must have sent to the last. */
static void judged_span(const struct sim_world *w, uint64_t *from, uint64_t *to)
{
	const struct sim_scenario *sc = w->sc;
	double edge = 0.2;

	if (sc->beacon_hz > 0)
		edge = fmax(edge, 1.5 * sc->vcpus / sc->beacon_hz);
	*from = sim_world_at(w, fmax(sc->late_s, sc->host_late_s) + edge);
	*to = w->end - sim_world_cycles(w, edge * 1e9);
}

/* Where a map is most easily wrong: beside a change of either clock's line. */
static uint64_t beside_change(struct tally *t, const struct sim_kernel *k,
			      uint64_t from, uint64_t to)
{
	const struct sim_change *ch;
	size_t first = 0, last = 0;

	sim_kernel_at(k, from, &first);
	sim_kernel_at(k, to, &last);
	ch = &k->changes[first + sim_rng_below(&t->rng, last - first + 1)];
	switch (sim_rng_below(&t->rng, 4)) {
	case 0:
		return ch->tick;
	case 1:
		return ch->at - 1;
	case 2:
		return ch->at;
	default:
		return ch->tick + sim_rng_below(&t->rng, ch->at - ch->tick + 1);
	}
}

/*
 * From exits to entries between which the vCPU leaves the guest by itself: it is
 * on record that it did not run there, and a map may go by that.
 */
static void find_gaps(struct tally *t, const struct sim_guest *g, uint32_t cpu)
{
	const struct sim_stream *host = &t->rec->host;
	const struct sim_vcpu *v = &g->vm.vcpus[cpu];
	uint64_t exit = 0;

	t->gap_count = 0;
	t->gaps = malloc((v->hole_count + 1) * sizeof(*t->gaps));
	if (!t->gaps)
		abort();
	for (size_t i = 0; i < host->count; i++) {
		const struct sim_record *r = &host->records[i];

		if (!sim_vm_was(&g->vm, r->ev.vm.pid) || r->ev.vcpu != v->vcpu_id)
			continue;
		if (r->ev.kind == VMSYNC_EV_EXIT)
			exit = r->h;
		if (r->ev.kind != VMSYNC_EV_ENTRY || !exit)
			continue;
		if (sim_vcpu_out(v, exit, r->h) && t->gap_count <= v->hole_count)
			t->gaps[t->gap_count++] =
				(struct sim_hole){exit, r->h};
		exit = 0;
	}
}

static bool is_out(const struct tally *t, const struct sim_vcpu *v, uint64_t h)
{
	for (size_t i = 0; i < t->gap_count; i++)
		if (t->gaps[i].from <= h && h < t->gaps[i].to)
			return true;
	return sim_vcpu_out(v, h, h);
}

/* A time in [@from, @to] at which the vCPU runs guest code. */
static uint64_t choose_time(struct tally *t, const struct sim_guest *g,
			    const struct sim_vcpu *v, size_t i, bool near,
			    uint64_t from, uint64_t to)
{
	const struct sim_kernel *k = i & 1 ? &g->kernel : &t->w->host;
	uint64_t h;

	do
		h = near ? beside_change(t, k, from, to) :
			   from + sim_rng_below(&t->rng, to - from);
	while (is_out(t, v, h));
	return h < from ? from : h > to ? to : h;
}

static size_t choose_times(struct tally *t, const struct sim_guest *g,
			   uint32_t cpu, uint64_t *h, size_t n, uint64_t from,
			   uint64_t to)
{
	const struct sim_vcpu *v = &g->vm.vcpus[cpu];
	size_t near = n * AT_CHANGES, count = 0;

	for (; count < n; count++)
		h[count] = choose_time(t, g, v, count, count < near, from, to);
	for (size_t i = 0; i < v->hole_count; i++) {
		if (v->holes[i].from <= from || v->holes[i].to > to)
			continue;
		if (!is_out(t, v, v->holes[i].from - 1))
			h[count++] = v->holes[i].from - 1;
		if (!is_out(t, v, v->holes[i].to))
			h[count++] = v->holes[i].to;
	}
	qsort(h, count, sizeof(*h), by_time);
	return count;
}

/* @twice: the guest's clock was set back and passes this time again. */
static void judge_one(struct tally *t, const struct sim_guest *g, uint32_t cpu,
		      uint64_t h, int64_t error, int64_t bound, bool twice)
{
	const struct sim_scenario *sc = t->w->sc;
	struct sim_verdict *v = t->v;
	struct sim_worst here = {
		.at_s = (h - t->w->start) / t->w->cycles_per_ns / 1e9,
		.guest = g->index,
		.cpu = cpu,
		.error_ns = error,
		.bound_ns = bound,
	};
	int64_t size = llabs(error);

	if (size > bound) {
		v->broken++;
		if (size - bound > t->broken_by) {
			t->broken_by = size - bound;
			v->broken_worst = here;
		}
	}
	if (twice)
		return;
	v->slacks = fmax(v->slacks, error < 0 ? -error / sc->entry_slack_ns :
						error / sc->exit_slack_ns);
	if (size > llabs(v->worst.error_ns))
		v->worst = here;
	t->errors[t->count] = size;
	t->bounds[t->count++] = bound;
}

static bool passed_twice(const struct tally *t, int64_t ns)
{
	for (size_t i = 0; i < t->back_count; i++)
		if (t->back[i].from <= ns && ns <= t->back[i].to)
			return true;
	return false;
}

/*
 * The vCPU was out around a step, which nobody is told: when the clock is set
 * back, what the old line would have read until the end of that, and the new
 * one from its beginning, can be either.
 */
static struct step step_of(const struct tally *t, const struct sim_guest *g,
			   uint32_t cpu, const struct sim_hole *hole)
{
	size_t hint = 0;
	struct step s = {
		.from = sim_guest_mono(g, cpu, hole->from - 1, &hint),
		.to = sim_guest_mono(g, cpu, hole->to, &hint),
	};
	int64_t by =
		s.to - s.from - (hole->to - hole->from) / t->w->cycles_per_ns;

	s.back = by < 0 && by > -LARGEST_BACK_NS;
	if (s.back) {
		s.from += by;
		s.to -= by;
	}
	return s;
}

static void find_steps_back(struct tally *t, const struct sim_guest *g,
			    uint32_t cpu)
{
	const struct sim_vcpu *v = &g->vm.vcpus[cpu];

	t->back_count = 0;
	t->back = malloc((v->hole_count + 1) * sizeof(*t->back));
	if (!t->back)
		abort();
	for (size_t i = 0; i < v->hole_count; i++) {
		struct step s = step_of(t, g, cpu, &v->holes[i]);

		if (s.back)
			t->back[t->back_count++] = s;
	}
}

static void judge_cpu(struct tally *t, const struct sim_guest *g, uint32_t cpu,
		      size_t n)
{
	const struct vmsync_map *map = sim_session_map(t->s, g->index, cpu);
	size_t holes = g->vm.vcpus[cpu].hole_count;
	uint64_t *h = malloc((n + 2 * holes) * sizeof(*h));
	size_t guest_hint = 0, host_hint = 0;
	uint64_t from, to;

	if (!h)
		abort();
	if (!map) {
		t->v->unmapped++;
		free(h);
		return;
	}
	judged_span(t->w, &from, &to);
	find_steps_back(t, g, cpu);
	find_gaps(t, g, cpu);
	n = choose_times(t, g, cpu, h, n, from, to);
	for (size_t i = 0; i < n; i++) {
		guest_time gt = { sim_guest_mono(g, cpu, h[i], &guest_hint) };
		int64_t true_ns = sim_host_mono(t->w, h[i], &host_hint);

		judge_one(t, g, cpu, h[i],
			  vmsync_map_eval(map, gt).ns - true_ns,
			  vmsync_map_bound_ns(map, gt, NULL),
			  passed_twice(t, gt.ns));
	}
	free(t->gaps);
	free(t->back);
	free(h);
}

/*
 * The bound grows where there is no record, and must still hold: from @from on if
 * @way is 1, and up to it if that is -1, mostly near it, where the bound is least.
 */
static void judge_unseen(struct tally *t, const struct sim_guest *g,
			 uint32_t cpu, uint64_t from, int way)
{
	const struct vmsync_map *map = sim_session_map(t->s, g->index, cpu);
	size_t guest_hint = 0, host_hint = 0;
	struct sim_verdict *v = t->v;

	for (int i = 0; map && i < 1000; i++) {
		double away_ns = OUTSIDE_S * 1e9 * pow(10, -6e-3 * i);
		uint64_t h = from + (uint64_t)way *
					    sim_world_cycles(t->w, away_ns);
		guest_time gt = { sim_guest_mono(g, cpu, h, &guest_hint) };
		int64_t error = vmsync_map_eval(map, gt).ns -
				sim_host_mono(t->w, h, &host_hint);

		v->outside++;
		v->outside_broken +=
			llabs(error) > vmsync_map_bound_ns(map, gt, NULL);
	}
}

/* No map can hold across a clock that is set where nobody looks. */
static bool is_set(const struct sim_scenario *sc)
{
	return sc->rebase.count || sc->stop.count || sc->tsc_write.count ||
	       sc->move.count || sc->reset.count;
}

static void judge_outside(struct tally *t, const struct sim_guest *g,
			  uint32_t cpu)
{
	const struct sim_scenario *sc = t->w->sc;
	double late = fmax(sc->late_s, sc->host_late_s);

	judge_unseen(t, g, cpu, t->w->end, 1);
	if (late >= OUTSIDE_S && !is_set(sc))
		judge_unseen(t, g, cpu, sim_world_at(t->w, late), -1);
}

static bool begins_within(const struct vmsync_map *map, int64_t after,
			  int64_t until)
{
	for (size_t i = 0; i < map->count; i++)
		if (map->segments[i].guest_start.ns > after &&
		    map->segments[i].guest_start.ns <= until)
			return true;
	return false;
}

/* Each step is in a hole: a segment must begin between its two ends. */
static void judge_splits(struct tally *t, const struct sim_guest *g,
			 uint32_t cpu)
{
	const struct vmsync_map *map = sim_session_map(t->s, g->index, cpu);
	const struct sim_vcpu *v = &g->vm.vcpus[cpu];

	for (size_t i = 0; i < v->hole_count; i++) {
		struct step s = step_of(t, g, cpu, &v->holes[i]);

		if (!map || !begins_within(map, s.from - 1, s.to))
			t->v->unsplit++;
	}
}

static bool accused(const struct vmsync_guest *guest)
{
	const struct vmsync_guest_report *r = vmsync_guest_report_of(guest);

	return r->suspect || r->n_disagreements || r->causal_violations;
}

static bool same_segment(const struct vmsync_segment *a,
			 const struct vmsync_segment *b)
{
	return a->guest_start.ns == b->guest_start.ns &&
	       a->guest_end.ns == b->guest_end.ns &&
	       a->host_start.ns == b->host_start.ns &&
	       a->host_frac == b->host_frac && a->slope == b->slope &&
	       a->shift == b->shift && a->method == b->method &&
	       a->bound_ns == b->bound_ns && a->epoch == b->epoch;
}

size_t sim_map_difference(const struct vmsync_map *a,
			  const struct vmsync_map *b)
{
	size_t i;

	if (!a || !b)
		return a == b ? SIZE_MAX : 0;
	for (i = 0; i < a->count && i < b->count; i++)
		if (!same_segment(&a->segments[i], &b->segments[i]))
			return i;
	if (a->count != b->count ||
	    a->extrapolation_ppb != b->extrapolation_ppb ||
	    a->extrapolation_ns != b->extrapolation_ns)
		return i;
	return SIZE_MAX;
}

static bool same_guest(const struct sim_session *a, const struct sim_session *b,
		       int guest)
{
	for (uint32_t cpu = 0; cpu < a->cpus; cpu++)
		if (sim_map_difference(sim_session_map(a, guest, cpu),
				       sim_session_map(b, guest, cpu)) !=
		    SIZE_MAX)
			return false;
	return true;
}

static uint64_t unsettled(const struct sim_session *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->settled_count; i++) {
		const struct sim_settled *x = &s->settled[i];
		const struct vmsync_map *map =
			sim_session_map(s, x->guest, x->cpu);

		n += !map || vmsync_map_eval(map, x->g).ns != x->h.ns;
	}
	return n;
}

static double share_of(const struct vmsync_guest *guest, int method)
{
	const struct vmsync_guest_report *r = vmsync_guest_report_of(guest);
	double all = 0;

	for (int m = 0; m < VMSYNC_METHOD_COUNT; m++)
		all += r->shares[m].guest_ns;
	return all > 0 && method >= 0 ? r->shares[method].guest_ns / all : 0;
}

/* The witness sees nothing wrong, and sees what is wrong by enough. */
static void judge_containment(struct tally *t, int guest)
{
	const struct sim_limits *l = &t->w->sc->limit;
	struct vmsync_contain_result r;

	if (l->contained) {
		sim_containment(&r, t->w, t->rec, t->s, guest, 0);
		t->v->uncontained += r.outside;
		if (!r.inside)
			t->v->uncontained++;
	}
	if (l->caught_ns > 0) {
		sim_containment(&r, t->w, t->rec, t->s, guest, l->caught_ns);
		t->v->uncaught |= !r.outside;
		sim_containment(&r, t->w, t->rec, t->s, guest, -l->caught_ns);
		t->v->uncaught |= !r.outside;
	}
}

static void judge_guest(struct tally *t, const struct sim_guest *g,
			const struct sim_session *honest, size_t n, int method)
{
	struct vmsync_guest *guest = t->s->guests[g->index];
	const struct sim_scenario *sc = t->w->sc;
	struct sim_verdict *v = t->v;
	double share;

	if (lying(t->w, g->index)) {
		v->flagged =
			accused(guest) || !sim_session_map(t->s, g->index, 0);
		return;
	}
	v->accused += accused(guest);
	share = share_of(guest, method);
	v->share = share < v->share ? share : v->share;
	if (honest && !same_guest(t->s, honest, g->index))
		v->others_same = false;
	judge_containment(t, g->index);
	for (uint32_t cpu = 0; cpu < g->vm.vcpu_count; cpu++) {
		const struct vmsync_map *map =
			sim_session_map(t->s, g->index, cpu);

		v->segments += map ? map->count : 0;
		judge_cpu(t, g, cpu, n);
		judge_outside(t, g, cpu);
		if (sc->limit.split)
			judge_splits(t, g, cpu);
	}
}

static double at_share(const int64_t *sorted, size_t n, double share)
{
	return n ? sorted[(size_t)((n - 1) * share)] : 0;
}

static void add_up(struct tally *t)
{
	struct sim_verdict *v = t->v;

	qsort(t->errors, t->count, sizeof(*t->errors), by_value);
	qsort(t->bounds, t->count, sizeof(*t->bounds), by_value);
	v->events = t->count;
	v->p50_ns = at_share(t->errors, t->count, 0.5);
	v->p99_ns = at_share(t->errors, t->count, 0.99);
	v->max_ns = at_share(t->errors, t->count, 1);
	v->bound_p50_ns = at_share(t->bounds, t->count, 0.5);
	v->bound_p99_ns = at_share(t->bounds, t->count, 0.99);
	v->bound_max_ns = at_share(t->bounds, t->count, 1);
	v->ratio = v->bound_p99_ns / fmax(v->p99_ns, 1);
}

void sim_judge(struct sim_verdict *v, const struct sim_world *w,
	       const struct sim_recording *rec, const struct sim_session *s,
	       const struct sim_session *honest,
	       const struct sim_session *other, const char *method)
{
	const struct sim_scenario *sc = w->sc;
	int number = sim_method_number(method);
	int judged = sc->guests - (*sc->lie != 0);
	size_t n = sc->events / (judged * sc->vcpus) + 1;
	size_t room = 0;
	struct tally t = { .v = v, .w = w, .rec = rec, .s = s };

	memset(v, 0, sizeof(*v));
	v->share = 1;
	v->others_same = true;
	v->order_same = true;
	v->unsettled = unsettled(s);
	v->cpu_s = s->cpu_s;
	v->records = s->records;
	sim_rng_init(&t.rng, w->seed, SIM_RNG_EVENTS);
	for (int i = 0; i < w->guest_count; i++)
		for (int cpu = 0; cpu < sc->vcpus; cpu++)
			room += n + 2 * w->guests[i].vm.vcpus[cpu].hole_count;
	t.errors = malloc(room * sizeof(*t.errors));
	t.bounds = malloc(room * sizeof(*t.bounds));
	if (!t.errors || !t.bounds)
		abort();
	for (int i = 0; i < w->guest_count; i++) {
		judge_guest(&t, &w->guests[i], honest, n,
			    number < 0 ? VMSYNC_METHOD_EXACT : number);
		if (other && !same_guest(s, other, i))
			v->order_same = false;
	}
	add_up(&t);
	free(t.errors);
	free(t.bounds);
}
