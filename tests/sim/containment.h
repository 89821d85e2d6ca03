/* SPDX-License-Identifier: MIT */
/*
 * The library's containment witness over a guest's map.
 */
#ifndef VMSYNC_SIM_CONTAINMENT_H
#define VMSYNC_SIM_CONTAINMENT_H

#include "session.h"
#include "sync/witness/contain.h"

/**
 * sim_containment - put all guest events of @guest between entries and exits
 * @shift_ns: added to every mapped time, to see what the witness sees
 */
void sim_containment(struct vmsync_contain_result *result,
		     const struct sim_world *w, const struct sim_recording *rec,
		     const struct sim_session *s, int guest, int64_t shift_ns);

#endif /* VMSYNC_SIM_CONTAINMENT_H */
