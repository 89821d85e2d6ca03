// SPDX-License-Identifier: MIT
/* Where each volume lies on the host: the first pass. */
#include <errno.h>
#include <stdlib.h>

#include "volume/volumes.h"

/* Requests of a guest's QEMU to block devices that are on their way; more do not vote. */
#define MOST_OWN 1024

/* Block devices, and files, that it uses; more are not known to be anything's. */
#define MOST_PLACES 256

/* One: to a device of the host. */
struct own {
	int64_t ns;
	int64_t sector;
	int64_t sectors;
	uint32_t dev;
	enum volume_op op;
};

/* How much it did at a place of the host's. */
struct did {
	struct volume_place place;
	uint64_t requests;
};

/* A guest's. */
struct qemu {
	VMSYNC_ARRAY(struct own) owns;
	struct did did[MOST_PLACES];
	uint32_t n_did;
};

struct volume_learn {
	struct volumes *volumes;
	struct qemu *qemus; /* [guest] */
	uint64_t turn;	    /* requests that voted */
};

struct volume_learn *volume_learn_new(struct volumes *v)
{
	struct volume_learn *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->volumes = v;
	l->qemus = calloc(v->session->n_guests + 1, sizeof(*l->qemus));
	if (l->qemus)
		return l;
	free(l);
	return NULL;
}

void volume_learn_free(struct volume_learn *l)
{
	size_t i;

	if (!l)
		return;
	for (i = 0; i < l->volumes->session->n_guests; i++)
		vmsync_array_free(&l->qemus[i].owns);
	free(l->qemus);
	free(l);
}

static void place_did(struct qemu *q, struct volume_place place)
{
	uint32_t i;

	for (i = 0; i < q->n_did; i++) {
		if (volume_place_same(q->did[i].place, place)) {
			q->did[i].requests++;
			return;
		}
	}
	if (q->n_did < MOST_PLACES)
		q->did[q->n_did++] = (struct did){ place, 1 };
}

/* Which request of the guest may it be that QEMU did, from then until now? */
static bool may_be(const struct volume_request *r, const struct own *o)
{
	return r->op == o->op && r->sectors == o->sectors &&
	       r->cut_ns[VOLUME_ISSUED] <= o->ns;
}

static void vote(struct volume_learn *l, uint32_t guest,
		 struct volume_place place, const struct own *o)
{
	struct volumes *v = l->volumes;
	const struct volume_requests *rs = &v->requests[guest];
	size_t i;

	l->turn++;
	place_did(&l->qemus[guest], place);
	for (i = 0; i < rs->on_way.count; i++) {
		const struct volume_request *r = &rs->on_way.at[i];
		struct volume_votes *votes;

		if (!may_be(r, o))
			continue;
		votes = volume_paths_votes(&v->volumes.at[r->volume].paths,
					   place);
		if (!votes)
			continue;
		votes->tries += votes->turn != l->turn;
		votes->turn = l->turn;
		volume_vote(votes, o->sector - r->sector);
	}
}

/* A request of QEMU's, to be remembered until its device has done it. */
static int own_put(struct qemu *q, const struct volume_event *ev)
{
	const struct own own = { ev->ns, ev->sector, ev->sectors, ev->dev,
				 ev->op };
	struct own *o;
	size_t i;

	for (i = 0; i < q->owns.count; i++) {
		o = &q->owns.at[i];
		if (o->dev == ev->dev && o->sector == ev->sector &&
		    o->op == ev->op) {
			o->sectors = ev->sectors;
			return 0;
		}
	}
	/* The oldest goes: its end may have been lost. */
	if (q->owns.count == MOST_OWN) {
		q->owns.count--;
		for (i = 0; i < q->owns.count; i++)
			q->owns.at[i] = q->owns.at[i + 1];
	}
	o = vmsync_array_add(&q->owns);
	if (!o)
		return -ENOMEM;
	*o = own;
	return 0;
}

/* The device has done a request, whoever runs now: it was QEMU's if it is known here. */
static void own_done(struct volume_learn *l, const struct volume_event *ev)
{
	uint32_t g;
	size_t i;

	for (g = 0; g < l->volumes->session->n_guests; g++) {
		struct qemu *q = &l->qemus[g];

		for (i = 0; i < q->owns.count; i++) {
			struct own o = q->owns.at[i];

			if (o.dev != ev->dev || o.sector != ev->sector ||
			    o.op != ev->op)
				continue;
			q->owns.at[i] = q->owns.at[--q->owns.count];
			if (o.sectors == ev->sectors)
				vote(l, g, (struct volume_place){ VOLUME_ON_DISK,
							 o.dev },
				     &o);
			return;
		}
	}
}

