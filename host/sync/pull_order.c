// SPDX-License-Identifier: MIT
/*
 * Whose turn it is: the side that is behind, so that beacons meet their other
 * halves while both are kept.
 */
#include "sync/session.h"

/* Beacons that a guest may run ahead of a VM that is not proved to be it. */
#define AHEAD (VMSYNC_SYNC_WINDOW / 2)

static bool behind(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/*
 * A guest whose VM is not known yet is behind if every VM that claims to be it
 * is ahead. One that lies may claim to be far ahead: then the host goes on
 * first, until it has run ahead itself.
 */
static bool unbound_behind(const struct vmsync_guest *guest)
{
	const struct vmsync_sync *sync = guest->sync;
	const struct vmsync_match *m = &guest->match;
	bool any = false;

	for (size_t i = 0; i < sync->vms.count; i++) {
		const struct vmsync_vm *vm = sync->vms.at[i];

		for (size_t k = 0; k < vm->streams.count; k++) {
			const struct vmsync_stream *s = vm->streams.at[k];

			if (!s->any || s->vm_uid != m->vm_uid)
				continue;
			if (!behind(m->last_cnt, s->last_cnt))
				return false;
			if (m->legs >= AHEAD && s->answers.legs < AHEAD / 2 &&
			    !sync->side.ended)
				return false;
			any = true;
		}
	}
	return any;
}

static bool guest_behind(const struct vmsync_guest *guest)
{
	const struct vmsync_match *m = &guest->match;

	if (!m->any)
		return true;
	if (!m->stream || m->stream->vm_uid != m->vm_uid)
		return unbound_behind(guest);
	return behind(m->last_cnt, m->stream->last_cnt);
}

enum vmsync_wants vmsync_sync_wants(struct vmsync_sync *sync,
				    struct vmsync_guest **guest)
{
	struct vmsync_guest *open = NULL;

	for (size_t i = 0; i < sync->guests.count; i++) {
		struct vmsync_guest *g = sync->guests.at[i];

		if (g->side.ended)
			continue;
		open = g;
		if (guest_behind(g)) {
			*guest = g;
			return VMSYNC_WANTS_GUEST;
		}
	}
	if (!sync->side.ended)
		return VMSYNC_WANTS_HOST;
	if (!open)
		return VMSYNC_WANTS_NONE;
	*guest = open;
	return VMSYNC_WANTS_GUEST;
}
