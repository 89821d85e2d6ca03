// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/decode.h"
#include "fuse/experiment.h"
#include "fuse/fail.h"
#include "fuse/keep.h"
#include "fuse/names.h"
#include "fuse/omit.h"
#include "fuse/places.h"
#include "fuse/reader.h"
#include "fuse/second_look.h"
#include "fuse/session.h"
#include "fuse/tsync.h"

static const char *path_of(const struct vmsync_machine *m)
{
	return ctf_trace_path(m->traces[0]);
}

/* All machines but the host that can be put on its clock, as far as is known. */
static int guests_find(struct vmsync_session *s, struct ctf_error *e)
{
	struct ctf_error why;
	size_t i;

	s->guests = calloc(s->machines.n, sizeof(*s->guests));
	s->left_out = calloc(s->machines.n, sizeof(*s->left_out));
	if (!s->guests || !s->left_out)
		return vmsync_fail_memory(e);
	for (i = 0; i < s->machines.n; i++) {
		struct vmsync_machine *m = &s->machines.machine[i];
		int ret = m == s->host ? 0 :
					 vmsync_machine_usable(s, m, &why, e);

		if (ret < 0)
			return ret;
		if (ret)
			s->guests[s->n_guests++].machine = m;
		else if (m != s->host)
			vmsync_omit_machine(s, m, &why);
	}
	if (s->n_guests || s->alone)
		return 0;
	*e = s->left_out[0].why;
	return e->code;
}

static int two_hosts(const struct vmsync_machine *a,
		     const struct vmsync_machine *b, struct ctf_error *e)
{
	if (*a->clock_uuid && !strcmp(a->clock_uuid, b->clock_uuid))
		return vmsync_fail(e, -EINVAL,
			      "leave out the one that was changed",
			      "%.190s and %.190s: packets of one stream with the "
			      "same numbers, and other content",
			      path_of(a), path_of(b));
	return vmsync_fail(e, -EINVAL, "give one host's traces at a time, or --match",
			   "%.200s and %.200s: both are of a host", path_of(a),
			   path_of(b));
}

static bool declares_host(const struct ctf_trace *t)
{
	size_t i;

	for (i = 0; i < ctf_trace_classes(t); i++) {
		const struct ctf_class *cls = ctf_trace_class(t, i);

		if (vmsync_class_is_entry(cls) ||
		    (vmsync_class_beacons(cls) &&
		     strstr(vmsync_event_name(cls), "_host")))
			return true;
	}
	return false;
}

/* A trace may have a host's events declared, and none recorded. */
static int no_host(const struct vmsync_machines *m, struct ctf_error *e)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (m->machine[i].side == VMSYNC_SIDE_NONE &&
		    declares_host(m->machine[i].traces[0]))
			return vmsync_fail(e, -EINVAL,
					   "are the streams of some CPUs "
					   "missing, or did no guest run?",
					   "%.400s: its metadata declare a "
					   "host's events, but it holds none",
					   path_of(&m->machine[i]));
	}
	return vmsync_fail(e, -EINVAL,
			   "record vmsync_* and kvm_x86_entry,kvm_x86_exit on "
			   "the host, and name that trace too",
			   "%.400s: no trace of a host among those named",
			   path_of(&m->machine[0]));
}

/* One is the host's, all others are guests'. */
static int roles_find(struct vmsync_session *s, struct ctf_error *e)
{
	size_t i;

	for (i = 0; i < s->machines.n; i++) {
		struct vmsync_machine *m = &s->machines.machine[i];

		if (m->side != VMSYNC_SIDE_HOST)
			continue;
		if (s->host)
			return two_hosts(s->host, m, e);
		s->host = m;
	}
	if (!s->host)
		return no_host(&s->machines, e);
	if (s->machines.n < 2 && !s->alone)
		return vmsync_fail(e, -EINVAL, "name the guests' traces as well",
			      "%.400s: is the host's, and there is no other",
			      path_of(s->host));
	return guests_find(s, e);
}

