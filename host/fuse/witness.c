// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/elsewhere.h"
#include "fuse/fail.h"
#include "fuse/keep.h"
#include "fuse/moves.h"
#include "fuse/owners.h"
#include "fuse/reader.h"
#include "fuse/stream_map.h"
#include "fuse/stretches.h"
#include "fuse/witness.h"

/* One guest, and where its traces begin among those of all guests. */
struct watched {
	struct vmsync_witness *witness;
	const struct vmsync_session_guest *guest;
	size_t first_trace;
};

/* What hooks get: which trace of which guest it is about. */
struct seat {
	const struct watched *watched;
	size_t number; /* of the trace among those of all guests */
	bool user_space; /* its tracer recorded it */
};

/* The bound that holds in [from, until): events come in order of time. */
struct bound {
	int64_t from_ns;
	int64_t until_ns;
	int64_t bound_ns;
};

/* What each thread of a rewrite has for itself. */
struct eye {
	const struct ctf_stream *stream; /* that it looked at last */
	uint32_t cpu;
	struct vmsync_stretches *stretches;
	struct vmsync_elsewhere *elsewhere; /* made when it is first asked */
	struct vmsync_interval stretch;
	const struct vmsync_map *map;
	struct bound bound;
	size_t near; /* of the last event in its map */
	struct vmsync_contain_result *results; /* by guest */
	struct vmsync_known *known; /* by trace */
};

struct vmsync_witness {
	struct vmsync_session *session;
	struct watched *watched; /* by guest, as long as none is left out */
	size_t n_watched;
	struct seat *seats; /* by trace */
	size_t n_seats;
	struct vmsync_owners owners;
	struct eye eyes[CTF_MAX_JOBS];
};

/* --------------------------------------------------------------- preparations */

/* Where the maps were made from something else, the host is read for them. */
static int runs_read(struct vmsync_session *s, struct ctf_error *e)
{
	struct vmsync_reader_options options = { .pool = s->pool };
	struct vmsync_reader *reader;
	struct vmsync_evidence ev;
	int ret;

	s->runs = options.runs = vmsync_runs_new();
	if (!s->runs)
		return vmsync_fail_memory(e);
	/* A host is nobody's guest: what it recorded is in no run of another one's. */
	if (s->exchange && s->guests[0].machine->side == VMSYNC_SIDE_HOST)
		return 0;
	reader = vmsync_reader_new(s->host, &options, e);
	if (!reader)
		return e->code;
	while ((ret = vmsync_reader_next(reader, &ev, e)) > 0)
		;
	vmsync_reader_free(reader);
	return ret;
}

static bool is_user_space(const struct ctf_trace *t)
{
	const char *domain = ctf_trace_env(t, "domain");

	return domain && !strcmp(domain, "ust");
}

static int seats_make(struct vmsync_witness *w)
{
	const struct vmsync_session *s = w->session;
	size_t i, k, n = 0;

	for (i = 0; i < s->n_guests; i++) {
		w->watched[i].witness = w;
		w->watched[i].guest = &s->guests[i];
		w->watched[i].first_trace = w->n_seats;
		w->n_seats += s->guests[i].machine->n;
	}
	w->seats = calloc(w->n_seats + 1, sizeof(*w->seats));
	if (!w->seats)
		return -ENOMEM;
	for (i = 0; i < s->n_guests; i++) {
		for (k = 0; k < s->guests[i].machine->n; k++, n++)
			w->seats[n] = (struct seat){
				&w->watched[i], n,
				is_user_space(s->guests[i].machine->traces[k]),
			};
	}
	return 0;
}

struct vmsync_witness *vmsync_witness_new(struct vmsync_session *s,
					  struct ctf_error *e)
{
	struct vmsync_witness *w = calloc(1, sizeof(*w));
	int ret;

	memset(e, 0, sizeof(*e));
	if (!w) {
		vmsync_fail_memory(e);
		return NULL;
	}
	w->session = s;
	ret = s->runs ? 0 : runs_read(s, e);
	if (!ret) {
		w->n_watched = s->n_guests;
		w->watched = calloc(s->n_guests, sizeof(*w->watched));
		if (!w->watched || vmsync_runs_settle(s->runs) ||
		    vmsync_owners_find(&w->owners, s) || seats_make(w))
			ret = vmsync_fail_memory(e);
	}
	if (!ret)
		return w;
	vmsync_witness_free(w);
	return NULL;
}

void vmsync_witness_free(struct vmsync_witness *w)
{
	size_t i;

	if (!w)
		return;
	for (i = 0; i < CTF_MAX_JOBS; i++) {
		vmsync_stretches_free(w->eyes[i].stretches);
		vmsync_elsewhere_free(w->eyes[i].elsewhere);
		free(w->eyes[i].results);
		free(w->eyes[i].known);
	}
	vmsync_owners_free(&w->owners);
	free(w->watched);
	free(w->seats);
	free(w);
}

/* -------------------------------------------------------------------- looking */

