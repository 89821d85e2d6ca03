// SPDX-License-Identifier: MIT
#include "freeze/window.h"

#include <string.h>

#include "fuse/fail.h"

/* A stream's packets behind the last of which one before is missing; raw times. */
struct tail {
	size_t session;
	uint64_t stream_id;
	uint32_t cpu;
	int64_t begin_ns;
	int64_t end_ns;
	uint64_t last;	  /* content of the last one, bytes */
	uint64_t largest; /* size of a packet, which is not cut where it is full */
	bool is_first;	  /* of all that its tracer made */
	bool any;
};

/*
 * What the streams of one session have in common; @largest, those of one channel, whose
 * sub-buffers are of one size.
 */
struct span {
	int64_t begin_ns;
	int64_t end_ns;
	uint64_t largest;
};

typedef VMSYNC_ARRAY(struct tail) tails;

static void tail_take(struct tail *t, const struct ctf_packet *p)
{
	int64_t begin = p->has & CTF_HAS_BEGIN ? (int64_t)p->begin :
						 (int64_t)p->end;
	int64_t end = p->has & CTF_HAS_END ? (int64_t)p->end : begin;

	if (!t->any || p->lost) {
		t->begin_ns = begin;
		t->is_first = !t->any && p->has & CTF_HAS_SEQ && !p->seq;
	}
	/* Events are discarded between the last one recorded and the next. */
	if (p->dropped) {
		t->begin_ns = end;
		t->is_first = false;
	}
	t->end_ns = end;
	t->last = p->content / 8;
	if (p->size > t->largest)
		t->largest = p->size;
	t->stream_id = p->stream_id;
	t->cpu = p->cpu;
	t->any = true;
}

static int tail_read(struct freeze_window *w, const struct ctf_joined *j,
		     size_t i, struct tail *t, struct ctf_error *e)
{
	struct ctf_joined_at at = { 0 };
	int ret;

	*t = (struct tail){ .session = ctf_joined_stream(j, i).session };
	while ((ret = ctf_joined_packet(j, i, &at, e)) > 0) {
		if (!(at.packet.has & (CTF_HAS_BEGIN | CTF_HAS_END)))
			continue;
		tail_take(t, &at.packet);
		w->discarded += at.packet.dropped;
		w->lost += at.packet.lost;
	}
	return ret;
}

static struct span span_of(const tails *all, const struct tail *of)
{
	struct span s = { INT64_MAX, INT64_MIN, 0 };
	size_t i;

	for (i = 0; i < all->count; i++) {
		const struct tail *t = &all->at[i];

		if (t->session != of->session)
			continue;
		if (t->stream_id == of->stream_id && t->largest > s.largest)
			s.largest = t->largest;
		if (t->begin_ns < s.begin_ns)
			s.begin_ns = t->begin_ns;
		if (t->end_ns > s.end_ns)
			s.end_ns = t->end_ns;
	}
	return s;
}

/* A time of the guest's in host time, no better known than to @bound_ns. */
struct point {
	int64_t ns;
	int64_t bound_ns;
};

static struct point point_at(const struct vmsync_map *map, int64_t ns)
{
	guest_time g = { ns };

	return (struct point){
		.ns = vmsync_map_eval(map, g).ns,
		.bound_ns = vmsync_map_bound_ns(map, g, NULL),
	};
}

/*
 * From where on, in host time, all is there, where that is from @ns of the guest's on.
 * Outside the evidence there may be no bound: then it is from the first evidence on.
 */
static struct point from_point(const struct vmsync_map *map, int64_t ns)
{
	struct point p = point_at(map, ns), q;

	if (map->segments[0].guest_start.ns <= ns)
		return p;
	q = point_at(map, map->segments[0].guest_start.ns);
	return q.ns + q.bound_ns < p.ns + p.bound_ns ? q : p;
}

static struct point until_point(const struct vmsync_map *map, int64_t ns)
{
	int64_t last_ns = map->segments[map->count - 1].guest_end.ns;
	struct point p = point_at(map, ns), q;

	if (last_ns >= ns)
		return p;
	q = point_at(map, last_ns);
	return q.ns - q.bound_ns > p.ns - p.bound_ns ? q : p;
}

static void narrow(struct freeze_window *w, const tails *all,
		   const struct tail *t, const struct vmsync_guest_map *maps,
		   int64_t after_ns)
{
	struct span s = span_of(all, t);
	bool full = t->last + VMSYNC_EVENT_ROOM > s.largest;
	struct point from = { t->is_first ? s.begin_ns : t->begin_ns, 0 };
	struct point until = { full ? t->end_ns : s.end_ns, 0 };
	const struct vmsync_map *map =
		maps ? vmsync_guest_map_of(maps, t->cpu) : NULL;

	if (maps && (!map || !map->count)) {
		from = (struct point){ 0, VMSYNC_BOUND_NONE };
		until = from;
	} else if (maps) {
		from = from_point(map, from.ns);
		until = until_point(map, until.ns);
	}
	if (from.ns + from.bound_ns > w->from_ns)
		w->from_ns = from.ns + from.bound_ns;
	if (from.bound_ns > w->bound_ns)
		w->bound_ns = from.bound_ns;
	until.ns -= until.bound_ns;
	if (!full && after_ns > until.ns)
		until.ns = after_ns;
	else if (until.bound_ns > w->bound_ns)
		w->bound_ns = until.bound_ns;
	if (until.ns < w->until_ns)
		w->until_ns = until.ns;
}

int freeze_window_find(struct freeze_window *w, const struct vmsync_machine *m,
		       const struct vmsync_guest_map *maps, int64_t after_ns,
		       struct ctf_error *e)
{
	tails all = { 0 };
	size_t i;
	int ret = 0;

	*w = (struct freeze_window){ .from_ns = INT64_MIN,
				     .until_ns = INT64_MAX };
	for (i = 0; !ret && i < ctf_joined_streams(m->joined); i++) {
		struct tail t, *p;

		if (!ctf_joined_stream(m->joined, i).file)
			continue;
		ret = tail_read(w, m->joined, i, &t, e);
		if (ret || !t.any)
			continue;
		p = vmsync_array_add(&all);
		if (!p)
			ret = vmsync_fail_memory(e);
		else
			*p = t;
	}
	w->streams = all.count;
	for (i = 0; i < all.count; i++)
		narrow(w, &all, &all.at[i], maps, after_ns);
	if (!all.count)
		*w = (struct freeze_window){ .from_ns = INT64_MAX,
					     .until_ns = INT64_MIN };
	vmsync_array_free(&all);
	return ret;
}