/* Machines that exchange messages: the first one's clock is the reference. */
static int roles_given(struct vmsync_session *s, struct ctf_error *e)
{
	if (s->machines.n != 2)
		return vmsync_fail(e, -EINVAL,
			      "name the traces of two machines, first the one "
			      "whose clock shall be kept",
			      "--match joins two machines, and these are %zu",
			      s->machines.n);
	s->guests = calloc(1, sizeof(*s->guests));
	s->left_out = calloc(1, sizeof(*s->left_out));
	if (!s->guests || !s->left_out)
		return vmsync_fail_memory(e);
	s->host = &s->machines.machine[0];
	s->guests[0].machine = &s->machines.machine[1];
	s->n_guests = 1;
	return 0;
}

/* Who says how the maps are to be made names the traces as they were recorded. */
static bool fused_will_do(const struct vmsync_session_options *options)
{
	return options && options->fused && !options->exchange &&
	       !options->sync.methods;
}

int vmsync_session_open(char *const *paths, size_t n,
			const struct vmsync_session_options *options,
			struct vmsync_session *s, struct ctf_error *e)
{
	int ret;

	memset(s, 0, sizeof(*s));
	s->exchange = options ? options->exchange : NULL;
	s->alone = options && options->alone;
	s->jobs = ctf_jobs(options ? options->jobs : 0);
	ret = vmsync_machines_open(paths, n, &s->machines, fused_will_do(options),
				   e);
	if (ret)
		return ret;
	/* Not before: foreign traces are converted in a process that is forked. */
	s->pool = ctf_pool_new(s->jobs);
	if (s->machines.fused)
		return vmsync_experiment_open(s, e);
	return s->exchange ? roles_given(s, e) : roles_find(s, e);
}

void vmsync_session_close(struct vmsync_session *s)
{
	for (size_t i = 0; i < s->n_guests; i++) {
		free(s->guests[i].known_traces);
		free(s->guests[i].moved);
		vmsync_keep_free(s->guests[i].keep);
	}
	vmsync_sync_free(s->sync);
	vmsync_runs_free(s->runs);
	vmsync_array_free(&s->entered);
	vmsync_experiment_free(s->experiment);
	vmsync_array_free(&s->messages);
	free(s->guests);
	free(s->left_out);
	vmsync_machines_close(&s->machines);
	ctf_pool_free(s->pool);
	memset(s, 0, sizeof(*s));
}

/* One side's stream of records while the maps are made. */
struct side {
	struct vmsync_machine *machine;
	struct vmsync_guest *guest; /* NULL: the host */
	struct vmsync_reader *reader;	   /* where records come from, or */
	struct vmsync_leg_records list; /* those that are there already */
	size_t next;
};

static int side_open(struct side *side,
		     const struct vmsync_reader_options *options,
		     struct ctf_error *e)
{
	side->reader = vmsync_reader_new(side->machine, options, e);
	return side->reader ? 0 : e->code ? e->code : -EINVAL;
}

/*
 * Entries, exits and every guest event are read only where nothing better is
 * there: of a guest without beacons, or because the user says so. @m: NULL:
 * the host, for all of its guests.
 */
static enum vmsync_wanted wanted(const struct vmsync_session *s,
				 const struct vmsync_session_options *options,
				 const struct vmsync_machine *m)
{
	bool all = options && options->sync.methods &
				      (1u << VMSYNC_METHOD_TSYNC |
				       1u << VMSYNC_METHOD_WINDOW);
	size_t i;

	for (i = 0; i < s->n_guests; i++) {
		const struct vmsync_machine *g = s->guests[i].machine;

		all |= g->side == VMSYNC_SIDE_NONE && (!m || m == g);
	}
	if (!all)
		return VMSYNC_READ_EVIDENCE;
	return m ? VMSYNC_READ_EVENTS : VMSYNC_READ_RUNS;
}

/*
 * Beacons of @m that are evidence. Hypercalls are, where the host's answers are
 * there; messages over a port, where these are not, or the user says so.
 */
