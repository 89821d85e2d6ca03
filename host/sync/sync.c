// SPDX-License-Identifier: MIT
/*
 * The session: takes records in and files them where they belong.
 */
#include "sync/sync.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sync/session.h"
#include "uapi/vmsync.h"

struct vmsync_sync *vmsync_sync_new(const struct vmsync_sync_options *opt)
{
	struct vmsync_sync *sync = calloc(1, sizeof(*sync));

	if (!sync)
		return NULL;
	sync->side.unsure_ns = INT64_MAX;
	if (opt)
		sync->opt = *opt;
	if (sync->opt.methods == 1u << VMSYNC_METHOD_PORT)
		sync->opt.wide = true;
	return sync;
}

static void guest_free(struct vmsync_guest *guest)
{
	for (uint32_t i = 0; i < guest->n_cpus; i++)
		vmsync_array_free(&guest->cpus[i].pvs);
	for (int m = 0; m < VMSYNC_METHOD_COUNT; m++) {
		for (uint32_t i = 0; guest->by_method[m] && i < guest->maps.vcpus;
		     i++)
			vmsync_map_free(&guest->by_method[m][i]);
		free(guest->by_method[m]);
		if (vmsync_estimators[m] && vmsync_estimators[m]->destroy)
			vmsync_estimators[m]->destroy(guest->states[m]);
	}
	vmsync_array_free(&guest->disagreements);
	vmsync_array_free(&guest->homes);
	vmsync_guest_report_free(&guest->report);
	vmsync_guest_map_free(&guest->maps);
	vmsync_lines_free(&guest->lines);
	free(guest->cpus);
	free(guest->queue);
	free(guest->hostname);
	free(guest);
}

void vmsync_sync_free(struct vmsync_sync *sync)
{
	if (!sync)
		return;
	for (size_t i = 0; i < sync->guests.count; i++)
		guest_free(sync->guests.at[i]);
	for (size_t i = 0; i < sync->vms.count; i++)
		vmsync_vm_free(sync->vms.at[i]);
	vmsync_array_free(&sync->guests);
	vmsync_array_free(&sync->vms);
	vmsync_lines_free(&sync->lines);
	vmsync_array_free(&sync->lost);
	free(sync);
}

static bool make_states(struct vmsync_guest *guest)
{
	struct vmsync_sync_options opt = guest->sync->opt;

	opt.wide = guest->wide;
	for (int m = 0; m < VMSYNC_METHOD_COUNT; m++) {
		const struct vmsync_estimator *e = vmsync_estimators[m];

		if (!e || !e->create)
			continue;
		guest->states[m] = e->create(&opt);
		if (!guest->states[m])
			return false;
	}
	return true;
}

static struct vmsync_guest *guest_new(struct vmsync_sync *sync,
				      const char *hostname, bool wide)
{
	struct vmsync_guest *guest = calloc(1, sizeof(*guest)), **slot;

	if (!guest)
		return NULL;
	guest->sync = sync;
	guest->wide = wide;
	guest->side.unsure_ns = INT64_MAX;
	guest->marks_step = 1;
	guest->rtt_min_ns = INT64_MAX;
	guest->hostname = strdup(hostname ? hostname : "");
	guest->maps.hostname = strdup(hostname ? hostname : "");
	guest->queue = calloc(VMSYNC_QUEUE, sizeof(*guest->queue));
	slot = guest->hostname && guest->maps.hostname && guest->queue &&
	       make_states(guest) ?
		       vmsync_array_add(&sync->guests) : NULL;
	if (!slot) {
		guest_free(guest);
		return NULL;
	}
	*slot = guest;
	return guest;
}

struct vmsync_guest *vmsync_sync_guest_new(struct vmsync_sync *sync,
					   const char *hostname)
{
	return guest_new(sync, hostname, sync->opt.wide);
}

