// SPDX-License-Identifier: MIT
/* Whether methods, and maps, agree with each other. */
#include "fuse/session.h"

bool vmsync_guest_agrees(const struct vmsync_session_guest *g)
{
	const struct vmsync_guest_report *r = vmsync_guest_report_of(g->guest);

	return !r->causal_violations && !r->n_disagreements && !r->suspect &&
	       !g->contain.outside;
}

bool vmsync_session_agrees(const struct vmsync_session *s)
{
	size_t i;

	for (i = 0; i < s->n_guests; i++) {
		if (!vmsync_guest_agrees(&s->guests[i]))
			return false;
	}
	return true;
}

static bool agree_at(const struct vmsync_map *a, const struct vmsync_map *b,
		     guest_time g)
{
	int64_t d = vmsync_map_eval(a, g).ns - vmsync_map_eval(b, g).ns;

	return d >= -2 && d <= 2;
}

bool vmsync_maps_alike(const struct vmsync_map *a, const struct vmsync_map *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++) {
		if (a->segments[i].method != b->segments[i].method ||
		    !agree_at(a, b, a->segments[i].guest_start) ||
		    !agree_at(a, b, b->segments[i].guest_start) ||
		    !agree_at(a, b, a->segments[i].guest_end))
			return false;
	}
	return true;
}
