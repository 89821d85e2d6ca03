// SPDX-License-Identifier: MIT
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sync/second.h"

#define SETTLED_BACK_NS 3000000000ll /* how far back settled time is noted */

/* Where each side's reading stands. */
struct feed {
	const struct sim_recording *rec;
	size_t host;
	size_t guest[SIM_MAX_GUESTS];
	bool host_ended;
	bool guest_ended[SIM_MAX_GUESTS];
};

int sim_method_number(const char *name)
{
	for (int m = 0; m < VMSYNC_METHOD_COUNT; m++)
		if (!strcmp(vmsync_method_name(m), name))
			return m;
	return -1;
}

const struct vmsync_map *sim_session_map(const struct sim_session *s, int guest,
					 uint32_t cpu)
{
	const struct vmsync_map *map =
		vmsync_guest_map_of(vmsync_guest_maps(s->guests[guest]), cpu);

	return map && map->count ? map : NULL;
}

static int announce(struct sim_session *s, const struct sim_recording *rec)
{
	char name[16];

	for (int i = 0; i < s->guest_count; i++) {
		snprintf(name, sizeof(name), "guest%d", i);
		s->guests[i] = vmsync_sync_guest_new(s->sync, name);
		if (!s->guests[i])
			return -ENOMEM;
		vmsync_sync_guest_from(s->guests[i],
				       (guest_time){rec->guests[i].begin_ns});
	}
	return 0;
}

static int feed_host(struct sim_session *s, struct feed *f)
{
	const struct sim_stream *host = &f->rec->host;

	if (f->host == host->count) {
		vmsync_sync_host_until(s->sync, (host_time){host->end_ns});
		vmsync_sync_host_end(s->sync);
		f->host_ended = true;
		return 0;
	}
	return vmsync_sync_push_host(s->sync, &host->records[f->host++].ev);
}

static int feed_guest(struct sim_session *s, struct feed *f, int i)
{
	const struct sim_stream *own = &f->rec->guests[i];

	if (f->guest[i] == own->count) {
		vmsync_sync_guest_until(s->guests[i],
					(guest_time){own->end_ns});
		vmsync_sync_guest_end(s->guests[i]);
		f->guest_ended[i] = true;
		return 0;
	}
	return vmsync_sync_push_guest(s->guests[i],
				      &own->records[f->guest[i]++].ev);
}

static int feed_all_host(struct sim_session *s, struct feed *f)
{
	int err = 0;

	while (!err && !f->host_ended)
		err = feed_host(s, f);
	return err;
}

static int feed_all_guests(struct sim_session *s, struct feed *f)
{
	int err = 0;

	for (int i = 0; i < s->guest_count; i++)
		while (!err && !f->guest_ended[i])
			err = feed_guest(s, f, i);
	return err;
}

static void note_settled(struct sim_session *s, int guest, uint32_t cpu,
			 host_time until)
{
	const struct vmsync_map *map = sim_session_map(s, guest, cpu);
	struct sim_settled note = { .guest = guest, .cpu = cpu };

	if (!map)
		return;
	for (int64_t back = 0; back < SETTLED_BACK_NS;
	     back += SETTLED_BACK_NS / 16) {
		host_time h = { until.ns - back };

		if (h.ns < map->segments[0].host_start.ns)
			return;
		note.g = vmsync_map_inverse(map, h);
		note.h = vmsync_map_eval(map, note.g);
		if (note.h.ns > until.ns)
			continue;
		if (s->settled_count == s->settled_capacity) {
			s->settled_capacity = s->settled_capacity * 2 + 64;
			s->settled = realloc(s->settled,
					     s->settled_capacity *
						     sizeof(*s->settled));
			if (!s->settled)
				abort();
		}
		s->settled[s->settled_count++] = note;
	}
}

static int settle(struct sim_session *s)
{
	host_time until = { INT64_MIN };
	int err = vmsync_sync_build_maps(s->sync, &until);

	if (err || until.ns == INT64_MIN)
		return err;
	for (int i = 0; i < s->guest_count; i++)
		for (uint32_t cpu = 0; cpu < s->cpus; cpu++)
			note_settled(s, i, cpu, until);
	return 0;
}

