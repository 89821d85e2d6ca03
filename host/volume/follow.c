// SPDX-License-Identifier: MIT
/* Each request on its way through the host: the second pass. */
#include "volume/volumes.h"

static bool is_seen(const struct volume_request *r, enum volume_cut cut)
{
	return r->cut_ns[cut] != VOLUME_NEVER;
}

static void see(struct volume_request *r, enum volume_cut cut, int64_t ns)
{
	if (!is_seen(r, cut))
		r->cut_ns[cut] = ns;
}

/* --------------------------------------------------------- what is for which */

/*
 * How many sectors of a request lie between two places of a device of the host's; of a
 * flush none.
 */
static int64_t shared(const struct volume_request *r,
		      const struct volume_path *path, int64_t from, int64_t until)
{
	int64_t at = r->sector + path->distance;
	int64_t end = at + r->sectors;

	if (at < from)
		at = from;
	if (end > until)
		end = until;
	return end > at ? end - at : 0;
}

/* Are blocks that are handed on for a request? */
static bool is_at(const struct volumes *v, const struct volume_request *r,
		  const struct volume_event *ev)
{
	const struct volume *volume = &v->volumes.at[r->volume];
	size_t i;

	for (i = 0; i < volume->paths.paths.count; i++) {
		const struct volume_path *path = &volume->paths.paths.at[i];

		if (path->place.kind == VOLUME_ON_DISK &&
		    volumes_is_alias(v, ev->dev, path->place.id) &&
		    shared(r, path, ev->sector, ev->sector + ev->sectors))
			return true;
	}
	return false;
}

static const struct volume_path *disk_path(const struct volumes *v,
					   const struct volume_request *r,
					   uint32_t dev)
{
	return volume_path_find(&v->volumes.at[r->volume].paths,
				(struct volume_place){ VOLUME_ON_DISK, dev });
}

/* ---------------------------------------------------------- the block layer */

/* A thread of QEMU's hands blocks on, within the system call that it is in. */
static void queued(struct volumes *v, struct volume_thread *t,
		   const struct volume_event *ev)
{
	struct volume_requests *rs = &v->requests[t->guest];
	size_t i;

	for (i = 0; i < rs->on_way.count; i++) {
		struct volume_request *r = &rs->on_way.at[i];

		if (r->op != ev->op || is_seen(r, VOLUME_QUEUED))
			continue;
		/* A flush has no place: it is known by its system call. */
		if (r->op == VOLUME_FLUSH ? r->number != t->request :
					    !is_at(v, r, ev))
			continue;
		see(r, VOLUME_QUEUED, ev->ns);
		if (t->in_call)
			see(r, VOLUME_CALLED, t->call.ns);
	}
}

/* What a driver begins, gives back, or has done: of all requests that share in it. */
static void disk_one(struct volume_request *r, const struct volume_event *ev,
		     int64_t sectors)
{
	switch (ev->kind) {
	case VOLUME_EV_ISSUE:
		see(r, VOLUME_DISK, ev->ns);
		r->on_disk += sectors;
		r->disk_left += sectors;
		if (r->on_disk > r->sectors)
			r->unsure = true;
		break;
	case VOLUME_EV_REQUEUE:
		r->on_disk -= sectors;
		r->disk_left -= sectors;
		break;
	default:
		if (!is_seen(r, VOLUME_DISK))
			return;
		r->disk_left -= sectors;
		r->cut_ns[VOLUME_DISK_DONE] = ev->ns;
	}
}

