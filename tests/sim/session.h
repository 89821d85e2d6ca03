/* SPDX-License-Identifier: MIT */
/*
 * The library under test, fed with a recording.
 */
#ifndef VMSYNC_SIM_SESSION_H
#define VMSYNC_SIM_SESSION_H

#include "stream.h"
#include "sync/sync.h"

/** struct sim_session - a finished session; guests[] as in the world */
struct sim_session {
	struct vmsync_sync *sync;
	struct vmsync_guest *guests[SIM_MAX_GUESTS];
	double cpu_s;
	size_t records;
};

/**
 * sim_session_run - push all of @rec and finish
 * @method:	"auto" or a method's name
 * @skip:	this guest's trace is not given, -1: none
 * Returns 0 or the negative errno of the call that failed.
 */
int sim_session_run(struct sim_session *s, const struct sim_recording *rec,
		    const struct sim_scenario *sc, const char *method,
		    int skip);
void sim_session_free(struct sim_session *s);

/** sim_method_number - VMSYNC_METHOD_*, or -1 for "auto" and unknown names */
int sim_method_number(const char *name);

#endif /* VMSYNC_SIM_SESSION_H */