/* The bound grows outside the evidence: there it is asked for each event. */
static void bound_find(struct eye *eye, int64_t g)
{
	const struct vmsync_segment *s =
		vmsync_map_segment(eye->map, (guest_time){ g });
	bool extrapolated;

	eye->bound = (struct bound){
		.from_ns = g,
		.until_ns = g + 1,
		.bound_ns = vmsync_map_bound_ns(eye->map, (guest_time){ g },
						&extrapolated),
	};
	if (extrapolated)
		return;
	eye->bound.from_ns = s->guest_start.ns;
	eye->bound.until_ns = s->guest_end.ns;
}

static int64_t bound_of(struct eye *eye, int64_t g)
{
	if (g < eye->bound.from_ns || g >= eye->bound.until_ns)
		bound_find(eye, g);
	return eye->bound.bound_ns;
}

static int eye_open(struct eye *eye, const struct vmsync_witness *w)
{
	size_t n_guests = w->session->n_guests, i;

	eye->results = calloc(n_guests, sizeof(*eye->results));
	eye->known = calloc(w->n_seats, sizeof(*eye->known));
	if (!eye->results || !eye->known)
		return -ENOMEM;
	for (i = 0; i < n_guests; i++)
		vmsync_contain_init(&eye->results[i]);
	return 0;
}

/* Another stream: another virtual CPU's runs, and its map. */
static int turn_to(struct eye *eye, const struct watched *g,
		   const struct ctf_seen *seen)
{
	const struct vmsync_owners *owners = &g->witness->owners;
	size_t guest = (size_t)(g - g->witness->watched);

	if (!eye->results && eye_open(eye, g->witness))
		return -ENOMEM;
	vmsync_stretches_free(eye->stretches);
	vmsync_elsewhere_free(eye->elsewhere);
	eye->elsewhere = NULL;
	eye->stretches = vmsync_stretches_new(
		g->witness->session, owners,
		vmsync_owners_parts(owners, guest, seen->cpu));
	if (!eye->stretches)
		return -ENOMEM;
	eye->stream = seen->stream;
	eye->cpu = seen->cpu;
	eye->map = vmsync_stream_map(g->guest, seen->cpu);
	eye->bound = (struct bound){ 0 };
	return 0;
}

/*
 * An event of user space names the CPU that its thread was on just before: was it moved
 * to another virtual CPU, which was in the guest then?
 */
static int is_moved(struct eye *eye, const struct seat *seat, guest_time at,
		    int64_t ns, bool *moved, struct ctf_error *e)
{
	const struct watched *g = seat->watched;
	const struct vmsync_witness *w = g->witness;

	*moved = false;
	if (!seat->user_space ||
	    !vmsync_contain_is_outside(&eye->stretch, ns, bound_of(eye, at.ns)))
		return 0;
	if (!eye->elsewhere)
		eye->elsewhere = vmsync_elsewhere_new(w->session, &w->owners,
						      (size_t)(g - w->watched),
						      eye->cpu);
	if (!eye->elsewhere)
		return vmsync_fail_memory(e);
	return vmsync_elsewhere_ran(eye->elsewhere, at, moved, e);
}

static int gap_event(struct eye *eye, const struct seat *seat,
		     struct vmsync_contain_result *r, guest_time at, int64_t ns,
		     struct ctf_error *e)
{
	bool moved;
	int ret;

	if (vmsync_guest_reads_outside(seat->watched->guest->guest, at)) {
		r->undecidable++;
		return 0;
	}
	ret = is_moved(eye, seat, at, ns, &moved, e);
	if (ret)
		return ret;
	if (moved)
		vmsync_contain_moved_event(r);
	else
		vmsync_contain_gap_event(r, &eye->stretch, ns,
					 bound_of(eye, at.ns),
					 vmsync_map_spans(eye->map, at));
	return 0;
}

/* [@n] events from the @from-th of @seen on, which are in the eye's stretch. */
static int stretch_events(struct eye *eye, const struct seat *seat,
			  const struct ctf_seen *seen, uint32_t from, size_t n,
			  struct ctf_error *e)
{
	const struct watched *g = seat->watched;
	struct vmsync_contain_result *r =
		&eye->results[g - g->witness->watched];
	int ret = vmsync_stretches_judge(eye->stretches, &eye->stretch, e);
	uint32_t i;

	if (ret)
		return ret;
	if (!vmsync_interval_is_gap(&eye->stretch)) {
		vmsync_contain_events(r, &eye->stretch, seen->time + from, n);
		return 0;
	}
	for (i = from; !ret && i < from + n; i++)
		ret = gap_event(eye, seat, r,
				(guest_time){ (int64_t)seen->clock[i] },
				(int64_t)seen->time[i], e);
	return ret;
}

static int look(struct eye *eye, const struct seat *seat,
		const struct ctf_seen *seen, struct ctf_error *e)
{
	struct vmsync_interval *s = &eye->stretch;
	uint32_t i = 0;
	int ret;

	ret = vmsync_stretches_seek(eye->stretches, (int64_t)seen->time[0], s, e);
	while (!ret) {
		size_t n = vmsync_interval_events(s, seen->time + i,
						 seen->n - i);

		if (n)
			ret = stretch_events(eye, seat, seen, i, n, e);
		i += (uint32_t)n;
		if (ret || i == seen->n)
			break;
		ret = vmsync_stretches_next(eye->stretches, s, e);
	}
	return ret;
}