struct vmsync_guest *vmsync_sync_guest_new_port(struct vmsync_sync *sync,
						const char *hostname)
{
	return guest_new(sync, hostname, true);
}

/* Events of [@from_ns, @until_ns) may be missing. */
static void side_lost(struct vmsync_side *side, int64_t from_ns,
		      int64_t until_ns)
{
	if (side->unsure_ns > from_ns)
		side->unsure_ns = from_ns;
	if (until_ns > side->lost_until_ns)
		side->lost_until_ns = until_ns;
}

/* The line that is in force was shown: nothing is unsure, but what may follow. */
static void side_line(struct vmsync_side *side, int64_t stamp_ns)
{
	if (stamp_ns >= side->lost_until_ns)
		side->unsure_ns = INT64_MAX;
	else if (stamp_ns > side->unsure_ns)
		side->unsure_ns = stamp_ns;
}

int64_t vmsync_side_complete_ns(const struct vmsync_side *side)
{
	return side->unsure_ns < side->last_ns ? side->unsure_ns :
						 side->last_ns;
}

static void side_seen(struct vmsync_side *side, int64_t stamp_ns)
{
	if (!side->any)
		side->first_ns = side->last_ns = stamp_ns;
	side->any = true;
	if (stamp_ns > side->last_ns)
		side->last_ns = stamp_ns;
}

/* ---------------------------------------------------------- matched beacons */

/* Evenly spread over what was pushed, however long that is. */
static void mark(struct vmsync_guest *guest, const struct vmsync_beacon *b)
{
	struct vmsync_mark m = { b->gh_guest_ns, b->gh_host_ns };

	if (!b->gh)
		m = (struct vmsync_mark){ b->hg_guest_ns, b->hg_host_ns };
	if (m.host_ns > guest->answered_ns)
		guest->answered_ns = m.host_ns;
	if (guest->n_marks &&
	    m.guest_ns <= guest->marks[guest->n_marks - 1].guest_ns)
		return;
	if (++guest->marks_skipped < guest->marks_step)
		return;
	guest->marks_skipped = 0;
	if (guest->n_marks == VMSYNC_MARKS) {
		for (size_t i = 0; i < VMSYNC_MARKS / 2; i++)
			guest->marks[i] = guest->marks[2 * i];
		guest->n_marks = VMSYNC_MARKS / 2;
		guest->marks_step *= 2;
	}
	guest->marks[guest->n_marks++] = m;
}

/* Somebody else answers the guest from now on. */
static int move_to(struct vmsync_guest *guest, const struct vmsync_vm *vm)
{
	struct vmsync_home *h = vmsync_array_last(&guest->homes);

	if (h && (h->vm == vm || guest->homes.count >= VMSYNC_MAX_HOMES))
		return 0;
	h = vmsync_array_add(&guest->homes);
	if (!h)
		return -ENOMEM;
	*h = (struct vmsync_home){ .vm = vm,
				   .from_ns = guest->sync->side.last_ns };
	return 0;
}

static void at_home(struct vmsync_guest *guest, const struct vmsync_beacon *b)
{
	struct vmsync_home *h = vmsync_array_last(&guest->homes);
	int64_t ns = b->gh ? b->gh_host_ns : b->hg_host_ns;
	int64_t guest_ns = b->gh ? b->gh_guest_ns : b->hg_guest_ns;

	if (h->vm != guest->match.vm)
		return;
	if (!h->last_ns && guest->homes.count > 1)
		h->away = vmsync_match_alone(&guest->match, h[-1].last_guest_ns,
					     guest_ns);
	if (!h->last_ns || guest_ns < h->from_guest_ns)
		h->from_guest_ns = guest_ns;
	if (ns < h->from_ns)
		h->from_ns = ns;
	if (ns < h->last_ns)
		return;
	h->last_ns = ns;
	h->last_guest_ns = guest_ns;
}

