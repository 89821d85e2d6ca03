/* SPDX-License-Identifier: MIT */
/*
 * One relayd: connects, attaches to the session, keeps what comes; and again, when the
 * relayd, the network or the session went away.
 */
#ifndef VMSYNC_LIVE_RELAY_H
#define VMSYNC_LIVE_RELAY_H

#include "live/source.h"

/** live_relay_run() - live_source_run() of a relayd */
int live_relay_run(struct live_source *r, struct ctf_error *e);

#endif /* VMSYNC_LIVE_RELAY_H */
