// SPDX-License-Identifier: MIT
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int sim_method_number(const char *name)
{
	for (int m = 0; m < VMSYNC_METHOD_COUNT; m++)
		if (!strcmp(vmsync_method_name(m), name))
			return m;
	return -1;
}

static int announce(struct sim_session *s, int count, int skip)
{
	char name[16];

	for (int i = 0; i < count; i++) {
		if (i == skip)
			continue;
		snprintf(name, sizeof(name), "guest%d", i);
		s->guests[i] = vmsync_sync_guest_new(s->sync, name);
		if (!s->guests[i])
			return -ENOMEM;
	}
	return 0;
}

static int index_of(const struct sim_session *s, const struct vmsync_guest *g)
{
	int i = 0;

	while (s->guests[i] != g)
		i++;
	return i;
}

static int push_all(struct sim_session *s, const struct sim_recording *rec)
{
	size_t host = 0, guest[SIM_MAX_GUESTS] = {0};
	struct vmsync_guest *g = NULL;
	enum vmsync_wants turn;
	int err = 0, i;

	while (!err &&
	       (turn = vmsync_sync_wants(s->sync, &g)) != VMSYNC_WANTS_NONE) {
		if (turn == VMSYNC_WANTS_HOST) {
			if (host == rec->host.count)
				vmsync_sync_host_end(s->sync);
			else
				err = vmsync_sync_push_host(
					s->sync, &rec->host.records[host++].ev);
			continue;
		}
		i = index_of(s, g);
		if (guest[i] == rec->guests[i].count)
			vmsync_sync_guest_end(g);
		else
			err = vmsync_sync_push_guest(
				g, &rec->guests[i].records[guest[i]++].ev);
	}
	s->records = host;
	for (i = 0; i < SIM_MAX_GUESTS; i++)
		s->records += guest[i];
	return err;
}

int sim_session_run(struct sim_session *s, const struct sim_recording *rec,
		    const struct sim_scenario *sc, const char *method, int skip)
{
	struct vmsync_sync_options opt = {.wide = sc->wide};
	int number = sim_method_number(method), err;
	clock_t before = clock();

	memset(s, 0, sizeof(*s));
	if (number >= 0)
		opt.methods = 1u << number;
	s->sync = vmsync_sync_new(&opt);
	if (!s->sync)
		return -ENOMEM;
	err = announce(s, sc->guests, skip);
	if (!err)
		err = push_all(s, rec);
	if (!err)
		err = vmsync_sync_finish(s->sync);
	s->cpu_s = (double)(clock() - before) / CLOCKS_PER_SEC;
	return err;
}

void sim_session_free(struct sim_session *s)
{
	vmsync_sync_free(s->sync);
	memset(s, 0, sizeof(*s));
}
