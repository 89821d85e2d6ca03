// SPDX-License-Identifier: MIT
/*
 * The events that carry a clock's parameters: knots, TSC writes, pages.
 */
#include "stream.h"

static bool recorded(const struct sim_world *w, const struct sim_guest *g,
		     uint64_t h)
{
	return g ? h >= g->from && h < g->until : h >= w->start && h < w->end;
}

static void record_knots(struct sim_stream *s, const struct sim_world *w,
			 const struct sim_kernel *k, const struct sim_guest *g,
			 struct sim_rng *rng)
{
	size_t hint = 0;

	for (size_t i = 0; i < k->count; i++) {
		const struct sim_change *ch = &k->changes[i];
		struct vmsync_evidence ev = { .kind = VMSYNC_EV_KNOT };

		if (!recorded(w, g, ch->confirm) ||
		    sim_rng_chance(rng, w->sc->knot_loss))
			continue;
		ev.line = ch->line;
		ev.confirm_tsc = ch->confirm_tsc;
		ev.why = ch->why;
		if (i)
			ev.prev = ch[-1].line;
		if (g && g->kvmclock)
			ev.pvclock =
				*sim_vcpu_page(&g->vm.vcpus[0], ch->confirm);
		ev.stamp_ns = g ? sim_guest_mono(g, 0, ch->confirm, &hint) :
				  sim_host_mono(w, ch->confirm, &hint);
		sim_stream_add(s, ch->confirm, &ev);
	}
}

void sim_record_knots(struct sim_recording *rec, const struct sim_world *w)
{
	struct sim_rng rng;

	sim_rng_init(&rng, w->seed, SIM_RNG_KNOTS);
	record_knots(&rec->host, w, &w->host, NULL, &rng);
	for (int i = 0; i < w->guest_count; i++) {
		const struct sim_guest *g = &w->guests[i];

		sim_rng_init(&rng, w->seed, SIM_RNG_KNOTS + 1 + i);
		record_knots(&rec->guests[i], w, &g->kernel, g, &rng);
	}
}

/* @h before the start: known when the tracer begins to listen. */
static uint64_t event_time(const struct sim_world *w, uint64_t h)
{
	return h < w->start ? w->start : h;
}

/*
 * Of guest @g's VM at @h: what comes after the end is not recorded, and what
 * is another guest's by then is put there with that one.
 */
static void add(struct sim_recording *rec, const struct sim_world *w,
		const struct sim_guest *g, uint64_t h, struct vmsync_evidence *ev)
{
	size_t hint = 0;

	if (h < g->born || h >= g->died || sim_vm_away(&g->vm, h))
		return;
	h = event_time(w, h);
	if (h > w->end)
		return;
	ev->stamp_ns = sim_host_mono(w, h, &hint);
	sim_stream_add(&rec->host, h, ev);
}

static void record_tsc(struct sim_recording *rec, const struct sim_world *w,
		       const struct sim_guest *g, const struct sim_vcpu *v)
{
	for (size_t i = 0; i < v->tsc_count; i++) {
		struct vmsync_evidence ev = {
			.kind = VMSYNC_EV_TSC,
			.vm = sim_vm_id(&g->vm, v->tsc[i].from),
			.vcpu = v->vcpu_id,
			.scaling = v->tsc[i].scaling,
			.prev_offset = v->tsc[i].scaling.offset,
			.why = v->tsc[i].why,
		};

		if (v->tsc[i].why != VMSYNC_WHY_FIRST)
			ev.prev_offset = v->tsc[i - 1].scaling.offset;
		add(rec, w, g, v->tsc[i].from, &ev);
	}
}

/* KVM writes the page just before the entry that makes it count. */
static void record_pages(struct sim_recording *rec, const struct sim_world *w,
			 const struct sim_guest *g, const struct sim_vcpu *v)
{
	for (size_t i = 0; i < v->page_count; i++) {
		struct vmsync_evidence ev = {
			.kind = VMSYNC_EV_PVCLOCK,
			.vm = sim_vm_id(&g->vm, v->pages[i].from),
			.vcpu = v->vcpu_id,
			.pvclock = v->pages[i].page,
			.why = v->pages[i].why,
		};

		add(rec, w, g, v->pages[i].from - sim_world_cycles(w, 800), &ev);
	}
}

/* At the first entry in each of its homes, as all that is told first. */
static void record_threads(struct sim_recording *rec, const struct sim_world *w,
			   const struct sim_guest *g, const struct sim_vcpu *v)
{
	for (size_t i = 0; i < v->tsc_count; i++) {
		uint64_t h = v->tsc[i].from - sim_world_cycles(w, 20);
		struct vmsync_evidence ev = {
			.kind = VMSYNC_EV_VM,
			.vm = sim_vm_id(&g->vm, h),
			.vcpu = v->vcpu_id,
			.tid = sim_vcpu_tid(&g->vm, v, h),
			.why = VMSYNC_WHY_FIRST,
		};

		if (v->tsc[i].why == VMSYNC_WHY_FIRST)
			add(rec, w, g, h, &ev);
	}
}

void sim_record_vm(struct sim_recording *rec, const struct sim_world *w,
		   const struct sim_guest *g)
{
	for (uint32_t i = 0; i < g->vm.vcpu_count; i++) {
		record_threads(rec, w, g, &g->vm.vcpus[i]);
		record_tsc(rec, w, g, &g->vm.vcpus[i]);
		record_pages(rec, w, g, &g->vm.vcpus[i]);
	}
}
