// SPDX-License-Identifier: MIT
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

static int announce(struct sim_session *s)
{
	char name[16];

	for (int i = 0; i < s->guest_count; i++) {
		snprintf(name, sizeof(name), "guest%d", i);
		s->guests[i] = vmsync_sync_guest_new(s->sync, name);
		if (!s->guests[i])
			return -ENOMEM;
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
	struct sim_settled note = {.guest = guest, .cpu = cpu};

	if (!map)
		return;
	for (int64_t back = 0; back < SETTLED_BACK_NS;
	     back += SETTLED_BACK_NS / 16) {
		host_time h = {until.ns - back};

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
	host_time until = {INT64_MIN};
	int err = vmsync_sync_settle(s->sync, &until);

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
	return order == SIM_ORDER_HOST_FIRST ? feed_all_guests(s, f)
					     : feed_all_host(s, f);
}

static void count_records(struct sim_session *s, const struct feed *f)
{
	s->records = f->host;
	for (int i = 0; i < s->guest_count; i++)
		s->records += f->guest[i];
}

int sim_session_run(struct sim_session *s, const struct sim_recording *rec,
		    const struct sim_scenario *sc, const char *method,
		    enum sim_order order)
{
	struct vmsync_sync_options opt = {.wide = sc->wide};
	int number = sim_method_number(method), err;
	struct feed f = {.rec = rec};
	clock_t before = clock();

	memset(s, 0, sizeof(*s));
	s->guest_count = sc->guests;
	s->cpus = sc->vcpus;
	if (number >= 0)
		opt.methods = 1u << number;
	s->sync = vmsync_sync_new(&opt);
	if (!s->sync)
		return -ENOMEM;
	err = announce(s);
	if (!err)
		err = feed_all(s, &f, sc->settle, order);
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
