// SPDX-License-Identifier: MIT
/*
 * What is over: a session that goes on for days keeps lines of the clocks, and makes
 * maps, of late only.
 */
#include "sync/session.h"

/* Which CPUs update the timekeeper is known of all lines, forgotten or not. */
static void drop(void *ctx, const struct vmsync_line_span *s)
{
	struct vmsync_guest *guest = ctx;

	for (uint32_t i = 0; s->confirmed && i < guest->n_cpus; i++)
		guest->cpus[i].updated |= s->cpu == i ||
					  s->cpu == VMSYNC_CPU_UNKNOWN;
}

static void number_less(size_t *at, size_t n)
{
	*at = *at > n ? *at - n : 0;
}

static void guest_forget(struct vmsync_guest *guest, host_time t)
{
	const struct vmsync_map *map = vmsync_guest_map_of(&guest->maps, 0);
	size_t n;

	if (!map)
		return;
	guest->host_from_ns = t.ns;
	guest->guest_from_ns = vmsync_map_inverse(map, t).ns;
	n = vmsync_lines_forget(&guest->lines, guest->guest_from_ns, drop, guest);
	number_less(&guest->tilt.guest.at, n);
	for (int m = 0; m < VMSYNC_METHOD_COUNT; m++) {
		const struct vmsync_estimator *e = vmsync_estimators[m];

		if (e && e->forget)
			e->forget(guest->states[m], guest->guest_from_ns);
	}
}

void vmsync_sync_forget(struct vmsync_sync *sync, host_time t)
{
	size_t n = vmsync_lines_forget(&sync->lines, t.ns, NULL, NULL);

	for (size_t i = 0; i < sync->guests.count; i++) {
		guest_forget(sync->guests.at[i], t);
		number_less(&sync->guests.at[i]->tilt.host.at, n);
	}
}
