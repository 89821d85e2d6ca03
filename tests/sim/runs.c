// SPDX-License-Identifier: MIT
/*
 * What needs no vmsync module: the host's entries and exits of each vCPU, and
 * the guest's own events, all of which happen in between.
 */
#include <math.h>

#include "stream.h"

#define HANDLE_NS 1200.0    /* an exit that the host handles itself */
#define SLEEP_NS  2000000.0 /* an idle vCPU, until something wakes it */
#define AT_EDGE	  0.5	    /* runs that begin or end with an event */
#define LEAVE_NS  1400.0    /* an exit for KVM's sake is on record by then */
#define SHOW_NS	  20000.0   /* a run before KVM has the vCPU leave */

struct walk {
	struct sim_recording *rec;
	const struct sim_world *w;
	const struct sim_guest *g;
	struct sim_rng rng;
	uint32_t cpu;
	size_t host_hint;
	size_t guest_hint;
	size_t update_hint;
	size_t change;
};

static uint64_t cyc(const struct walk *k, double ns)
{
	return sim_world_cycles(k->w, ns);
}

/* Updates are vCPU 0's. */
static bool takes_interrupts(struct walk *k, uint64_t h)
{
	return k->cpu || !sim_kernel_updates(&k->g->kernel, h, &k->update_hint);
}

static void host_event(struct walk *k, enum vmsync_evidence_kind kind,
		       uint64_t h, uint32_t why)
{
	struct vmsync_evidence ev = {
		.kind = kind,
		.why = why,
		.vm = sim_vm_id(&k->g->vm, h),
		.vcpu = k->g->vm.vcpus[k->cpu].vcpu_id,
		.tid = sim_vcpu_tid(&k->g->vm, &k->g->vm.vcpus[k->cpu], h),
		.stamp_ns = sim_host_mono(k->w, h, &k->host_hint),
	};

	if (sim_vm_away(&k->g->vm, h))
		return;
	if (!k->w->sc->host_tsc)
		ev.vm.serial = 0;
	sim_stream_add(&k->rec->host, h, &ev);
}

static void guest_event(struct walk *k, uint64_t h)
{
	struct vmsync_evidence ev = {
		.kind = VMSYNC_EV_GUEST_EVENT,
		.vcpu = k->cpu,
		.stamp_ns = sim_guest_mono(k->g, k->cpu, h, &k->guest_hint),
	};

	sim_stream_add(&k->rec->guests[k->g->index], h, &ev);
}

/* Events in [first, last], in any order; streams are sorted later. */
static void guest_events(struct walk *k, uint64_t first, uint64_t last)
{
	const struct sim_scenario *sc = k->w->sc;
	uint64_t n = sim_rng_exp(&k->rng, sc->guest_events);

	if (sim_rng_chance(&k->rng, AT_EDGE))
		guest_event(k, first);
	while (n--)
		guest_event(k, first + sim_rng_below(&k->rng, last - first));
	if (sim_rng_chance(&k->rng, AT_EDGE))
		guest_event(k, last);
}

static double slack(struct walk *k, double least)
{
	return least + sim_rng_exp(&k->rng, k->w->sc->slack_exp_ns);
}

/* The last that the vCPU does if it has to leave in [@first, @last], or @last. */
static uint64_t cut_short(const struct sim_vcpu *v, uint64_t first,
			  uint64_t last, uint64_t out)
{
	uint64_t leaves = sim_vcpu_leaves(v, first);

	return leaves <= out && leaves - 1 < last ? leaves - 1 : last;
}

/*
 * When a vCPU that could sleep from @out to @back comes back: others' clocks do
 * not fall behind what it reads up to the moment at which it has to leave.
 */
static uint64_t to_show(const struct walk *k, uint64_t out, uint64_t back)
{
	const struct sim_vm *vm = &k->g->vm;
	uint64_t leaves = sim_vcpu_leaves(&vm->vcpus[k->cpu], out);
	uint64_t last = leaves - cyc(k, SHOW_NS);

	return !vm->master && back > last && last > out && last < leaves ?
		       last : back;
}

/* The first moment after @h at which vCPU 0 must be running: for an update. */
static uint64_t next_update(struct walk *k, uint64_t h)
{
	const struct sim_kernel *kernel = &k->g->kernel;
	uint64_t next = UINT64_MAX;

	while (k->change < kernel->count && kernel->changes[k->change].confirm <= h)
		k->change++;
	for (size_t i = k->change; !k->cpu && i < kernel->count; i++) {
		const struct sim_change *ch = &kernel->changes[i];
		const uint64_t moments[] = {ch->tick, ch->since, ch->at,
					    ch->confirm};

		if (ch->tick >= next)
			break;
		for (size_t m = 0; m < 4; m++)
			if (moments[m] > h && moments[m] < next)
				next = moments[m];
	}
	return next;
}

/* One stay in the guest from @h on; returns when the next may begin. */
static uint64_t run(struct walk *k, uint64_t h)
{
	const struct sim_scenario *sc = k->w->sc;
	const struct sim_vcpu *v = &k->g->vm.vcpus[k->cpu];
	uint64_t first = h + cyc(k, slack(k, sc->entry_slack_ns));
	uint64_t last =
		first + 1 + cyc(k, sim_rng_exp(&k->rng, 1e9 / sc->exits_hz));
	double late = slack(k, sc->exit_slack_ns);
	uint64_t out = last + cyc(k, late), update, back, left;
	bool leaves, open;

	while ((update = next_update(k, last)) <= out + cyc(k, HANDLE_NS)) {
		out += update - last;
		last = update;
	}
	left = out;
	leaves = sim_vcpu_out(v, h, out);
	if (sim_vcpu_out(v, h, first + 1))
		return sim_vcpu_wake(v, out) + cyc(k, HANDLE_NS);
	if (leaves) {
		last = cut_short(v, first, last, out);
		out = last + cyc(k, fmin(late, LEAVE_NS));
	}
	open = takes_interrupts(k, last) && takes_interrupts(k, out);
	host_event(k, VMSYNC_EV_ENTRY, h, 0);
	guest_events(k, first, last);
	host_event(k, VMSYNC_EV_EXIT, out, open ? SIM_EXIT_OPEN : 0);
	if (leaves)
		return sim_vcpu_wake(v, out + cyc(k, LEAVE_NS)) +
		       cyc(k, HANDLE_NS);
	if (sim_rng_chance(&k->rng, sc->idle_exit))
		out += cyc(k, sim_rng_exp(&k->rng, SLEEP_NS));
	back = out + cyc(k, HANDLE_NS * (0.5 + sim_rng_exp(&k->rng, 1)));
	back = to_show(k, left, back);
	return back < update ? back : update;
}

void sim_record_runs(struct sim_recording *rec, const struct sim_world *w,
		     const struct sim_guest *g)
{
	for (uint32_t cpu = 0; cpu < g->vm.vcpu_count; cpu++) {
		struct walk k = { .rec = rec, .w = w, .g = g, .cpu = cpu };
		uint64_t h = w->start;

		sim_rng_init(&k.rng, w->seed,
			     SIM_RNG_RUNS + g->index * SIM_MAX_VCPUS + cpu);
		while (h < w->end - cyc(&k, 5e7))
			h = run(&k, h);
	}
}