static int take_beacon(struct vmsync_guest *guest, const struct vmsync_beacon *b)
{
	int err = 0;

	at_home(guest, b);
	guest->matched++;
	guest->whole += b->gh && b->hg;
	if (b->gh && b->hg && b->hg_guest_ns - b->gh_guest_ns >= 0 &&
	    b->hg_guest_ns - b->gh_guest_ns < guest->rtt_min_ns)
		guest->rtt_min_ns = b->hg_guest_ns - b->gh_guest_ns;
	mark(guest, b);
	vmsync_causal_tsc(&guest->causal, b);
	if (b->cpu < guest->n_cpus) {
		guest->cpus[b->cpu].known = true;
		guest->cpus[b->cpu].vcpu_id = b->vcpu;
		if (b->tid)
			guest->cpus[b->cpu].tid = b->tid;
	}
	for (int m = 0; !err && m < VMSYNC_METHOD_COUNT; m++)
		if (vmsync_estimators[m] && vmsync_estimators[m]->beacon)
			err = vmsync_estimators[m]->beacon(guest->states[m], b);
	if (!err && guest->queued == VMSYNC_QUEUE)
		err = vmsync_guest_check_queue(guest);
	guest->queue[guest->queued++] = (struct vmsync_times){
		b->cpu, b->gh, b->hg, b->gh_guest_ns, b->gh_host_ns,
		b->hg_host_ns, b->hg_guest_ns,
	};
	return err;
}

static int drain(struct vmsync_guest *guest, bool flush)
{
	struct vmsync_beacon b;
	int err = 0;

	while (!err && vmsync_match_next(&guest->match, flush, &b)) {
		if (b.cpu < guest->n_cpus)
			b.set_ns = vmsync_set_ns(&guest->set,
						 &guest->cpus[b.cpu], &b,
						 guest->n_cpus == 1);
		err = take_beacon(guest, &b);
	}
	return err;
}

int vmsync_guest_drain(struct vmsync_guest *guest)
{
	return drain(guest, true);
}

/* The first verified beacon says which VM this guest is. */
static int bind(struct vmsync_guest *guest, struct vmsync_vm *vm,
		struct vmsync_stream *stream)
{
	struct vmsync_match *m = &guest->match;
	int err = 0;

	if (m->vm)
		err = drain(guest, true);
	if (!err)
		err = move_to(guest, vm);
	vmsync_match_bind(m, vm, stream);
	for (uint32_t k = VMSYNC_SYNC_WINDOW * VMSYNC_CNT_STEP; k--;)
		vmsync_match_mark(m, m->last_cnt - k);
	return err;
}

static bool bound_to(const struct vmsync_match *m,
		     const struct vmsync_stream *stream)
{
	return m->stream == stream && stream->vm_uid == m->vm_uid;
}

static int match(struct vmsync_guest *guest, struct vmsync_vm *vm,
		 struct vmsync_stream *stream, uint32_t base)
{
	int err = 0;

	if (bound_to(&guest->match, stream))
		vmsync_match_mark(&guest->match, base);
	else if (vmsync_match_verify(&guest->match, stream, base))
		err = bind(guest, vm, stream);
	else
		return 0;
	return err ? err : drain(guest, false);
}

/* ---------------------------------------------------------------- the host */

struct vmsync_vm *vmsync_sync_find_vm(const struct vmsync_sync *sync,
				      struct vmsync_vm_id id)
{
	for (size_t i = 0; i < sync->vms.count; i++) {
		struct vmsync_vm *vm = sync->vms.at[i];

		if (vm->id.pid == id.pid && vm->id.serial == id.serial)
			return vm;
	}
	return NULL;
}

static struct vmsync_vm *vm_of(struct vmsync_sync *sync, struct vmsync_vm_id id)
{
	struct vmsync_vm *vm = vmsync_sync_find_vm(sync, id), **slot;

