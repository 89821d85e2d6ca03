// SPDX-License-Identifier: MIT
#include "hostclock.h"

#include <stdlib.h>

#include "../gen/follow.h"

/* As guest/clock.c has them. */
#define READ_NS	    1e7
#define LATE_NS	    2e5 /* a timer is late by up to that */
#define BEGIN_NS    1e8
#define LEAD_NS	    1e5
#define PUBLISH_NS  800
#define EVENT_NS    300

/* What KVM tells: whole ns. (The time of day would be a constant ahead.) */
static struct follow_reading host_read(const struct sim_world *w,
				       const struct sim_guest *g, uint64_t h)
{
	size_t hint = 0;

	return (struct follow_reading){
		sim_vcpu_tsc(&g->vm.vcpus[0], h),
		(uint64_t)sim_host_mono(w, h, &hint), 1u << 31,
	};
}

static uint64_t runs_at(const struct sim_guest *g, uint64_t h)
{
	return sim_vcpu_wake(&g->vm.vcpus[0], h);
}

/* A time as cycles of the guest. */
static uint64_t guest_cycles(const struct sim_world *w, const struct sim_guest *g,
			     uint64_t h, double ns)
{
	struct vmsync_scaling s = *sim_vcpu_scaling(&g->vm.vcpus[0], h);

	s.offset = 0;
	return sim_scale_tsc(sim_world_cycles(w, ns), &s);
}

static void line_add(const struct sim_world *w, struct sim_kernel *k, uint64_t h)
{
	const struct vmsync_clock_line *line = &follow_lines()->now;
	struct sim_change *ch = sim_kernel_add(k);
	uint64_t at = h + sim_world_cycles(w, PUBLISH_NS);

	*ch = (struct sim_change){
		.tick = at,
		.since = at,
		.at = at,
		.confirm = at + sim_world_cycles(w, EVENT_NS),
		.confirm_tsc = line->start_tsc,
		.why = VMSYNC_KNOT_SLOPE,
		.line = {
			.clocksource = VMSYNC_CLOCKSOURCE_TSC,
			.seq = (uint32_t)k->count,
			.since_tsc = line->start_tsc,
			.cycle_last = line->start_tsc,
			.base_ns = (int64_t)line->base_ns,
			.xtime_nsec = line->frac,
			.mult = line->mult,
			.shift = line->shift,
		},
	};
}

void sim_hostclock_run(const struct sim_world *w, struct sim_guest *g,
		       uint64_t from, uint64_t until)
{
	struct follow_reading a, b, r;
	uint64_t h = runs_at(g, from);

	a = host_read(w, g, h);
	h = runs_at(g, h + sim_world_cycles(w, BEGIN_NS));
	b = host_read(w, g, h);
	if (!follow_begin(&a, &b, 0, guest_cycles(w, g, h, READ_NS)))
		abort();
	line_add(w, &g->kernel, h);
	for (;;) {
		double late = sim_rng_between(&g->kernel.rng, 0, LATE_NS);

		h = runs_at(g, h + sim_world_cycles(w, READ_NS + late));
		if (h >= until)
			return;
		/* Of another host's clock nothing is recorded here. */
		if (sim_vm_away(&g->vm, h))
			continue;
		r = host_read(w, g, h);
		if (follow_read(&r, r.tsc + guest_cycles(w, g, h, LEAD_NS)))
			line_add(w, &g->kernel, h);
	}
}

int64_t sim_hostclock_mono(const struct sim_kernel *k, uint64_t h, uint64_t tsc,
			   size_t *hint)
{
	const struct sim_change *ch = sim_kernel_at(k, h, hint);

	if (ch > k->changes && (int64_t)(tsc - ch->line.since_tsc) < 0)
		ch--;
	return sim_line_eval(&ch->line, tsc);
}