static unsigned int beacons(const struct vmsync_session *s,
			    const struct vmsync_session_options *options,
			    const struct vmsync_machine *m)
{
	uint32_t methods = options ? options->sync.methods : 0;
	uint32_t port = 1u << VMSYNC_METHOD_PORT;
	unsigned int both = s->host->beacons & m->beacons;

	if (!(m->beacons & VMSYNC_BEACONS_PORT) || (methods && !(methods & port)))
		return VMSYNC_BEACONS_CALL;
	return methods == port || !(both & VMSYNC_BEACONS_CALL) ?
		       VMSYNC_BEACONS_PORT :
		       VMSYNC_BEACONS_CALL;
}

static struct vmsync_guest *guest_new(struct vmsync_session *s,
				      const struct vmsync_session_options *options,
				      const struct vmsync_machine *m)
{
	if (beacons(s, options, m) == VMSYNC_BEACONS_PORT)
		return vmsync_sync_guest_new_port(s->sync, m->name);
	return vmsync_sync_guest_new(s->sync, m->name);
}

static void side_begin(struct vmsync_session *s, const struct side *side)
{
	const struct vmsync_coverage *c = &side->machine->coverage;

	if (side->guest) {
		const struct vmsync_cover *of = &c->of[VMSYNC_COVER_EVIDENCE];

		for (size_t i = 0; i < of->cpus.count; i++)
			vmsync_sync_guest_cpu(side->guest, of->cpus.at[i].cpu);
		vmsync_sync_guest_from(side->guest,
				       (guest_time){ c->begin_ns });
		vmsync_sync_guest_lost(side->guest, c->discarded, c->lost);
	} else {
		if (c->timed)
			vmsync_sync_host_from(s->sync, (host_time){ c->begin_ns });
		vmsync_sync_host_lost(s->sync, c->discarded, c->lost);
	}
}

static int side_end(struct vmsync_session *s, struct side *side)
{
	const struct vmsync_coverage *c = &side->machine->coverage;
	int ret = 0;

	if (side->reader)
		ret = vmsync_machine_read(side->machine);
	if (side->reader && !ret)
		ret = vmsync_reader_passed(side->reader, side->machine->read);

	if (side->guest) {
		vmsync_sync_guest_until(side->guest,
					(guest_time){ c->end_ns });
		vmsync_sync_guest_end(side->guest);
	} else {
		vmsync_sync_host_until(s->sync, (host_time){ c->end_ns });
		vmsync_sync_host_end(s->sync);
	}
	return ret;
}

static int side_next(struct side *side, struct vmsync_evidence *ev,
		     struct ctf_error *e)
{
	if (side->reader)
		return vmsync_reader_next(side->reader, ev, e);
	if (side->next == side->list.n)
		return 0;
	*ev = vmsync_leg_evidence(&side->list.leg[side->next++]);
	return 1;
}

static int side_push(struct vmsync_session *s, struct side *side,
		     struct ctf_error *e)
{
	struct vmsync_evidence ev;
	int ret = side_next(side, &ev, e);

	if (ret < 0)
		return ret;
	if (!ret)
		return side_end(s, side) ? vmsync_fail_memory(e) : 0;
	ret = side->guest ? vmsync_sync_push_guest(side->guest, &ev) :
			    vmsync_sync_push_host(s->sync, &ev);
	/* A guest's trace may hold a host's events (-EINVAL): not ours. */
	if (ret == -ENOMEM)
		return vmsync_fail_memory(e);
	return 0;
}

static struct side *side_of(struct side *sides, size_t n,
			    const struct vmsync_guest *guest)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (sides[i].guest == guest)
			return &sides[i];
	}
	return &sides[0];
}

static int push_all(struct vmsync_session *s, struct side *sides,
		    const struct vmsync_progress *progress, struct ctf_error *e)
{
	struct vmsync_guest *guest = NULL;
	enum vmsync_wants wants;
	uint64_t n = 0;

	while ((wants = vmsync_sync_wants(s->sync, &guest)) !=
	       VMSYNC_WANTS_NONE) {
		struct side *side = &sides[0];
		int ret;

		if (wants == VMSYNC_WANTS_GUEST)
			side = side_of(sides, s->n_guests + 1, guest);
		ret = side_push(s, side, e);
		if (ret)
			return ret;
		if (progress && progress->show && !(++n & 1023))
			progress->show(progress->ctx, "records of evidence", n,
				       0);
	}
	if (s->runs) {
		int ret = vmsync_second_look(s, e);

		if (ret)
			return ret;
	}
	return vmsync_sync_finish(s->sync) ? vmsync_fail_memory(e) : 0;
}

