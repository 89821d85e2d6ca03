// SPDX-License-Identifier: MIT
/*
 * Beacons: guest before, host at the hypercall, host at the entry, guest
 * after, each with a pair (TSC, clock, TSC) and then its own time stamp.
 */
#include "stream.h"

#include <string.h>

#define STAMP_NS 40.0 /* between the pair and the event's time stamp */

/* One beacon on its way. */
struct flight {
	struct sim_recording *rec;
	const struct sim_world *w;
	const struct sim_guest *g;
	struct sim_rng *rng;
	uint32_t cpu;
	uint32_t cnt;
	bool pairs;
	bool lines;
	size_t host_hint;
	size_t guest_hint;
};

static double delay_ns(struct sim_rng *rng, const struct sim_delay *d)
{
	double ns = d->least_ns + sim_rng_exp(rng, d->exp_ns);

	if (sim_rng_chance(rng, d->tail))
		ns += sim_rng_exp(rng, d->tail_ns);
	if (sim_rng_chance(rng, d->rare))
		ns += sim_rng_exp(rng, d->rare_ns);
	return ns;
}

/* What delay_step has added by host TSC @h to gh (@way 0) or hg (1). */
static double added_ns(const struct flight *f, uint64_t h, int way)
{
	const struct sim_ops *ops = &f->w->sc->delay_step;
	double ns = 0;

	for (size_t i = 0; i < ops->count; i++)
		if (h >= sim_world_at(f->w, ops->op[i].at_s) &&
		    (ops->op[i].extra > 0) == way)
			ns += ops->op[i].value;
	return ns;
}

static uint64_t later(const struct flight *f, uint64_t h, double ns)
{
	return h + sim_world_cycles(f->w, ns);
}

static uint64_t tsc(const struct flight *f, bool guest, uint64_t h)
{
	return guest ? sim_vcpu_tsc(&f->g->vm.vcpus[f->cpu], h) : h;
}

static int64_t mono(struct flight *f, bool guest, uint64_t h)
{
	return guest ? sim_guest_mono(f->g, f->cpu, h, &f->guest_hint) :
		       sim_host_mono(f->w, h, &f->host_hint);
}

/* Returns the host TSC after the pair. */
static uint64_t read_pair(struct flight *f, bool guest, uint64_t h,
			  struct vmsync_pair *pair)
{
	const struct sim_scenario *sc = f->w->sc;
	double before = sim_rng_between(f->rng, 8, 20);
	double after = sim_rng_between(f->rng, 8, 20);
	uint64_t clock, end;

	if (sim_rng_chance(f->rng, sc->preempt)) {
		double lost = sim_rng_exp(f->rng, sc->preempt_ns);

		if (sim_rng_chance(f->rng, 0.5))
			before += lost;
		else
			after += lost;
	}
	clock = later(f, h, before);
	end = later(f, clock, after);
	pair->mono_ns = mono(f, guest, clock);
	pair->valid = f->pairs;
	if (f->pairs) {
		pair->tsc = tsc(f, guest, h);
		pair->bracket = tsc(f, guest, end) - pair->tsc;
	}
	return end;
}

/* The newest line whose callback has run: readers may still have the old one */
static void name_line(struct flight *f, const struct sim_kernel *k, uint64_t h,
		      struct vmsync_line *line)
{
	size_t hint = 0;
	const struct sim_change *ch = sim_kernel_at(k, h, &hint);

	while (ch + 1 < k->changes + k->count && ch[1].since <= h)
		ch++;
	if (f->lines)
		*line = ch->line;
}

/* A way so slow that later beacons overtake this one. */
static double overtaken(const struct flight *f)
{
	const struct sim_scenario *sc = f->w->sc;

	if (!sim_rng_chance(f->rng, sc->reorder))
		return 0;
	return sim_rng_between(f->rng, 0.5, 3) * 1e9 / sc->beacon_hz;
}

