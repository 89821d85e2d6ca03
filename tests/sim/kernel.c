// SPDX-License-Identifier: MIT
#include "kernel.h"

#include <math.h>
#include <stdlib.h>

#define HPET_HZ 14318180ull

static void *grow(void *array, size_t *capacity, size_t count, size_t size)
{
	if (count < *capacity)
		return array;
	*capacity = *capacity ? *capacity * 2 : 256;
	array = realloc(array, *capacity * size);
	if (!array)
		abort();
	return array;
}

static uint64_t cycles(const struct sim_kernel *k, double ns)
{
	return ns * k->cycles_per_ns;
}

/* The high precision event timer has a quartz of its own, 20 ppm fast here. */
static uint64_t hpet(const struct sim_kernel *k, uint64_t h)
{
	return h / k->cycles_per_ns * (HPET_HZ * 1.00002 / 1e9);
}

static uint64_t counter(const struct sim_kernel *k, uint64_t h)
{
	if (k->tk.cs.kind == VMSYNC_CLOCKSOURCE_OTHER)
		return hpet(k, h);
	return k->reader.counter(k->reader.ctx, h);
}

static uint64_t wake(const struct sim_kernel *k, uint64_t h)
{
	return k->reader.wake(k->reader.ctx, h);
}

/* How long the CPU is held up where it may be with @chance, ns. */
static double stall(struct sim_kernel *k, double chance)
{
	if (!sim_rng_chance(&k->rng, chance))
		return 0;
	return sim_rng_exp(&k->rng, k->plan.stall_ns);
}

/* Callback, switch and event follow the update at @tick. */
static void time_change(struct sim_kernel *k, struct sim_change *ch,
			uint64_t tick)
{
	const struct sim_kernel_plan *p = &k->plan;
	struct sim_rng *rng = &k->rng;
	double callback = p->callback_ns * sim_rng_between(rng, 1, 2);
	double change = p->switch_ns * sim_rng_between(rng, 1, 2);
	double event = 300 + sim_rng_exp(rng, 1500);
	uint64_t since;

	if (p->stall_before > 0)
		callback += stall(k, p->stall_before);
	since = wake(k, tick + cycles(k, callback));
	change += stall(k, p->stall);
	if (p->stall_after > 0)
		event += stall(k, p->stall_after);
	ch->tick = tick;
	ch->since = since;
	ch->at = wake(k, since + cycles(k, change));
	ch->confirm = wake(k, ch->at + cycles(k, event));
	ch->line.since_tsc = k->reader.tsc(k->reader.ctx, since);
	ch->confirm_tsc = k->reader.tsc(k->reader.ctx, ch->confirm);
}

static void keep_change(struct sim_kernel *k, uint64_t tick, uint32_t why)
{
	struct sim_change *ch;

	k->changes = grow(k->changes, &k->capacity, k->count, sizeof(*ch));
	ch = &k->changes[k->count];
	sim_tk_line(&k->tk, &ch->line);
	ch->why = why;
	time_change(k, ch, tick);
	/* Two changes at once: the first was in force until the second. */
	if (k->count && ch[-1].confirm > ch->since)
		ch[-1].confirm_tsc = ch->line.since_tsc;
	/* Who writes one has written those before it. */
	for (size_t i = k->count; i && ch[-1].confirm >= ch->confirm; i--, ch--)
		ch[-1].confirm = ch->confirm - 1;
	ch = &k->changes[k->count];
	ch->line.seq = ++k->count;
}

struct sim_change *sim_kernel_add(struct sim_kernel *k)
{
	k->changes = grow(k->changes, &k->capacity, k->count,
			  sizeof(*k->changes));
	return &k->changes[k->count++];
}

static void keep_tick(struct sim_kernel *k, uint64_t at)
{
	if (!k->keep_ticks)
		return;
	k->ticks = grow(k->ticks, &k->tick_capacity, k->tick_count,
			sizeof(*k->ticks));
	k->ticks[k->tick_count++] = (struct sim_tick){at, k->tk.cycle_last};
}

/* Returns the host TSC at which the update's effect is complete. */
static uint64_t update(struct sim_kernel *k, uint64_t h, bool now)
{
	if (sim_tk_advance(&k->tk, counter(k, h), now)) {
		keep_change(k, h, VMSYNC_KNOT_SLOPE);
		h = k->changes[k->count - 1].at;
	}
	keep_tick(k, h);
	return h;
}

