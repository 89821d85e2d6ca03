// SPDX-License-Identifier: MIT
/*
 * From what was pushed to maps: every method's own, and of these the best for
 * each stretch of time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sync/exact.h"
#include "sync/session.h"

/*
 * Outside the evidence either clock may be slewed from one end of what NTP may
 * do to the other, +-500 ppm: 1000 ppm each.
 */
#define EXTRAPOLATION_PPB 2000000

static int resize(struct vmsync_guest *guest)
{
	uint32_t have = guest->maps.vcpus, want = guest->n_cpus;
	struct vmsync_map *maps;

	if (have >= want)
		return 0;
	for (int m = -1; m < VMSYNC_METHOD_COUNT; m++) {
		struct vmsync_map **slot = m < 0 ? &guest->maps.maps :
						   &guest->by_method[m];

		maps = realloc(*slot, want * sizeof(*maps));
		if (!maps)
			return -ENOMEM;
		*slot = maps;
		for (uint32_t i = have; i < want; i++) {
			vmsync_map_init(&maps[i]);
			maps[i].extrapolation_ppb = EXTRAPOLATION_PPB;
		}
	}
	guest->maps.vcpus = want;
	return 0;
}

static struct vmsync_facts facts_of(const struct vmsync_guest *guest)
{
	const struct vmsync_sync *sync = guest->sync;

	return (struct vmsync_facts){
		.host_lines = &sync->lines,
		.guest_lines = &guest->lines,
		.vm = guest->match.vm,
		.tsc_ref = sync->tsc_ref,
		.host_until_ns = sync->side.last_ns,
		.guest_until_ns = guest->side.last_ns,
		.cpus = guest->cpus,
		.n_cpus = guest->n_cpus,
		.marks = guest->marks,
		.n_marks = guest->n_marks,
	};
}

static bool may_use(const struct vmsync_guest *guest, enum vmsync_method m)
{
	uint32_t methods = guest->sync->opt.methods;

	return !methods || methods & 1u << m;
}

static int copy(struct vmsync_map *to, const struct vmsync_map *from)
{
	int err = 0;

	to->count = 0;
	for (size_t i = 0; !err && i < from->count; i++)
		err = vmsync_map_append(to, &from->segments[i]);
	return err;
}

static int settle_cpu(struct vmsync_guest *guest, const struct vmsync_facts *f,
		      uint32_t cpu)
{
	struct vmsync_map *exact = &guest->by_method[VMSYNC_METHOD_EXACT][cpu];
	int err = 0;

	if (may_use(guest, VMSYNC_METHOD_EXACT))
		err = vmsync_exact_map(f, cpu, exact);
	return err ? err : copy(&guest->maps.maps[cpu], exact);
}

/* Beacons older than what either side has been pushed to are settled. */
static void check_queue(struct vmsync_guest *guest)
{
	for (size_t i = 0; i < guest->queued; i++) {
		const struct vmsync_beacon *b = &guest->queue[i];
		const struct vmsync_map *map =
			vmsync_guest_map_of(&guest->maps, b->cpu);

		if (map)
			vmsync_causal_check(&guest->causal, map, b);
	}
	guest->queued = 0;
}

int vmsync_guest_settle(struct vmsync_guest *guest)
{
	struct vmsync_facts f = facts_of(guest);
	int err = resize(guest);

	for (uint32_t cpu = 0; !err && cpu < guest->n_cpus; cpu++)
		err = settle_cpu(guest, &f, cpu);
	if (!err)
		check_queue(guest);
	return err;
}
