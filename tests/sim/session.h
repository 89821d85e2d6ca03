/* SPDX-License-Identifier: MIT */
/*
 * The library under test, fed with a recording.
 */
#ifndef VMSYNC_SIM_SESSION_H
#define VMSYNC_SIM_SESSION_H

#include "stream.h"
#include "sync/sync.h"

/** enum sim_order - which side's records are pushed first */
enum sim_order {
	SIM_ORDER_WANTED,	/* as vmsync_sync_wants() asks */
	SIM_ORDER_HOST_FIRST,
	SIM_ORDER_GUESTS_FIRST,
};

/** struct sim_settled - what a map said of settled time, on the way */
struct sim_settled {
	int guest;
	uint32_t cpu;
	guest_time g;
	host_time h;
};

/** struct sim_session - a finished session; guests[] as in the world */
struct sim_session {
	struct vmsync_sync *sync;
	struct vmsync_guest *guests[SIM_MAX_GUESTS];
	int guest_count;
	uint32_t cpus;
	double cpu_s;
	size_t records;
	struct sim_settled *settled;
	size_t settled_count;
	size_t settled_capacity;
};

/**
 * sim_session_run - push all of @rec, which is of @w, and finish
 * @method:	"auto" or a method's name
 * Returns 0 or the negative errno of the call that failed.
 */
int sim_session_run(struct sim_session *s, const struct sim_recording *rec,
		    const struct sim_world *w, const char *method,
		    enum sim_order order);
void sim_session_free(struct sim_session *s);

/** sim_session_map - the map of a guest's CPU, NULL: none or empty */
const struct vmsync_map *sim_session_map(const struct sim_session *s, int guest,
					 uint32_t cpu);

/** sim_method_number - VMSYNC_METHOD_*, or -1 for "auto" and unknown names */
int sim_method_number(const char *name);

#endif /* VMSYNC_SIM_SESSION_H */
