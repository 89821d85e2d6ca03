// SPDX-License-Identifier: MIT
/*
 * A guest that lies. It owns all of its own trace and the four registers of
 * its hypercalls; nothing else of the host's trace.
 *
 *	step		clock readings of beacons are lie.size ns ahead
 *	ramp		the same, growing by lie.size ns per second
 *	alternate	the same as step, for lie.share of the beacons
 *	knots		lines (knots and beacons) are lie.size ns ahead
 *	page		kvm-clock pages are lie.size ns ahead
 *	replay		all beacons have one cnt
 *	slope		lines are lie.size ppm too fast
 *	tsc		TSC readings and claims are lie.size cycles ahead
 *	claims		claims alone are (clock ns and TSC cycles)
 *	uid		calls itself what the second guest is called
 *	garbage		anything, in lie.share of its records
 *	flood		hypercalls from some process, with any contents
 */
#include "stream.h"

#include <string.h>

struct liar {
	struct sim_recording *rec;
	const struct sim_world *w;
	const struct sim_guest *g;
	struct sim_rng rng;
	uint64_t from;
	uint64_t seed;
	bool renamed;
};

static bool is(const struct liar *l, const char *lie)
{
	return !strcmp(l->w->sc->lie, lie);
}

/* Both sides must agree which beacons are forged: a hash of cnt says so. */
static bool chosen(const struct liar *l, const struct vmsync_evidence *ev)
{
	struct sim_rng rng;

	sim_rng_init(&rng, l->seed, ev->cnt / 2);
	return sim_rng_chance(&rng, l->w->sc->lie_share);
}

static int64_t false_ns(const struct liar *l, const struct sim_record *r)
{
	const struct sim_scenario *sc = l->w->sc;
	double s = (r->h - l->from) / l->w->cycles_per_ns / 1e9;

	if (is(l, "step") || is(l, "alternate"))
		return sc->lie_size;
	return is(l, "ramp") ? sc->lie_size * s : 0;
}

static void bend_line(const struct liar *l, struct vmsync_line *line)
{
	if (!line->seq)
		return;
	if (is(l, "knots"))
		line->base_ns += (int64_t)l->w->sc->lie_size;
	if (is(l, "slope"))
		line->mult += (int64_t)(line->mult * l->w->sc->lie_size / 1e6);
}

/* Values at which arithmetic is most easily wrong, and any others. */
static uint64_t odd_value(struct sim_rng *rng)
{
	static const uint64_t odd[] = {
		0,	    1,	       2,
		63,	    64,	       INT32_MAX,
		UINT32_MAX, INT64_MAX, (uint64_t)INT64_MAX + 1,
		UINT64_MAX,
	};

	if (sim_rng_chance(rng, 0.5))
		return odd[sim_rng_below(rng, sizeof(odd) / sizeof(odd[0]))];
	return sim_rng_u64(rng) >> sim_rng_below(rng, 64);
}

static void spoil_line(struct sim_rng *rng, struct vmsync_line *line)
{
	uint64_t x = odd_value(rng);

	switch (sim_rng_below(rng, 8)) {
	case 0:
		line->clocksource = x;
		break;
	case 1:
		line->seq = x;
		break;
	case 2:
		line->since_tsc = x;
		break;
	case 3:
		line->cycle_last = x;
		break;
	case 4:
		line->base_ns = x;
		break;
	case 5:
		line->xtime_nsec = x;
		break;
	case 6:
		line->mult = x;
		break;
	default:
		line->shift = x;
		break;
	}
}

static void spoil_page(struct sim_rng *rng, struct vmsync_pvclock *page)
{
	uint64_t x = odd_value(rng);

	switch (sim_rng_below(rng, 6)) {
	case 0:
		page->version = x;
		break;
	case 1:
		page->mul = x;
		break;
	case 2:
		page->tsc_timestamp = x;
		break;
	case 3:
		page->system_time_ns = x;
		break;
	case 4:
		page->shift = x;
		break;
	default:
		page->flags = x;
		break;
	}
}

static void spoil(struct sim_rng *rng, struct vmsync_evidence *ev)
{
	uint64_t x = odd_value(rng);

	switch (sim_rng_below(rng, 12)) {
	case 0:
		ev->vcpu = x;
		break;
	case 1:
		ev->stamp_ns = x;
		break;
	case 2:
		ev->vm_uid = x;
		break;
	case 3:
		ev->cnt = x;
		break;
	case 4:
		ev->why = x;
		break;
	case 5:
		ev->pair.tsc = x;
		break;
	case 6:
		ev->pair.mono_ns = x;
		break;
	case 7:
		ev->pair.bracket = x;
		break;
	case 8:
		ev->confirm_tsc = x;
		break;
	case 9:
		spoil_line(rng, &ev->line);
		break;
	case 10:
		spoil_line(rng, &ev->prev);
		break;
	default:
		spoil_page(rng, &ev->pvclock);
		break;
	}
}