	if (vm)
		return vm;
	vm = calloc(1, sizeof(*vm));
	slot = vm ? vmsync_array_add(&sync->vms) : NULL;
	if (!slot) {
		free(vm);
		return NULL;
	}
	vm->id = id;
	vm->lost_until_ns = sync->side.lost_until_ns;
	*slot = vm;
	return vm;
}

static void take_ref(struct vmsync_sync *sync, uint64_t tsc)
{
	if (sync->has_ref)
		return;
	sync->has_ref = true;
	sync->tsc_ref = tsc;
}

/* A new identity of @vm may need the place of one that a guest is bound to. */
static int make_room(struct vmsync_sync *sync, const struct vmsync_vm *vm,
		     uint64_t vm_uid)
{
	const struct vmsync_stream *out = vmsync_match_makes_room(vm, vm_uid);
	int err = 0;

	for (size_t i = 0; out && !err && i < sync->guests.count; i++) {
		struct vmsync_guest *guest = sync->guests.at[i];

		if (guest->match.stream != out)
			continue;
		err = drain(guest, true);
		vmsync_match_let_go(&guest->match);
	}
	return err;
}

static int host_leg(struct vmsync_sync *sync, struct vmsync_vm *vm,
		    const struct vmsync_evidence *ev)
{
	struct vmsync_stream *stream;
	uint32_t base;
	int err = make_room(sync, vm, ev->vm_uid);

	if (err)
		return err;
	stream = vmsync_match_push_host(vm, ev, &base);
	if (!stream)
		return -ENOMEM;
	for (size_t i = 0; !err && i < sync->guests.count; i++)
		if (sync->guests.at[i]->match.any &&
		    sync->guests.at[i]->match.vm_uid == ev->vm_uid)
			err = match(sync->guests.at[i], vm, stream, base);
	return err;
}

static int host_scaling(struct vmsync_vm *vm, struct vmsync_vcpu *vcpu,
			const struct vmsync_evidence *ev)
{
	const struct vmsync_scaling_span *last =
		vmsync_array_last(&vcpu->scalings);

	if (last && vmsync_scaling_same(&last->scaling, &ev->scaling))
		vmsync_vm_scaling_kept(vm, last, ev->stamp_ns);
	return vmsync_vcpu_scaling_seen(vcpu, &ev->scaling, ev->stamp_ns);
}

static int host_beacon(struct vmsync_sync *sync, struct vmsync_vm *vm,
		       const struct vmsync_evidence *ev)
{
	struct vmsync_vcpu *vcpu = vmsync_vm_vcpu(vm, ev->vcpu);
	int err = 0;

	if (!vcpu)
		return ev->vcpu > VMSYNC_MAX_CPUS ? 0 : -ENOMEM;
	if (ev->pair.valid) {
		take_ref(sync, ev->pair.tsc);
		/* The host's TSCs are one: no matter which CPU read it. */
		err = vmsync_lines_beacon(&sync->lines, ev, 0);
		if (ev->line.seq)
			side_line(&sync->side, ev->stamp_ns);
		if (!err && ev->scaling.ratio)
			err = host_scaling(vm, vcpu, ev);
	}
	return err ? err : host_leg(sync, vm, ev);
}

static int host_knot(struct vmsync_sync *sync, const struct vmsync_evidence *ev)
{
	take_ref(sync, ev->confirm_tsc);
	side_line(&sync->side, ev->stamp_ns);
	return vmsync_lines_knot(&sync->lines, ev, 0);
}

static int host_vcpu(struct vmsync_vm *vm, const struct vmsync_evidence *ev)
{
	struct vmsync_vcpu *vcpu = vmsync_vm_vcpu(vm, ev->vcpu);

	if (!vcpu)
		return ev->vcpu > VMSYNC_MAX_CPUS ? 0 : -ENOMEM;
	switch (ev->kind) {
	case VMSYNC_EV_TSC:
		return vmsync_vcpu_scaling_write(vcpu, ev);
	case VMSYNC_EV_PVCLOCK:
		return vmsync_vcpu_pvclock(vcpu, ev);
	case VMSYNC_EV_VM:
		if (ev->tid)
			vcpu->tid = ev->tid;
		return 0;
	case VMSYNC_EV_ENTRY:
		if (ev->tid)
			vcpu->tid = ev->tid;
		return vmsync_vcpu_entry(vcpu, ev->stamp_ns);
	default:
		return vmsync_vcpu_exit(vcpu, ev->stamp_ns);
	}
}