static int seen_some(void *ctx, const struct ctf_seen *seen,
		     struct ctf_error *e)
{
	const struct seat *seat = ctx;
	const struct watched *g = seat->watched;
	struct eye *eye = &g->witness->eyes[seen->job];

	if ((eye->stream != seen->stream || eye->cpu != seen->cpu) &&
	    turn_to(eye, g, seen))
		return vmsync_fail_memory(e);
	vmsync_known_events(&eye->known[seat->number], eye->map, seen->clock,
			    seen->n, &eye->near);
	if (eye->map == &g->guest->maps->anyone)
		eye->known[seat->number].cpu_unknown += seen->n;
	return look(eye, seat, seen, e);
}

void vmsync_witness_watch(struct vmsync_witness *w,
			  const struct vmsync_session_guest *g, size_t trace,
			  struct ctf_rewrite *how)
{
	const struct watched *watched = &w->watched[g - w->session->guests];

	how->seen = seen_some;
	how->seen_ctx = &w->seats[watched->first_trace + trace];
}

/* How well the events of each of the guest's traces are known, and all of them. */
static int known_tell(const struct vmsync_witness *w, size_t guest)
{
	struct vmsync_session_guest *g = &w->session->guests[guest];
	size_t first = w->watched[guest].first_trace, i, k;

	free(g->known_traces);
	g->known_traces = calloc(g->machine->n, sizeof(*g->known_traces));
	if (!g->known_traces)
		return -ENOMEM;
	memset(&g->known, 0, sizeof(g->known));
	for (i = 0; i < g->machine->n; i++) {
		for (k = 0; k < CTF_MAX_JOBS; k++) {
			if (w->eyes[k].known)
				vmsync_known_add(&g->known_traces[i],
						 &w->eyes[k].known[first + i]);
		}
		vmsync_known_add(&g->known, &g->known_traces[i]);
	}
	return 0;
}

/* Its clock was set where its evidence has ended: no bound holds there. */
static void known_not(struct vmsync_session_guest *g)
{
	vmsync_known_unbound(&g->known);
	for (size_t i = 0; i < g->machine->n; i++)
		vmsync_known_unbound(&g->known_traces[i]);
	if (g->guest)
		vmsync_guest_unbound(g->guest);
	if (g->keep)
		vmsync_keep_unbound(g->keep);
}

int vmsync_witness_tell(const struct vmsync_witness *w, struct ctf_error *e)
{
	size_t i, k;

	for (i = 0; i < w->session->n_guests; i++) {
		struct vmsync_session_guest *g = &w->session->guests[i];
		struct vmsync_contain_result *r = &g->contain;

		vmsync_contain_init(r);
		for (k = 0; k < CTF_MAX_JOBS; k++) {
			if (w->eyes[k].results)
				vmsync_contain_add(r, &w->eyes[k].results[i]);
		}
		g->events = r->inside + r->outside + r->undecidable;
		if (known_tell(w, i))
			return vmsync_fail_memory(e);
		if (r->beyond)
			known_not(g);
	}
	return vmsync_moves_find(w->session, e);
}

/* ---------------------------------------------------------- without a rewrite */

struct counted {
	const struct vmsync_progress *progress;
	uint64_t before; /* bytes of traces that are done */
	uint64_t total;
};

static void bytes_read(void *ctx, uint64_t done, uint64_t total)
{
	const struct counted *c = ctx;

	(void)total;
	if (c->progress && c->progress->show)
		c->progress->show(c->progress->ctx, "events checked",
				  c->before + done, c->total);
}

static int read_guest(struct vmsync_witness *w, struct vmsync_session_guest *g,
		      struct counted *counted, struct ctf_error *e)
{
	struct ctf_rewrite how = {
		.jobs = w->session->jobs,
		.progress = bytes_read,
		.progress_ctx = counted,
	};
	struct ctf_rewritten done = { 0 };
	size_t i;
	int ret = 0;

	vmsync_session_map(g, &how);
	for (i = 0; !ret && i < g->machine->n; i++) {
		vmsync_witness_watch(w, g, i, &how);
		ret = ctf_trace_rewrite(g->machine->traces[i], NULL, &how,
					&done, e);
		counted->before += done.bytes_in;
	}
	return ret;
}

int vmsync_session_contain(struct vmsync_session *s,
			   const struct vmsync_progress *progress,
			   struct ctf_error *e)
{
	struct vmsync_witness *w = vmsync_witness_new(s, e);
	struct counted counted = { .progress = progress };
	size_t i;
	int ret = 0;

	if (!w)
		return e->code;
	for (i = 0; !ret && i < s->n_guests; i++)
		ret = vmsync_machine_bytes(s->guests[i].machine,
					   &counted.total, e);
	for (i = 0; !ret && i < s->n_guests; i++)
		ret = read_guest(w, &s->guests[i], &counted, e);
	if (!ret)
		ret = vmsync_witness_tell(w, e);
	vmsync_witness_free(w);
	return ret;
}
