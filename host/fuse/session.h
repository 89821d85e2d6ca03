/* SPDX-License-Identifier: MIT */
/*
 * A session: the traces of one host and of its guests, and the maps between
 * their clocks. What `vmsync sync` prints and `vmsync fuse` applies.
 */
#ifndef VMSYNC_FUSE_SESSION_H
#define VMSYNC_FUSE_SESSION_H

#include "ctf/rewrite.h"
#include "fuse/exchange.h"
#include "fuse/machine.h"
#include "fuse/runs.h"
#include "sync/map/known.h"
#include "sync/sync.h"
#include "sync/witness/contain.h"

struct vmsync_experiment;
struct vmsync_keep;
struct vmsync_moved;

/**
 * struct vmsync_progress - how long work tells that it goes on
 * @show:	@what is being done, @done of @total; NULL: do not tell
 * @ctx:	its first argument
 */
struct vmsync_progress {
	void (*show)(void *ctx, const char *what, uint64_t done,
		     uint64_t total);
	void *ctx;
};

/**
 * struct vmsync_session_guest - one guest
 * @machine:	its traces
 * @guest:	its part of the sync session: map and report; NULL where the
 *		session is of an experiment
 * @report:	what is known of it besides its map
 * @maps:	the maps that are checked and applied: those of @guest, or others
 *		put here by who knows better
 * @mapped:	they were, by vmsync fuse: its stamps are the host's time
 * @keep:	its stamps are of the host's clock (keep.h), owned; NULL: of its own
 * @contain:	containment of all its events, by the witness (witness.h)
 * @events:	number of its events, by the same
 * @from_ns, @until_ns: host time of its first packet's begin and its last one's
 *		end, each by the map of its stream
 * @known:	how well they are known, by the same
 * @moved:	its moves from VM to VM, as many as its report has, by the same
 * @known_traces: [@machine->n] the same for each trace, owned
 */
struct vmsync_session_guest {
	struct vmsync_machine *machine;
	struct vmsync_guest *guest;
	const struct vmsync_guest_report *report;
	const struct vmsync_guest_map *maps;
	bool mapped;
	struct vmsync_keep *keep;
	struct vmsync_contain_result contain;
	uint64_t events;
	int64_t from_ns;
	int64_t until_ns;
	struct vmsync_known known;
	struct vmsync_known *known_traces;
	struct vmsync_moved *moved;
};

/**
 * struct vmsync_left_out - a guest that could not be put on the host's clock
 * @machine:	its traces
 * @why:	what the error would be if it were the only one
 */
struct vmsync_left_out {
	struct vmsync_machine *machine;
	struct ctf_error why;
};

/**
 * struct vmsync_session - see above
 * @host:	one of @machines
 * @guests:	[@n_guests], all others but
 * @left_out:	[@n_left_out], known once the maps are made; not to be overlooked
 * @runs:	of the host, once it was read
 * @entered:	the host's threads that entered a guest, once the maps are made
 * @experiment:	vmsync fuse wrote all of it, and knew this: guests are on the
 *		host's clock already. Owned, NULL: not so
 * @exchange:	the evidence is messages: not NULL
 * @messages:	those, once they were read
 * @alone:	the host may be alone, no guest has to be put on its clock
 * @jobs:	threads to use
 * @pool:	those that decode ahead
 */
struct vmsync_session {
	struct vmsync_machines machines;
	struct vmsync_machine *host;
	struct vmsync_session_guest *guests;
	size_t n_guests;
	struct vmsync_left_out *left_out;
	size_t n_left_out;
	struct vmsync_sync *sync;
	struct vmsync_runs *runs;
	VMSYNC_ARRAY(struct vmsync_runs_part) entered;
	struct vmsync_experiment *experiment;
	const struct vmsync_exchange *exchange;
	vmsync_messages messages;
	bool alone;
	unsigned int jobs;
	struct ctf_pool *pool;
};

/**
 * struct vmsync_session_options - all 0 is the default
 * @sync:	for the sync library
 * @exchange:	the only evidence is these messages, between two machines of
 *		which the one named first is the reference; NULL: vmsync's own
 * @alone:	a host without any guest's trace will do
 * @fused:	what vmsync fuse wrote will do, where it is all that is named
 * @jobs:	threads, 0: one per processor
 */
struct vmsync_session_options {
	struct vmsync_sync_options sync;
	const struct vmsync_exchange *exchange;
	bool alone;
	bool fused;
	unsigned int jobs;
};

/**
 * vmsync_session_open() - open traces, tell host from guests
 * @paths:	[@n] trace folders, or folders that hold some
 * @options:	NULL is the default
 * @s:		to be freed with vmsync_session_close(), after an error too
 * @e:		why it failed: no host, several, no guest, ...
 */
int vmsync_session_open(char *const *paths, size_t n,
			const struct vmsync_session_options *options,
			struct vmsync_session *s, struct ctf_error *e);

/**
 * vmsync_session_sync() - read the evidence, make the maps
 * @options:	NULL is the default
 * @progress:	may be NULL
 *
 * A guest that cannot be put on the host's clock is left out; an error where
 * none is left. Return: 0 or a negative errno.
 */
int vmsync_session_sync(struct vmsync_session *s,
			const struct vmsync_session_options *options,
			const struct vmsync_progress *progress,
			struct ctf_error *e);

/** vmsync_session_close() - free everything */
void vmsync_session_close(struct vmsync_session *s);

/**
 * vmsync_guest_agrees() - do the witnesses agree with a guest's map?
 *
 * False if a beacon violates causality, a guest event lies outside its vCPU's
 * time in the guest, methods contradict each other, or a guest's claims are
 * contradicted by the host.
 */
bool vmsync_guest_agrees(const struct vmsync_session_guest *g);

/** vmsync_session_agrees() - with the maps of all guests? */
bool vmsync_session_agrees(const struct vmsync_session *s);

/**
 * vmsync_maps_alike() - do two virtual CPUs have the same map?
 *
 * As many segments, and the same host time to 2 ns wherever either has one
 * begin: their evidence may still begin at different moments.
 */
bool vmsync_maps_alike(const struct vmsync_map *a, const struct vmsync_map *b);

/** vmsync_stream_map() - the map for the stamps of a stream of @cpu, or NULL */
static inline const struct vmsync_map *
vmsync_stream_map(const struct vmsync_session_guest *g, uint32_t cpu)
{
	return vmsync_guest_map_of(g->maps, cpu);
}

#endif /* VMSYNC_FUSE_SESSION_H */