static int push_host_vm(struct vmsync_sync *sync,
			const struct vmsync_evidence *ev)
{
	struct vmsync_vm *vm = vm_of(sync, ev->vm);

	if (!vm)
		return -ENOMEM;
	switch (ev->kind) {
	case VMSYNC_EV_GH_HOST:
		return host_beacon(sync, vm, ev);
	case VMSYNC_EV_HG_HOST:
		return host_leg(sync, vm, ev);
	case VMSYNC_EV_DROP:
		vm->dropped += ev->count;
		return 0;
	default:
		return host_vcpu(vm, ev);
	}
}

static int host_lost(struct vmsync_sync *sync, const struct vmsync_evidence *ev)
{
	struct vmsync_lost *lost = vmsync_array_add(&sync->lost);

	if (!lost)
		return -ENOMEM;
	*lost = (struct vmsync_lost){ ev->stamp_ns, ev->until_ns };
	sync->side.lost += ev->count;
	side_lost(&sync->side, ev->stamp_ns, ev->until_ns);
	side_seen(&sync->side, ev->until_ns);
	for (size_t i = 0; i < sync->vms.count; i++)
		vmsync_vm_lost(sync->vms.at[i], ev->stamp_ns, ev->until_ns);
	return 0;
}

int vmsync_sync_push_host(struct vmsync_sync *sync,
			  const struct vmsync_evidence *ev)
{
	switch (ev->kind) {
	case VMSYNC_EV_GH_GUEST:
	case VMSYNC_EV_HG_GUEST:
	case VMSYNC_EV_GUEST_EVENT:
		return -EINVAL;
	default:
		break;
	}
	if (ev->stamp_ns < 0)
		return 0;
	side_seen(&sync->side, ev->stamp_ns);
	if (ev->kind == VMSYNC_EV_KNOT)
		return host_knot(sync, ev);
	if (ev->kind == VMSYNC_EV_LOST)
		return host_lost(sync, ev);
	return push_host_vm(sync, ev);
}

/* --------------------------------------------------------------- the guest */