/* Returns the host TSC of the event's time stamp. */
static uint64_t leg(struct flight *f, enum vmsync_evidence_kind kind,
		    uint64_t h, const struct vmsync_pair *claim,
		    struct vmsync_pair *pair)
{
	const struct sim_vcpu *v = &f->g->vm.vcpus[f->cpu];
	bool guest = kind == VMSYNC_EV_GH_GUEST || kind == VMSYNC_EV_HG_GUEST;
	bool first = kind == VMSYNC_EV_GH_GUEST || kind == VMSYNC_EV_GH_HOST;
	struct vmsync_evidence ev = { .kind = kind };
	uint64_t end = read_pair(f, guest, h, &ev.pair), stamp;

	ev.vm_uid = f->g->vm_uid;
	ev.cnt = f->cnt + !first;
	ev.vcpu = guest ? f->cpu : v->vcpu_id;
	if (!guest && strcmp(f->w->sc->fields, "stamps"))
		ev.vm = sim_vm_id(&f->g->vm, h);
	if (first)
		name_line(f, guest ? &f->g->kernel : &f->w->host, h, &ev.line);
	if (first && guest && f->lines && f->g->kvmclock)
		ev.pvclock = *sim_vcpu_page(v, h);
	if (kind == VMSYNC_EV_GH_HOST && f->pairs) {
		ev.scaling = *sim_vcpu_scaling(v, h);
		ev.guest_claim = *claim;
		ev.guest_claim.bracket = 0;
	}
	if (pair)
		*pair = ev.pair;
	stamp = later(f, end, STAMP_NS + sim_rng_exp(f->rng, 10));
	ev.stamp_ns = mono(f, guest, stamp);
	if (!f->pairs)
		ev.pair = (struct vmsync_pair){ .mono_ns = ev.stamp_ns };
	if (stamp < f->g->until && (guest || !sim_vm_away(&f->g->vm, h)))
		sim_stream_add(guest ? &f->rec->guests[f->g->index] :
				       &f->rec->host,
			       stamp, &ev);
	return stamp;
}

static void fly(struct flight *f, uint64_t h)
{
	const struct sim_scenario *sc = f->w->sc;
	struct vmsync_pair claim;
	double handling = sc->wide ? sim_rng_exp(f->rng, 50000) + 5000 :
				     sim_rng_exp(f->rng, 150) + 200;

	h = leg(f, VMSYNC_EV_GH_GUEST, h, NULL, &claim);
	h = later(f, h,
		  delay_ns(f->rng, &sc->gh) + added_ns(f, h, 0) + overtaken(f));
	h = leg(f, VMSYNC_EV_GH_HOST, h, &claim, NULL);
	h = later(f, h, handling);
	h = leg(f, VMSYNC_EV_HG_HOST, h, NULL, NULL);
	h = later(f, h,
		  delay_ns(f->rng, &sc->hg) + added_ns(f, h, 1) + overtaken(f));
	leg(f, VMSYNC_EV_HG_GUEST, h, NULL, NULL);
}

void sim_record_beacons(struct sim_recording *rec, const struct sim_world *w,
			const struct sim_guest *g)
{
	const struct sim_scenario *sc = w->sc;
	double period = 1e9 / sc->beacon_hz;
	struct sim_rng rng;
	struct flight f = {
		.rec = rec,
		.w = w,
		.g = g,
		.rng = &rng,
		.pairs = strcmp(sc->fields, "stamps"),
		.lines = !strcmp(sc->fields, "full"),
	};
	uint64_t h = w->start;

	sim_rng_init(&rng, w->seed, SIM_RNG_BEACONS + g->index);
	/* Half of all start so that the number wraps on the way. */
	f.cnt = 2 * sim_rng_below(&rng, 1000);
	if (g->vm_uid & 2)
		f.cnt = -f.cnt;
	for (; h < w->end; f.cnt += 2) {
		uint64_t at =
			h + sim_world_cycles(w, sim_rng_between(&rng, 0,
								period / 10));

		h += sim_world_cycles(w, period);
		f.cpu = f.cnt / 2 % g->vm.vcpu_count;
		/* A stopped guest sends nothing; nor does one about to be. */
		if (at >= g->from && at < g->until &&
		    !sim_vcpu_out(&g->vm.vcpus[f.cpu], at,
				  at + sim_world_cycles(w, 2e7)))
			fly(&f, at);
	}
}