static int index_of(const struct sim_session *s, const struct vmsync_guest *g)
{
	int i = 0;

	while (s->guests[i] != g)
		i++;
	return i;
}

static int feed_wanted(struct sim_session *s, struct feed *f, int every)
{
	struct vmsync_guest *g = NULL;
	enum vmsync_wants turn;
	int err = 0;

	for (int n = 1; !err; n++) {
		turn = vmsync_sync_wants(s->sync, &g);
		if (turn == VMSYNC_WANTS_NONE)
			break;
		if (turn == VMSYNC_WANTS_HOST)
			err = feed_host(s, f);
		else
			err = feed_guest(s, f, index_of(s, g));
		if (!err && every && n % every == 0)
			err = settle(s);
	}
	return err;
}

static int feed_all(struct sim_session *s, struct feed *f, int every,
		    enum sim_order order)
{
	int err;

	if (order == SIM_ORDER_WANTED)
		return feed_wanted(s, f, every);
	if (order == SIM_ORDER_HOST_FIRST)
		err = feed_all_host(s, f);
	else
		err = feed_all_guests(s, f);
	if (err)
		return err;
	return order == SIM_ORDER_HOST_FIRST ? feed_all_guests(s, f) :
					       feed_all_host(s, f);
}

/* The first record of the host after @ns. */
static size_t record_after(const struct sim_stream *host, int64_t ns)
{
	size_t lo = 0, hi = host->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (host->records[mid].ev.stamp_ns <= ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* What a session looks for exits in. */
struct exits {
	const struct sim_session *s;
	const struct sim_recording *rec;
	const struct sim_world *w;
};

static int find_exit(void *ctx, const struct vmsync_guest *guest, uint32_t cpu,
		     int64_t after_ns, int64_t until_ns, int64_t *exit_ns)
{
	const struct exits *x = ctx;
	const struct sim_vm *vm = &x->w->guests[index_of(x->s, guest)].vm;
	const struct sim_stream *host = &x->rec->host;

	for (size_t i = record_after(host, after_ns); i < host->count; i++) {
		const struct vmsync_evidence *ev = &host->records[i].ev;

		if (ev->stamp_ns >= until_ns)
			break;
		if (ev->kind != VMSYNC_EV_EXIT || ev->why != SIM_EXIT_OPEN ||
		    !sim_vm_was(vm, ev->vm.pid) ||
		    ev->vcpu != vm->vcpus[cpu].vcpu_id)
			continue;
		*exit_ns = ev->stamp_ns;
		return 1;
	}
	return 0;
}

/* Not where maps were settled on the way: those are not to change. */
static int look_again(struct sim_session *s, const struct sim_recording *rec,
		      const struct sim_world *w)
{
	struct exits x = { s, rec, w };
	int err = 0;

	for (int i = 0; !err && i < s->guest_count && !w->sc->settle; i++)
		err = vmsync_guest_second_look(s->guests[i], find_exit, &x);
	return err;
}

static void count_records(struct sim_session *s, const struct feed *f)
{
	s->records = f->host;
	for (int i = 0; i < s->guest_count; i++)
		s->records += f->guest[i];
}

int sim_session_run(struct sim_session *s, const struct sim_recording *rec,
		    const struct sim_world *w, const char *method,
		    enum sim_order order)
{
	const struct sim_scenario *sc = w->sc;
	struct vmsync_sync_options opt = { .wide = sc->wide };
	int number = sim_method_number(method), err;
	struct feed f = { .rec = rec };
	clock_t before = clock();

	memset(s, 0, sizeof(*s));
	s->guest_count = sc->guests;
	s->cpus = sc->vcpus;
	if (number >= 0)
		opt.methods = 1u << number;
	s->sync = vmsync_sync_new(&opt);
	if (!s->sync)
		return -ENOMEM;
	err = announce(s, rec);
	if (!err)
		err = feed_all(s, &f, sc->settle, order);
	if (!err)
		err = look_again(s, rec, w);
	if (!err)
		err = vmsync_sync_finish(s->sync);
	count_records(s, &f);
	s->cpu_s = (double)(clock() - before) / CLOCKS_PER_SEC;
	return err;
}

void sim_session_free(struct sim_session *s)
{
	vmsync_sync_free(s->sync);
	free(s->settled);
	memset(s, 0, sizeof(*s));
}