static int want_cpu(struct vmsync_guest *guest, uint32_t cpu)
{
	struct vmsync_guest_cpu *cpus;

	if (cpu < guest->n_cpus) {
		guest->cpus[cpu].seen = true;
		return 0;
	}
	cpus = realloc(guest->cpus, (cpu + 1) * sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	memset(&cpus[guest->n_cpus], 0,
	       (cpu + 1 - guest->n_cpus) * sizeof(*cpus));
	guest->cpus = cpus;
	guest->n_cpus = cpu + 1;
	cpus[cpu].seen = true;
	return 0;
}

static int guest_pvclock(struct vmsync_guest *guest,
			 const struct vmsync_evidence *ev, uint64_t tsc)
{
	struct vmsync_guest_cpu *cpu = &guest->cpus[ev->vcpu];
	struct vmsync_pv_run *run = vmsync_array_last(&cpu->pvs);
	struct vmsync_reading now = { tsc, ev->stamp_ns };

	if (!ev->pvclock.version)
		return 0;
	if (!run || !vmsync_pvclock_same(&run->pv, &ev->pvclock)) {
		run = vmsync_array_add(&cpu->pvs);
		if (!run)
			return -ENOMEM;
		*run = (struct vmsync_pv_run){ .pv = ev->pvclock,
					       .first = now };
	}
	run->last = now;
	return 0;
}

static int guest_leg(struct vmsync_guest *guest,
		     const struct vmsync_evidence *ev)
{
	uint32_t base = vmsync_match_push_guest(&guest->match, ev);
	struct vmsync_sync *sync = guest->sync;
	int err = 0;

	if (guest->match.stream && bound_to(&guest->match, guest->match.stream))
		err = match(guest, guest->match.vm, guest->match.stream, base);
	for (size_t i = 0; !err && i < sync->vms.count; i++) {
		struct vmsync_vm *vm = sync->vms.at[i];

		for (size_t k = 0; !err && k < vm->streams.count; k++)
			if (vm->streams.at[k]->vm_uid == ev->vm_uid &&
			    vm->streams.at[k] != guest->match.stream)
				err = match(guest, vm, vm->streams.at[k], base);
	}
	return err;
}

static int guest_beacon(struct vmsync_guest *guest,
			const struct vmsync_evidence *ev)
{
	int err = 0;

	if (ev->kind == VMSYNC_EV_GH_GUEST && ev->pair.valid) {
		err = vmsync_lines_beacon(&guest->lines, ev, ev->vcpu);
		if (ev->line.seq)
			side_line(&guest->side, ev->stamp_ns);
		if (!err)
			err = guest_pvclock(guest, ev, ev->pair.tsc);
	}
	return err ? err : guest_leg(guest, ev);
}

static int guest_event(struct vmsync_guest *guest,
		       const struct vmsync_evidence *ev)
{
	int err = 0;

	for (int m = 0; !err && m < VMSYNC_METHOD_COUNT; m++)
		if (vmsync_estimators[m] && vmsync_estimators[m]->guest_event)
			err = vmsync_estimators[m]->guest_event(
				guest->states[m], ev);
	return err;
}

int vmsync_sync_push_guest(struct vmsync_guest *guest,
			   const struct vmsync_evidence *ev)
{
	int err;

	if (ev->kind != VMSYNC_EV_GH_GUEST && ev->kind != VMSYNC_EV_HG_GUEST &&
	    ev->kind != VMSYNC_EV_KNOT && ev->kind != VMSYNC_EV_LOST &&
	    ev->kind != VMSYNC_EV_GUEST_EVENT)
		return -EINVAL;
	if (ev->stamp_ns < 0)
		return 0;
	side_seen(&guest->side, ev->stamp_ns);
	if (ev->kind == VMSYNC_EV_LOST) {
		guest->side.lost += ev->count;
		side_lost(&guest->side, ev->stamp_ns, ev->until_ns);
		side_seen(&guest->side, ev->until_ns);
		return 0;
	}
	/* Buffers that all CPUs share: the kernel's clock is one all the same. */
	if (ev->vcpu == VMSYNC_CPU_UNKNOWN && ev->kind == VMSYNC_EV_KNOT)
		return vmsync_lines_knot(&guest->lines, ev, ev->vcpu);
	if (ev->vcpu >= VMSYNC_MAX_CPUS)
		return 0;
	err = want_cpu(guest, ev->vcpu);
	if (err)
		return err;
	if (ev->kind == VMSYNC_EV_GUEST_EVENT)
		return guest_event(guest, ev);
	if (ev->kind != VMSYNC_EV_KNOT)
		return guest_beacon(guest, ev);
	side_line(&guest->side, ev->stamp_ns);
	err = vmsync_lines_knot(&guest->lines, ev, ev->vcpu);
	return err ? err : guest_pvclock(guest, ev, ev->confirm_tsc);
}

/* ---------------------------------------------------------- ends and turns */

void vmsync_sync_host_until(struct vmsync_sync *sync, host_time t)
{
	side_seen(&sync->side, t.ns);
}

void vmsync_sync_guest_until(struct vmsync_guest *guest, guest_time t)
{
	side_seen(&guest->side, t.ns);
}

void vmsync_sync_guest_from(struct vmsync_guest *guest, guest_time t)
{
	side_seen(&guest->side, t.ns);
}

void vmsync_sync_host_lost(struct vmsync_sync *sync, uint64_t events,
			   uint64_t packets)
{
	sync->side.lost += events;
	sync->side.packets_lost += packets;
}

void vmsync_sync_guest_lost(struct vmsync_guest *guest, uint64_t events,
			    uint64_t packets)
{
	guest->side.lost += events;
	guest->side.packets_lost += packets;
}

void vmsync_sync_host_end(struct vmsync_sync *sync)
{
	sync->side.ended = true;
}

void vmsync_sync_guest_end(struct vmsync_guest *guest)
{
	guest->side.ended = true;
}

static int settle(struct vmsync_sync *sync, bool final, host_time *settled)
{
	int64_t until = sync->side.last_ns;
	int err = 0;

	for (size_t i = 0; !err && i < sync->guests.count; i++) {
		struct vmsync_guest *guest = sync->guests.at[i];
		const struct vmsync_map *map;

		err = vmsync_guest_build_maps(guest, final);
		if (!err)
			err = vmsync_guest_report_make(guest);
		map = vmsync_guest_map_of(&guest->maps, 0);
		if (!err && map && !final) {
			host_time h = vmsync_map_eval(
				map,
				(guest_time){vmsync_guest_final_until(guest)});

			if (h.ns < until)
				until = h.ns;
		}
	}
	if (settled)
		settled->ns = until;
	return err;
}

int vmsync_sync_build_maps(struct vmsync_sync *sync, host_time *settled)
{
	return settle(sync, false, settled);
}

int vmsync_sync_finish(struct vmsync_sync *sync)
{
	int err = 0;

	vmsync_sync_host_end(sync);
	for (size_t i = 0; !err && i < sync->guests.count; i++) {
		vmsync_sync_guest_end(sync->guests.at[i]);
		err = drain(sync->guests.at[i], true);
	}
	return err ? err : settle(sync, true, NULL);
}

const struct vmsync_guest_map *
vmsync_guest_maps(const struct vmsync_guest *guest)
{
	return &guest->maps;
}

const struct vmsync_map *
vmsync_guest_method_map(const struct vmsync_guest *guest,
			enum vmsync_method method, uint32_t cpu)
{
	const struct vmsync_map *maps;

	if ((unsigned int)method >= VMSYNC_METHOD_COUNT)
		return NULL;
	maps = guest->by_method[method];
	if (!maps || cpu >= guest->maps.vcpus)
		return NULL;
	if (maps[cpu].count)
		return &maps[cpu];
	/* Only where a method has all of the map is its own empty. */
	maps = &guest->maps.maps[cpu];
	return maps->count && maps->segments[0].method == method ? maps : NULL;
}

int32_t vmsync_guest_home_thread(const struct vmsync_guest *guest, size_t home,
				 uint32_t cpu)
{
	const struct vmsync_vcpu *vcpu;

	if (cpu >= guest->n_cpus || !guest->cpus[cpu].known)
		return 0;
	vcpu = vmsync_vm_find_vcpu(guest->homes.at[home].vm,
				   guest->cpus[cpu].vcpu_id);
	return vcpu ? vcpu->tid : 0;
}

bool vmsync_guest_has_thread(const struct vmsync_guest *guest, uint32_t cpu,
			     int32_t tid)
{
	if (cpu >= guest->n_cpus || !guest->cpus[cpu].known)
		return false;
	if (guest->cpus[cpu].tid == tid)
		return true;
	for (size_t i = 0; i < guest->homes.count; i++) {
		const struct vmsync_vcpu *vcpu;

		vcpu = vmsync_vm_find_vcpu(guest->homes.at[i].vm,
					   guest->cpus[cpu].vcpu_id);
		if (vcpu && vcpu->tid == tid)
			return true;
	}
	return false;
}

const struct vmsync_guest_report *
vmsync_guest_report_of(const struct vmsync_guest *guest)
{
	return &guest->report;
}