/* A system call on a file has ended. */
static void call_end(struct volume_learn *l, struct volume_thread *t,
		     const struct volume_event *ev)
{
	const struct volume_event *call = &t->call;
	const struct volume_place place = {
		call->op == VOLUME_FLUSH ? VOLUME_FLUSHED_BY : VOLUME_IN_FILE,
		(uint32_t)call->other
	};
	struct own o = { .ns = call->ns, .op = call->op };

	if (!t->in_call || call->op == VOLUME_OTHER || ev->sectors < 0)
		return;
	t->in_call = false;
	if (call->op != VOLUME_FLUSH) {
		if (call->sector < 0 || call->sector % 512 || ev->sectors % 512 ||
		    !ev->sectors)
			return;
		o.sector = call->sector / 512;
		o.sectors = ev->sectors / 512;
	}
	vote(l, t->guest, place, &o);
}

static int host_event(struct volume_learn *l, const struct volume_event *ev)
{
	struct volume_thread *t;

	if (ev->kind == VOLUME_EV_COMPLETE) {
		own_done(l, ev);
		return 0;
	}
	t = volume_thread_of(&l->volumes->threads, ev);
	if (!t)
		return 0;
	switch (ev->kind) {
	case VOLUME_EV_BIO:
		t->bio = *ev;
		return 0;
	case VOLUME_EV_INSERT:
	case VOLUME_EV_ISSUE:
		if (!ev->sectors || !volume_event_sane(ev))
			return 0;
		if (t->bio.sector == ev->sector && t->bio.op == ev->op &&
		    volumes_alias_set(l->volumes, t->bio.dev, ev->dev))
			return -ENOMEM;
		return own_put(&l->qemus[t->guest], ev);
	case VOLUME_EV_CALL:
		t->in_call = true;
		t->call = *ev;
		return 0;
	case VOLUME_EV_CALL_END:
		call_end(l, t, ev);
		return 0;
	default:
		return 0;
	}
}

/* The volume that has most votes at a place and is not there yet, or NULL. */
static struct volume *most_votes(struct volume_learn *l, uint32_t guest,
				 struct volume_place place,
				 struct volume_path *most)
{
	struct volumes *v = l->volumes;
	struct volume *found = NULL;
	struct volume_path path;
	size_t i;

	for (i = 0; i < v->volumes.count; i++) {
		struct volume *volume = &v->volumes.at[i];

		if (volume->guest != guest ||
		    volume_path_find(&volume->paths, place) ||
		    !volume_paths_best(&volume->paths, place, &path) ||
		    (found && path.votes <= most->votes))
			continue;
		found = volume;
		*most = path;
	}
	return found;
}

/*
 * Each request of QEMU's is for one volume. So those with fewer votes are there only if
 * enough requests are left; or if they have about as many votes, which is all the same of
 * two volumes: then nothing tells which is, and follow.c will see that it cannot be told.
 */
static int place_choose(struct volume_learn *l, uint32_t guest,
			const struct did *did)
{
	uint64_t left = did->requests, most = 0;
	struct volume_path path;
	struct volume *volume;

	while ((volume = most_votes(l, guest, did->place, &path)) != NULL) {
		if (path.votes > left && path.votes < most - most / 10)
			break;
		if (volume_paths_add(&volume->paths, &path))
			return -ENOMEM;
		left -= path.votes < left ? path.votes : left;
		most = most ? most : path.votes;
	}
	return 0;
}

int volume_learn_choose(struct volume_learn *l)
{
	uint32_t g, i;
	int ret = 0;

	for (g = 0; g < l->volumes->session->n_guests; g++) {
		for (i = 0; !ret && i < l->qemus[g].n_did; i++)
			ret = place_choose(l, g, &l->qemus[g].did[i]);
	}
	return ret;
}

int volume_learn_event(struct volume_learn *l, const struct volume_event *ev)
{
	struct volume_request done;
	struct volume_paths *paths;
	int ret;

	if (ev->kind == VOLUME_EV_DISK_NAME)
		return volumes_name_set(l->volumes, ev);
	if (ev->machine == VOLUME_HOST)
		return host_event(l, ev);
	ret = volume_guest_event(l->volumes, ev, &done);
	if (ret > 0) {
		paths = &l->volumes->volumes.at[done.volume].paths;
		paths->flushes += done.op == VOLUME_FLUSH;
		paths->requests += done.op != VOLUME_FLUSH;
	}
	return ret < 0 ? ret : 0;
}