static uint64_t change_clocksource(struct sim_kernel *k, uint64_t h)
{
	struct sim_clocksource cs;
	uint64_t c_old = counter(k, h), c_new;

	if (k->plan.hpet_at && h >= k->plan.hpet_at) {
		sim_clocksource_init(&cs, VMSYNC_CLOCKSOURCE_OTHER, HPET_HZ);
		c_new = hpet(k, h);
		k->plan.hpet_at = 0;
	} else {
		cs = k->own;
		c_new = k->reader.counter(k->reader.ctx, h);
		k->plan.back_at = 0;
	}
	sim_tk_change_clocksource(&k->tk, &cs, c_old, c_new);
	keep_change(k, h, VMSYNC_KNOT_CLOCKSOURCE);
	return k->changes[k->count - 1].at;
}

static bool due(uint64_t at, uint64_t h)
{
	return at && h >= at;
}

void sim_kernel_start(struct sim_kernel *k, const struct sim_clocksource *cs,
		      uint64_t h, int64_t mono_ns)
{
	k->own = *cs;
	sim_tk_init(&k->tk, cs, k->reader.counter(k->reader.ctx, h), mono_ns);
	keep_change(k, h, VMSYNC_KNOT_FIRST);
	keep_tick(k, h);
	k->steer.next = h;
}

/* The next tick's interrupt after @grid, which is moved on. */
static uint64_t next_tick(struct sim_kernel *k, uint64_t *grid)
{
	const struct sim_kernel_plan *p = &k->plan;
	uint64_t ticks = 1;

	if (sim_rng_chance(&k->rng, p->idle))
		ticks += sim_rng_exp(&k->rng, p->idle_ticks);
	*grid += ticks * cycles(k, 1e9 / SIM_HZ);
	return *grid + cycles(k, 500 + sim_rng_exp(&k->rng, p->jitter_ns));
}

void sim_kernel_run(struct sim_kernel *k, uint64_t h, uint64_t until)
{
	uint64_t grid = h, free_at = k->changes[k->count - 1].at, tick, at;

	for (tick = next_tick(k, &grid); tick < until;) {
		at = k->steer.next < tick ? k->steer.next : tick;
		if (at < free_at)
			at = free_at;
		at = wake(k, at);
		if (due(k->plan.hpet_at, at) || due(k->plan.back_at, at)) {
			free_at = change_clocksource(k, at);
		} else if (k->steer.next <= at) {
			int64_t mono = sim_kernel_mono(k, at, counter(k, at),
						       &(size_t){0});

			if (sim_steer_act(&k->steer, &k->tk, at, mono))
				free_at = update(k, at, true);
		} else {
			free_at = update(k, at, false);
			while (tick <= at)
				tick = next_tick(k, &grid);
		}
	}
}

void sim_kernel_free(struct sim_kernel *k)
{
	free(k->changes);
	free(k->ticks);
	k->changes = NULL;
	k->ticks = NULL;
	k->count = k->capacity = k->tick_count = k->tick_capacity = 0;
}

static bool in_force(const struct sim_kernel *k, size_t i, uint64_t h)
{
	return k->changes[i].at <= h &&
	       (i + 1 == k->count || h < k->changes[i + 1].at);
}

const struct sim_change *sim_kernel_at(const struct sim_kernel *k, uint64_t h,
				       size_t *hint)
{
	size_t lo = 0, hi = k->count, mid;

	for (size_t i = *hint; i < *hint + 2 && i < k->count; i++) {
		if (in_force(k, i, h)) {
			*hint = i;
			return &k->changes[i];
		}
	}
	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (k->changes[mid].at <= h)
			lo = mid;
		else
			hi = mid;
	}
	*hint = lo;
	return &k->changes[lo];
}

bool sim_kernel_updates(const struct sim_kernel *k, uint64_t h, size_t *hint)
{
	size_t next;

	sim_kernel_at(k, h, hint);
	next = *hint + 1;
	return next < k->count && h >= k->changes[next].tick;
}

/* Time never goes back behind the last update, even if its counter does. */
static uint64_t hold_back(const struct sim_kernel *k, uint64_t h, uint64_t c)
{
	size_t lo = 0, hi = k->tick_count, mid;

	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (k->ticks[mid].at <= h)
			lo = mid;
		else
			hi = mid;
	}
	if ((int64_t)(c - k->ticks[lo].cycle_last) < 0)
		return k->ticks[lo].cycle_last;
	return c;
}

int64_t sim_kernel_mono(const struct sim_kernel *k, uint64_t h, uint64_t c,
			size_t *hint)
{
	const struct sim_change *ch = sim_kernel_at(k, h, hint);

	if (ch->line.clocksource == VMSYNC_CLOCKSOURCE_OTHER)
		c = hpet(k, h);
	else if (k->tick_count)
		c = hold_back(k, h, c);
	return sim_line_eval(&ch->line, c);
}
