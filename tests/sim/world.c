// SPDX-License-Identifier: MIT
#include "hostclock.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

#define LEAD_S 2.0 /* the kernels run so long before and after */

uint64_t sim_world_cycles(const struct sim_world *w, double ns)
{
	return ns * w->cycles_per_ns;
}

uint64_t sim_world_at(const struct sim_world *w, double s)
{
	return w->start + (int64_t)(s * 1e9 * w->cycles_per_ns);
}

static uint64_t host_counter(const void *ctx, uint64_t h)
{
	(void)ctx;
	return h;
}

static uint64_t guest_counter(const void *ctx, uint64_t h)
{
	const struct sim_guest *g = ctx;

	if (g->kvmclock)
		return sim_vm_kvmclock(&g->vm, 0, h);
	return sim_vcpu_tsc(&g->vm.vcpus[0], h);
}

static uint64_t guest_tsc_of(const void *ctx, uint64_t h)
{
	return sim_vcpu_tsc(&((const struct sim_guest *)ctx)->vm.vcpus[0], h);
}

static uint64_t guest_wake(const void *ctx, uint64_t h)
{
	return sim_vcpu_wake(&((const struct sim_guest *)ctx)->vm.vcpus[0], h);
}

static enum sim_steer_kind steer_kind(const char *name)
{
	static const char *const names[] = {
		[SIM_STEER_NONE] = "none",     [SIM_STEER_CONST] = "const",
		[SIM_STEER_CHRONY] = "chrony", [SIM_STEER_SLEW] = "slew",
		[SIM_STEER_PLL] = "pll",       [SIM_STEER_ADJTIME] = "adjtime",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return i;
	return SIM_STEER_NONE;
}

static uint64_t optional_at(const struct sim_world *w, double s)
{
	return s > 0 ? sim_world_at(w, s) : 0;
}

static void plan_kernel(struct sim_world *w, struct sim_kernel *k,
			const struct sim_clock_keys *keys)
{
	k->cycles_per_ns = w->cycles_per_ns;
	k->plan = (struct sim_kernel_plan){
		.idle = keys->idle,
		.idle_ticks = keys->idle_ticks,
		.jitter_ns = 3000,
		.callback_ns = 100,
		.switch_ns = 30,
		.stall = keys->stall,
		.stall_before = keys->stall_before,
		.stall_after = keys->stall_after,
		.stall_ns = keys->stall_ns,
		.hpet_at = optional_at(w, keys->hpet_at_s),
		.back_at = optional_at(w, keys->back_at_s),
	};
	k->steer.kind = steer_kind(keys->steer);
	k->steer.ppm = keys->ppm;
	k->steer.interval_s = keys->interval_s;
	k->steer.noise_ns = keys->noise_ns;
	k->steer.osc = &w->osc;
}

/* @seed: another host has another one, and was booted later */
static void run_host(struct sim_world *w, uint64_t seed, uint64_t from,
		     uint64_t until)
{
	const struct sim_scenario *sc = w->sc;
	struct sim_kernel *k = &w->host;
	struct sim_clocksource cs;

	sim_rng_init(&k->rng, seed, SIM_RNG_HOST);
	sim_rng_init(&k->steer.rng, seed, SIM_RNG_HOST_STEER);
	plan_kernel(w, k, &sc->host);
	k->reader = (struct sim_reader){host_counter, host_counter,
					host_counter, NULL};
	sim_clocksource_init(&cs, VMSYNC_CLOCKSOURCE_TSC, sc->khz * 1000);
	sim_kernel_start(k, &cs, from,
			 (from - (seed == w->seed ? 0 : from / 3)) /
				 w->cycles_per_ns);
	sim_kernel_run(k, from, until);
}

static void start_vm(struct sim_world *w, struct sim_guest *g)
{
	const struct sim_scenario *sc = w->sc;
	struct sim_vm *vm = &g->vm;
	struct vmsync_scaling s = { .frac_bits = sc->frac_bits };
	uint64_t boot = sim_world_at(w, -sc->boot_s);
	double ratio;

	sim_rng_init(&vm->rng, w->seed, SIM_RNG_VM + g->first);
	ratio = sim_rng_between(&vm->rng, sc->ratio_lo, sc->ratio_hi);
	vm->host_khz = sc->khz;
	sim_clocksource_init(&vm->host_cs, VMSYNC_CLOCKSOURCE_TSC,
			     sc->khz * 1000);
	vm->homes[0].id = (struct vmsync_vm_id){1000 + 7 * g->first,
						g->first + 1};
	vm->home_count = 1;
	vm->vcpu_count = sc->vcpus;
	vm->master = sc->master;
	s.ratio = ((unsigned __int128)(uint64_t)(sc->khz * ratio)
		   << sc->frac_bits) /
		  (uint64_t)sc->khz;
	s.offset = -sim_scale_tsc(boot, &s);
	if (sc->tsc_left_s > 0)
		s.offset = -sim_scale_tsc(sim_world_at(w, sc->tsc_left_s), &s);
	sim_vm_start(vm, boot, &s, sc->spread);
	for (int i = 0; i < sc->vcpus; i++) {
		int id = sc->swap ? sc->vcpus - 1 - i : i;

		vm->vcpus[i].vcpu_id = id;
		vm->vcpus[i].tid = 2000 + 100 * g->first + id;
	}
}

/* Without a master clock, pages move by themselves in between. */
static void reanchor(const struct sim_world *w, struct sim_vm *vm, uint64_t from,
		     uint64_t until)
{
	if (!vm->master)
		sim_vm_reanchor(vm, from, until, w->sc->reanchor_hz);
}

/* KVM's doings in the order of time, as one list per kind comes from a file. */
static void change_vm(struct sim_world *w, struct sim_vm *vm, uint64_t from,
		      uint64_t until)
{
	const struct sim_scenario *sc = w->sc;
	const struct sim_ops *lists[] = {&sc->rebase, &sc->stop,
					 &sc->tsc_write, &sc->move};
	size_t next[4] = { 0 };

	for (;;) {
		const struct sim_op *op = NULL;
		size_t which = 0;
		uint64_t h;

		for (size_t i = 0; i < 4; i++) {
			if (next[i] == lists[i]->count)
				continue;
			if (!op || lists[i]->op[next[i]].at_s < op->at_s) {
				op = &lists[i]->op[next[i]];
				which = i;
			}
		}
		if (!op)
			break;
		next[which]++;
		h = sim_world_at(w, op->at_s) +
		    sim_rng_below(&vm->rng, sim_world_cycles(w, 1e8));
		/* KVM has written no page just before it. */
		reanchor(w, vm, from, h - sim_world_cycles(w, 1e6));
		from = h;
		if (which == 0) {
			sim_vm_rebase(vm, h, op->value);
		} else if (which == 1) {
			from += sim_world_cycles(w, op->value * 1e9);
			sim_vm_stop(vm, h, from);
		} else if (which == 3) {
			from += sim_world_cycles(w, op->value * 1e9);
			sim_vm_move(vm, h, from, op->extra > 0);
		} else {
			sim_vm_write_tsc(vm, h, op->value, op->extra);
		}
	}
	reanchor(w, vm, from, until);
}

static void run_guest(struct sim_world *w, struct sim_guest *g, uint64_t from,
		      uint64_t until)
{
	const struct sim_scenario *sc = w->sc;
	struct sim_kernel *k = &g->kernel;
	struct sim_clocksource cs;

	g->kvmclock = !strcmp(sc->clock, "kvmclock");
	g->host_clock = !strcmp(sc->clock, "host");
	start_vm(w, g);
	for (int i = g->first; i < g->index; i++) {
		from = sim_world_at(w, sc->reset.op[i].at_s);
		sim_vm_reset(&g->vm, from);
		from = sim_vcpu_wake(&g->vm.vcpus[0], from);
	}
	if (until > g->died)
		until = g->died;
	change_vm(w, &g->vm, from, until);
	sim_rng_init(&k->rng, w->seed, SIM_RNG_GUEST + g->index);
	sim_rng_init(&k->steer.rng, w->seed, SIM_RNG_GUEST_STEER + g->index);
	g->vm_uid = (sim_rng_u64(&k->rng) >> 1) | 1;
	plan_kernel(w, k, &sc->guest);
	k->keep_ticks = sc->rebase.count || sc->stop.count ||
			sc->tsc_write.count || sc->move.count || !sc->master;
	k->reader =
		(struct sim_reader){guest_counter, guest_tsc_of, guest_wake, g};
	if (g->kvmclock)
		sim_clocksource_init(&cs, VMSYNC_CLOCKSOURCE_KVMCLOCK,
				     NS_PER_S);
	else
		sim_clocksource_init(
			&cs, VMSYNC_CLOCKSOURCE_TSC,
			1000 * sim_scale_tsc(sc->khz,
					     sim_vcpu_scaling(&g->vm.vcpus[0],
							      from)));
	if (g->host_clock) {
		sim_hostclock_run(w, g, from, until);
		return;
	}
	sim_kernel_start(k, &cs, from,
			 g->born ? 0 :
				   (from - sim_world_at(w, -sc->boot_s)) /
					   w->cycles_per_ns);
	sim_kernel_run(k, from, until);
}

/* Whose VM guest @i has and from when to when: resets are the first VM's. */
static void plan_life(struct sim_world *w, int i)
{
	const struct sim_ops *reset = &w->sc->reset;
	struct sim_guest *g = &w->guests[i];
	int resets = (int)reset->count;

	g->index = i;
	g->first = i <= resets ? 0 : i;
	g->died = UINT64_MAX;
	g->from = w->start;
	g->until = w->end;
	if (i && i <= resets) {
		g->born = sim_world_at(w, reset->op[i - 1].at_s);
		g->from = g->born +
			  sim_world_cycles(w, reset->op[i - 1].value * 1e9);
	}
	if (i < resets)
		g->until = g->died = sim_world_at(w, reset->op[i].at_s);
}

void sim_world_build(struct sim_world *w, const struct sim_scenario *sc,
		     uint64_t seed)
{
	uint64_t from, until;
	struct sim_rng rng;

	memset(w, 0, sizeof(*w));
	w->sc = sc;
	w->seed = seed;
	w->cycles_per_ns = sc->khz / 1e6;
	sim_rng_init(&rng, seed, SIM_RNG_WORLD);
	/* The host is up for some hours or days. */
	w->start = sim_rng_between(&rng, 1e13, 1e15) * w->cycles_per_ns;
	w->end = sim_world_at(w, sc->seconds);
	from = sim_world_at(w, -LEAD_S);
	until = sim_world_at(w, sc->seconds + LEAD_S);
	if (sim_oscillator_init(&w->osc, &rng, from, sc->seconds + 2 * LEAD_S,
				w->cycles_per_ns, sc->quartz_ppm))
		abort();
	run_host(w, seed, from, until);
	w->guest_count = sc->guests;
	for (int i = 0; i < sc->guests; i++) {
		plan_life(w, i);
		run_guest(w, &w->guests[i], from, until);
	}
}

void sim_world_free(struct sim_world *w)
{
	sim_kernel_free(&w->host);
	for (int i = 0; i < w->guest_count; i++) {
		sim_kernel_free(&w->guests[i].kernel);
		sim_vm_free(&w->guests[i].vm);
	}
	sim_oscillator_free(&w->osc);
}

void sim_world_elsewhere(struct sim_world *other, const struct sim_world *w)
{
	*other = *w;
	memset(&other->host, 0, sizeof(other->host));
	run_host(other, ~w->seed, sim_world_at(w, -LEAD_S),
		 sim_world_at(w, w->sc->seconds + LEAD_S));
	for (int i = 0; i < other->guest_count; i++) {
		struct sim_vm *vm = &other->guests[i].vm;

		for (size_t k = 0; k < vm->home_count; k++)
			vm->homes[k].away = !vm->homes[k].away;
	}
}

void sim_world_elsewhere_free(struct sim_world *other)
{
	sim_kernel_free(&other->host);
}

int64_t sim_host_mono(const struct sim_world *w, uint64_t h, size_t *hint)
{
	return sim_kernel_mono(&w->host, h, h, hint);
}

int64_t sim_guest_mono(const struct sim_guest *g, uint32_t cpu, uint64_t h,
		       size_t *hint)
{
	uint64_t c = g->kvmclock ? sim_vm_kvmclock(&g->vm, cpu, h) :
				   sim_vcpu_tsc(&g->vm.vcpus[cpu], h);

	if (g->host_clock)
		return sim_hostclock_mono(&g->kernel, h, c, hint);
	return sim_kernel_mono(&g->kernel, h, c, hint);
}