static void disk_guest(struct volumes *v, uint32_t guest,
		       const struct volume_event *ev)
{
	struct volume_requests *rs = &v->requests[guest];
	struct volume_request *first = NULL;
	size_t i;

	for (i = 0; i < rs->on_way.count; i++) {
		struct volume_request *r = &rs->on_way.at[i];
		const struct volume_path *path;
		int64_t sectors;

		if (r->op != ev->op)
			continue;
		path = disk_path(v, r, ev->dev);
		if (!path)
			continue;
		sectors = shared(r, path, ev->sector, ev->sector + ev->sectors);
		/* A flush of the device is for all of whom QEMU asked for one. */
		if (!sectors && (r->op != VOLUME_FLUSH ||
				 !is_seen(r, VOLUME_QUEUED)))
			continue;
		/* Two volumes, and one place: whose is it? */
		if (first && first->volume != r->volume && sectors)
			first->unsure = r->unsure = true;
		if (!first)
			first = r;
		disk_one(r, ev, sectors);
	}
}

static void disk(struct volumes *v, const struct volume_event *ev)
{
	uint32_t guest;

	if (ev->op != VOLUME_FLUSH && !volume_event_sane(ev))
		return;
	for (guest = 0; guest < v->session->n_guests; guest++)
		disk_guest(v, guest, ev);
}

/* -------------------------------------------------------------- system calls */

/* Which request of the guest is a call on a file for? Of several, none. */
static struct volume_request *called_for(struct volumes *v, uint32_t guest,
					 const struct volume_event *call)
{
	const struct volume_place place = {
		call->op == VOLUME_FLUSH ? VOLUME_FLUSHED_BY : VOLUME_IN_FILE,
		(uint32_t)call->other
	};
	struct volume_requests *rs = &v->requests[guest];
	struct volume_request *found = NULL;
	size_t i;

	for (i = 0; i < rs->on_way.count; i++) {
		struct volume_request *r = &rs->on_way.at[i];
		const struct volume_path *path;

		if (r->op != call->op || is_seen(r, VOLUME_CALLED))
			continue;
		path = volume_path_find(
			&v->volumes.at[r->volume].paths, place);
		if (!path ||
		    (r->op != VOLUME_FLUSH &&
		     (call->sector < 0 || call->sector % 512 ||
		      r->sector + path->distance != call->sector / 512 ||
		      (call->sectors && call->sectors != r->sectors * 512))))
			continue;
		if (found) {
			found->unsure = r->unsure = true;
			return NULL;
		}
		found = r;
	}
	return found;
}

static void call_begin(struct volumes *v, struct volume_thread *t,
		       const struct volume_event *ev)
{
	struct volume_request *r =
		ev->op == VOLUME_OTHER ? NULL : called_for(v, t->guest, ev);

	t->in_call = true;
	t->call = *ev;
	t->request = r ? r->number : 0;
	if (r)
		see(r, VOLUME_CALLED, ev->ns);
}

static void call_end(struct volumes *v, struct volume_thread *t,
		     const struct volume_event *ev)
{
	struct volume_requests *rs = &v->requests[t->guest];
	size_t i;

	for (i = 0; t->in_call && t->request && i < rs->on_way.count; i++) {
		if (rs->on_way.at[i].number == t->request)
			rs->on_way.at[i].call_end_ns = ev->ns;
	}
	t->in_call = false;
	t->request = 0;
}

/* ---------------------------------------------------------- threads and exits */

/*
 * A virtual CPU has left its guest and wakes a thread of QEMU's: so it tells of requests
 * that this CPU of the guest issued and that QEMU has not begun with.
 */
static void kick(struct volumes *v, const struct volume_thread *t,
		 const struct volume_event *ev)
{
	const struct volume_thread *woken =
		volume_thread_find(&v->threads, ev->other);
	struct volume_requests *rs = &v->requests[t->guest];
	size_t i;

	if (!woken || woken->guest != t->guest || woken->cpu != ANALYSIS_NONE ||
	    t->exit_ns == INT64_MIN)
		return;
	for (i = 0; i < rs->on_way.count; i++) {
		struct volume_request *r = &rs->on_way.at[i];

		if (r->cpu != t->cpu || is_seen(r, VOLUME_LEFT) ||
		    is_seen(r, VOLUME_CALLED) || is_seen(r, VOLUME_QUEUED) ||
		    r->cut_ns[VOLUME_ISSUED] > ev->ns)
			continue;
		see(r, VOLUME_LEFT, t->exit_ns);
		r->woken_tid = ev->other;
	}
}