static void lie_in_guest(struct liar *l, struct sim_record *r)
{
	struct vmsync_evidence *ev = &r->ev;
	bool beacon = ev->kind == VMSYNC_EV_GH_GUEST ||
		      ev->kind == VMSYNC_EV_HG_GUEST;

	if (is(l, "garbage") && sim_rng_chance(&l->rng, l->w->sc->lie_share)) {
		do
			spoil(&l->rng, ev);
		while (sim_rng_chance(&l->rng, 0.5));
		return;
	}
	bend_line(l, &ev->line);
	if (is(l, "page") && ev->pvclock.version)
		ev->pvclock.system_time_ns += (int64_t)l->w->sc->lie_size;
	if (ev->kind == VMSYNC_EV_KNOT)
		bend_line(l, &ev->prev);
	if (!beacon || !chosen(l, ev))
		return;
	ev->stamp_ns += false_ns(l, r);
	ev->pair.mono_ns += false_ns(l, r);
	if (is(l, "tsc") && ev->pair.valid)
		ev->pair.tsc += (int64_t)l->w->sc->lie_size;
	if (is(l, "uid"))
		ev->vm_uid = l->w->guests[1].vm_uid;
	if (is(l, "replay"))
		ev->cnt &= 1;
}

static void lie_in_call(struct liar *l, struct sim_record *r)
{
	struct vmsync_evidence *ev = &r->ev;

	if (is(l, "uid")) {
		ev->vm_uid = l->w->guests[1].vm_uid;
		if (!l->renamed)
			ev->suspect |= VMSYNC_SUSPECT_UID;
		l->renamed = true;
	}
	if (is(l, "replay"))
		ev->cnt &= 1;
	if (ev->kind != VMSYNC_EV_GH_HOST || !chosen(l, ev))
		return;
	ev->guest_claim.mono_ns += false_ns(l, r);
	if (is(l, "claims"))
		ev->guest_claim.mono_ns += (int64_t)l->w->sc->lie_size;
	if (is(l, "tsc") || is(l, "claims")) {
		ev->guest_claim.tsc += (int64_t)l->w->sc->lie_size;
		ev->suspect |= VMSYNC_SUSPECT_TSC;
	}
}

/* The host's records of a call that only some process of the guest sent. */
static void forge(struct liar *l, uint64_t h)
{
	const struct sim_guest *victim = &l->w->guests[l->w->guest_count - 1];
	const struct sim_vcpu *v = &l->g->vm.vcpus[0];
	struct vmsync_evidence ev = { .kind = VMSYNC_EV_GH_HOST };
	size_t hint = 0;
	uint64_t after = h + sim_world_cycles(l->w, 900);

	ev.vm = sim_vm_id(&l->g->vm, h);
	ev.vcpu = v->vcpu_id;
	ev.vm_uid =
		sim_rng_chance(&l->rng, 0.5) ? victim->vm_uid : l->g->vm_uid;
	ev.cnt = sim_rng_below(&l->rng, 20000);
	ev.pair = (struct vmsync_pair){h, sim_host_mono(l->w, h, &hint), 40,
				       true};
	ev.stamp_ns = ev.pair.mono_ns + 50;
	ev.guest_claim.tsc = sim_rng_u64(&l->rng);
	ev.guest_claim.mono_ns = sim_rng_u64(&l->rng) >> 1;
	ev.guest_claim.valid = true;
	ev.suspect = VMSYNC_SUSPECT_TSC;
	ev.scaling = *sim_vcpu_scaling(v, h);
	ev.line = sim_kernel_at(&l->w->host, h, &hint)->line;
	sim_stream_add(&l->rec->host, h, &ev);
	ev.kind = VMSYNC_EV_HG_HOST;
	ev.cnt++;
	ev.pair.tsc = after;
	ev.pair.mono_ns = sim_host_mono(l->w, after, &hint);
	ev.stamp_ns = ev.pair.mono_ns + 50;
	memset(&ev.line, 0, sizeof(ev.line));
	memset(&ev.scaling, 0, sizeof(ev.scaling));
	memset(&ev.guest_claim, 0, sizeof(ev.guest_claim));
	ev.suspect = 0;
	sim_stream_add(&l->rec->host, after, &ev);
}

void sim_record_lie(struct sim_recording *rec, const struct sim_world *w,
		    const struct sim_guest *g)
{
	struct sim_stream *own = &rec->guests[g->index];
	struct liar l = { .rec = rec, .w = w, .g = g };
	uint64_t h;

	l.from = sim_world_at(w, w->sc->lie_at_s);
	sim_rng_init(&l.rng, w->seed, SIM_RNG_LIES);
	l.seed = sim_rng_u64(&l.rng);
	for (size_t i = 0; i < own->count; i++)
		if (own->records[i].h >= l.from)
			lie_in_guest(&l, &own->records[i]);
	for (size_t i = 0; i < rec->host.count; i++) {
		struct sim_record *r = &rec->host.records[i];

		if (r->h >= l.from && sim_vm_was(&g->vm, r->ev.vm.pid) &&
		    (r->ev.kind == VMSYNC_EV_GH_HOST ||
		     r->ev.kind == VMSYNC_EV_HG_HOST))
			lie_in_call(&l, r);
	}
	if (is(&l, "flood"))
		for (h = l.from; h < w->end; h += sim_world_cycles(w, 1e6))
			forge(&l, h);
	sim_stream_sort(&rec->host);
}
