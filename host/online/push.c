// SPDX-License-Identifier: MIT
/*
 * Evidence, pushed into the sync session as far as all of each machine's came, and in
 * short stretches, for a change of a clock's line is looked at (ends.h) while the exits
 * around it are kept.
 */
#include <errno.h>

#include "fuse/fail.h"
#include "online/online_parts.h"

/* A stretch of the host's time, and how far a guest may be ahead of it. */
#define STRETCH_NS 100000000
#define AHEAD_NS   1000000000

/* A machine while a stretch is pushed. @guest: NULL: the host. */
struct side {
	struct online_machine *machine;
	struct vmsync_guest *guest;
	uint64_t until;
	bool dry;
};

/* 1, 0: it has no more for now, or an error. */
static int side_push(struct online *o, struct side *s, struct ctf_error *e)
{
	struct vmsync_evidence ev;
	int ret = online_machine_next(s->machine, s->until, &ev, e);

	if (ret <= 0)
		return ret;
	ret = s->guest ? vmsync_sync_push_guest(s->guest, &ev) :
			 vmsync_sync_push_host(o->sync, &ev);
	/* A guest's trace may hold a host's events (-EINVAL): not ours. */
	return ret == -ENOMEM ? vmsync_fail_memory(e) : 1;
}

/* Whose turn it is, as long as that one has something; then any other's. */
static struct side *turn(struct online *o, struct side *sides, size_t n)
{
	struct vmsync_guest *guest = NULL;
	enum vmsync_wants wants = vmsync_sync_wants(o->sync, &guest);
	size_t i;

	for (i = 0; i < n; i++) {
		if (!sides[i].dry && wants == VMSYNC_WANTS_GUEST &&
		    sides[i].guest == guest)
			return &sides[i];
	}
	for (i = 0; i < n; i++) {
		if (!sides[i].dry)
			return &sides[i];
	}
	return NULL;
}

/* A guest that cannot be read is left out, a host is not. */
static int side_failed(struct online *o, const struct side *s,
		       const struct ctf_error *e)
{
	size_t i;

	if (!s->guest)
		return e->code;
	for (i = 0; i < o->guests.count; i++) {
		if (o->guests.at[i].guest == s->guest)
			online_leave(o, &o->guests.at[i], e->msg);
	}
	return 0;
}

static int push_sides(struct online *o, struct side *sides, size_t n,
		      struct ctf_error *e)
{
	struct side *s;

	while ((s = turn(o, sides, n))) {
		int ret = side_push(o, s, e);

		if (ret == -ENOMEM)
			return ret;
		s->dry = ret <= 0;
		if (ret < 0 && side_failed(o, s, e))
			return e->code;
	}
	return 0;
}

/* How far a guest may be pushed where the host is at @host_ns. */
static uint64_t guest_until(const struct online_guest *g, bool all,
			    int64_t host_ns)
{
	uint64_t limit = all ? INT64_MAX : online_machine_limit(g->machine);
	const struct vmsync_map *map =
		vmsync_guest_map_of(vmsync_guest_maps(g->guest), 0);
	int64_t most;

	if (!map || host_ns > INT64_MAX - AHEAD_NS)
		return limit;
	most = vmsync_map_inverse(map, (host_time){ host_ns + AHEAD_NS }).ns;
	if (limit == INT64_MAX && most > g->machine->end_ns)
		return limit;
	return most > 0 && (uint64_t)most < limit ? (uint64_t)most : limit;
}

static void guest_begin(struct online_guest *g)
{
	const struct online_machine *m = g->machine;
	size_t i;

	for (i = 0; i < m->streams.count; i++) {
		const struct online_stream *s = m->streams.at[i];

		if (s && s->tells)
			vmsync_sync_guest_cpu(g->guest, s->cpu);
	}
	if (!g->begun && m->any)
		vmsync_sync_guest_from(g->guest, (guest_time){ m->begin_ns });
	g->begun |= m->any;
}

/* It was pushed up to there: no record there is evidence, too. */
static void guest_told(struct online_guest *g, uint64_t until)
{
	if (!g->begun || g->ended || g->left)
		return;
	if (until != INT64_MAX) {
		vmsync_sync_guest_until(g->guest, (guest_time){ (int64_t)until });
		return;
	}
	vmsync_sync_guest_until(g->guest, (guest_time){ g->machine->end_ns });
	vmsync_sync_guest_end(g->guest);
	g->ended = true;
}

static void host_told(struct online *o, int64_t until)
{
	if (until != INT64_MAX) {
		vmsync_sync_host_until(o->sync, (host_time){ until });
	} else if (!o->host_ended) {
		vmsync_sync_host_until(o->sync, (host_time){ o->host->end_ns });
		vmsync_sync_host_end(o->sync);
		o->host_ended = true;
	}
	o->pushed_ns = until;
}

/* The end of the next stretch of the host's time. */
static int64_t next_stretch(const struct online *o, bool all)
{
	uint64_t limit = all ? INT64_MAX : online_machine_limit(o->host);
	int64_t from = o->pushed_ns > o->host->begin_ns ? o->pushed_ns :
							  o->host->begin_ns;

	if (from > INT64_MAX - STRETCH_NS)
		return INT64_MAX;
	if (limit == INT64_MAX)
		return from + STRETCH_NS > o->host->end_ns ? INT64_MAX :
							     from + STRETCH_NS;
	if ((int64_t)limit < o->pushed_ns)
		return o->pushed_ns;
	return from + STRETCH_NS < (int64_t)limit ? from + STRETCH_NS :
						    (int64_t)limit;
}

int online_push(struct online *o, bool all, struct ctf_error *e)
{
	size_t i, n = 0;
	struct side *sides = calloc(o->guests.count + 1, sizeof(*sides));
	int64_t until = next_stretch(o, all);
	bool more = until != o->pushed_ns;
	int ret;

	if (!sides)
		return vmsync_fail_memory(e);
	sides[n++] = (struct side){ o->host, NULL, (uint64_t)until, false };
	for (i = 0; i < o->guests.count; i++) {
		struct online_guest *g = &o->guests.at[i];

		guest_begin(g);
		if (g->left || g->ended)
			continue;
		g->until = guest_until(g, all, until);
		sides[n++] = (struct side){ g->machine, g->guest, g->until,
					    false };
	}
	ret = push_sides(o, sides, n, e);
	free(sides);
	if (ret)
		return ret;
	host_told(o, until);
	for (i = 0; i < o->guests.count; i++)
		guest_told(&o->guests.at[i], o->guests.at[i].until);
	return more;
}