/* A thread of QEMU's own gets a CPU: for what it was woken, or what its disk has done. */
static void runs(struct volumes *v, const struct volume_event *ev)
{
	const struct volume_thread *t = volume_thread_find(&v->threads, ev->other);
	struct volume_requests *rs;
	size_t i;

	if (!t || t->cpu != ANALYSIS_NONE)
		return;
	rs = &v->requests[t->guest];
	for (i = 0; i < rs->on_way.count; i++) {
		struct volume_request *r = &rs->on_way.at[i];

		if (is_seen(r, VOLUME_LEFT) && r->woken_tid == ev->other &&
		    !is_seen(r, VOLUME_CALLED) && !is_seen(r, VOLUME_QUEUED))
			see(r, VOLUME_TAKEN, ev->ns);
		if (is_seen(r, VOLUME_DISK_DONE) && !r->disk_left)
			see(r, VOLUME_RETURNED, ev->ns);
	}
}

/* The first one behind all that QEMU and the disk are known to have done for a request. */
static void interrupt(struct volumes *v, const struct volume_thread *t,
		      const struct volume_event *ev)
{
	struct volume_requests *rs = &v->requests[t->guest];
	size_t i;
	int cut;

	if (t->cpu != ANALYSIS_NONE)
		return;
	for (i = 0; i < rs->on_way.count; i++) {
		struct volume_request *r = &rs->on_way.at[i];
		int64_t last_ns = r->call_end_ns;

		for (cut = VOLUME_CALLED; cut <= VOLUME_RETURNED; cut++) {
			if (r->cut_ns[cut] > last_ns)
				last_ns = r->cut_ns[cut];
		}
		if (last_ns > r->cut_ns[VOLUME_INTERRUPTED])
			r->cut_ns[VOLUME_INTERRUPTED] = ev->ns;
	}
}

static void thread_event(struct volumes *v, struct volume_thread *t,
			 const struct volume_event *ev)
{
	switch (ev->kind) {
	case VOLUME_EV_BIO:
	case VOLUME_EV_INSERT:
		if (ev->op == VOLUME_FLUSH || volume_event_sane(ev))
			queued(v, t, ev);
		break;
	case VOLUME_EV_EXIT:
		t->exit_ns = ev->ns;
		break;
	case VOLUME_EV_WAKING:
		if (t->cpu != ANALYSIS_NONE)
			kick(v, t, ev);
		break;
	case VOLUME_EV_CALL:
		call_begin(v, t, ev);
		break;
	case VOLUME_EV_CALL_END:
		call_end(v, t, ev);
		break;
	case VOLUME_EV_INTERRUPT:
		interrupt(v, t, ev);
		break;
	default:
		break;
	}
}

static void host_event(struct volumes *v, const struct volume_event *ev)
{
	struct volume_thread *t = volume_thread_of(&v->threads, ev);

	switch (ev->kind) {
	case VOLUME_EV_ISSUE:
		/* Where nothing told before that it was there. */
		if (t && (ev->op == VOLUME_FLUSH || volume_event_sane(ev)))
			queued(v, t, ev);
		disk(v, ev);
		break;
	case VOLUME_EV_REQUEUE:
	case VOLUME_EV_COMPLETE:
		disk(v, ev);
		break;
	case VOLUME_EV_SWITCH:
		runs(v, ev);
		break;
	default:
		if (t)
			thread_event(v, t, ev);
	}
}

int volume_follow_event(struct volumes *v, const struct volume_event *ev,
			struct volume_request *done)
{
	if (ev->kind == VOLUME_EV_DISK_NAME)
		return 0;
	if (ev->machine != VOLUME_HOST)
		return volume_guest_event(v, ev, done);
	host_event(v, ev);
	return 0;
}
