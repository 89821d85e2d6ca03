// SPDX-License-Identifier: MIT
/*
 * The session: its begin and end, and what it has to tell.
 */
#include "sync/sync.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sync/session.h"

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
	vmsync_tsync_free(&guest->tsync);
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
	guest->left_ns = INT64_MAX;
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

void vmsync_sync_host_until(struct vmsync_sync *sync, host_time t)
{
	vmsync_pushed_seen(&sync->side, t.ns);
}

void vmsync_sync_guest_until(struct vmsync_guest *guest, guest_time t)
{
	vmsync_pushed_seen(&guest->side, t.ns);
}

void vmsync_sync_guest_from(struct vmsync_guest *guest, guest_time t)
{
	vmsync_pushed_seen(&guest->side, t.ns);
}

void vmsync_sync_host_from(struct vmsync_sync *sync, host_time t)
{
	vmsync_pushed_seen(&sync->side, t.ns);
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

bool vmsync_guest_settled(const struct vmsync_guest *guest, host_time *until)
{
	const struct vmsync_map *map = vmsync_guest_map_of(&guest->maps, 0);
	int64_t guest_ns = vmsync_guest_final_until(guest);

	if (!map)
		return false;
	*until = (host_time){INT64_MAX};
	if (guest_ns != INT64_MAX)
		*until = vmsync_map_eval(map, (guest_time){guest_ns});
	return true;
}

static int build_maps(struct vmsync_sync *sync, bool final,
		      host_time *final_until)
{
	int64_t until = sync->side.last_ns;
	int err = 0;

	for (size_t i = 0; !err && i < sync->guests.count; i++) {
		struct vmsync_guest *guest = sync->guests.at[i];
		host_time h;

		err = vmsync_guest_build_maps(guest, final);
		if (!err)
			err = vmsync_guest_report_make(guest);
		if (!err && !final && vmsync_guest_settled(guest, &h) &&
		    h.ns < until)
			until = h.ns;
	}
	if (final_until)
		final_until->ns = until;
	return err;
}

int vmsync_sync_build_maps(struct vmsync_sync *sync, host_time *final_until)
{
	return build_maps(sync, false, final_until);
}

int vmsync_sync_finish(struct vmsync_sync *sync)
{
	int err = 0;

	vmsync_sync_host_end(sync);
	for (size_t i = 0; !err && i < sync->guests.count; i++) {
		vmsync_sync_guest_end(sync->guests.at[i]);
		err = vmsync_guest_drain(sync->guests.at[i], true);
	}
	return err ? err : build_maps(sync, true, NULL);
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

bool vmsync_guest_reads_outside(const struct vmsync_guest *guest, guest_time t)
{
	return vmsync_lines_other_at(&guest->lines, t.ns);
}

const struct vmsync_guest_report *
vmsync_guest_report_of(const struct vmsync_guest *guest)
{
	return &guest->report;
}