static int messages_read(struct vmsync_session *s, struct side *sides,
			 struct ctf_error *e)
{
	int ret = vmsync_exchange_read(s->exchange, s->host,
				       s->guests[0].machine, &s->messages, e);

	if (ret)
		return ret;
	return vmsync_messages_records(s->messages.at, s->messages.count,
					&sides[0].list, &sides[1].list) ?
		       vmsync_fail_memory(e) :
		       0;
}

static int sides_open(struct vmsync_session *s,
		      const struct vmsync_session_options *options,
		      struct side *sides, struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i <= s->n_guests; i++) {
		const struct vmsync_reader_options how = {
			.what = wanted(s, options,
					i ? sides[i].machine : NULL),
			.beacons = i ? beacons(s, options, sides[i].machine) :
				       VMSYNC_BEACONS_ALL,
			.runs = i ? NULL : s->runs,
			.pool = s->pool,
		};

		if (!s->exchange)
			ret = side_open(&sides[i], &how, e);
	}
	return !ret && s->exchange ? messages_read(s, sides, e) : ret;
}

/* Who entered a guest is known from now on. */
static int entered_find(struct vmsync_session *s, struct ctf_error *e)
{
	uint32_t i;

	if (!s->runs)
		return 0;
	if (vmsync_runs_settle(s->runs))
		return vmsync_fail_memory(e);
	for (i = 0; i < vmsync_runs_parts(s->runs); i++) {
		struct vmsync_runs_part part = vmsync_runs_part(s->runs, i);
		struct vmsync_runs_part *entered;

		if (!part.ran)
			continue;
		entered = vmsync_array_add(&s->entered);
		if (!entered)
			return vmsync_fail_memory(e);
		*entered = part;
	}
	return 0;
}

int vmsync_session_sync(struct vmsync_session *s,
			const struct vmsync_session_options *options,
			const struct vmsync_progress *progress,
			struct ctf_error *e)
{
	struct side *sides;
	size_t i;
	int ret = 0;

	/* Nobody is to be put on the host's clock, or is not on it already. */
	if (!s->n_guests || s->experiment)
		return 0;
	sides = calloc(s->n_guests + 1, sizeof(*sides));
	s->sync = vmsync_sync_new(options ? &options->sync : NULL);
	if (!s->exchange)
		s->runs = vmsync_runs_new();
	if (!sides || !s->sync ||
	    (!s->runs && !s->exchange)) {
		free(sides);
		return vmsync_fail_memory(e);
	}
	sides[0].machine = s->host;
	for (i = 0; !ret && i < s->n_guests; i++) {
		struct vmsync_session_guest *g = &s->guests[i];

		g->guest = guest_new(s, options, g->machine);
		sides[i + 1].machine = g->machine;
		sides[i + 1].guest = g->guest;
		if (!g->guest || vmsync_tsync_read(s->host, g->machine, g->guest))
			ret = vmsync_fail_memory(e);
	}
	if (!ret)
		ret = sides_open(s, options, sides, e);
	for (i = 0; !ret && i <= s->n_guests; i++)
		side_begin(s, &sides[i]);
	if (!ret)
		ret = push_all(s, sides, progress, e);
	for (i = 0; i <= s->n_guests; i++) {
		vmsync_reader_free(sides[i].reader);
		free(sides[i].list.leg);
	}
	free(sides);
	if (!ret)
		ret = vmsync_omit_unmapped(s, e);
	for (i = 0; i < s->n_guests; i++)
		s->guests[i].report =
			vmsync_guest_report_of(s->guests[i].guest);
	if (!ret)
		ret = entered_find(s, e);
	return ret ? ret : vmsync_places_find(s, e);
}
