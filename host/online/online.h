/* SPDX-License-Identifier: MIT */
/*
 * The map and the analysis while it comes. Sessions that `vmsync live` keeps are read
 * as they grow: evidence as far as all of a machine's events came, and for the
 * analysis, as far as no later evidence will change the map. The model, its
 * providers and the estimators are those of `vmsync sync` and `vmsync analyze`.
 *
 * What these know of the whole recording is not known here. So the first second of
 * the host is looked at before any of it is analysed, a guest that has no map is
 * waited for only for a while, and a virtual CPU is one from its first entry on.
 */
#ifndef VMSYNC_ONLINE_ONLINE_H
#define VMSYNC_ONLINE_ONLINE_H

#include "ctf/ctf.h"
#include "live/ledger.h"
#include "online/sums.h"
#include "sync/sync.h"

struct online;

/* Of the host's recording: what is looked at first. */
#define ONLINE_AHEAD_NS 1000000000

/**
 * struct online_how - what it is told to do
 * @session:	of the host, counted from 0: if it is not the first one, guests whose
 *		sessions have ended are not taken
 * @patience_ns: so much of the host's recording who is late is waited for
 * @say:	is told, in a line, of what must not be overlooked
 * @sink:	takes what the model finds, too; NULL: nobody does
 */
struct online_how {
	size_t session;
	int64_t patience_ns;
	void (*say)(void *ctx, const char *text);
	void *say_ctx;
	const struct analysis_sink *sink;
};

/**
 * online_new() - of a host and its guests
 * @l:		[@n] the host's, and its guests'; must outlive it
 * Return: to be freed with online_free(), or NULL.
 */
struct online *online_new(struct live_ledger *const *l, size_t n,
			  const struct online_how *how);

/** online_free() - NULL is fine */
void online_free(struct online *o);

/**
 * online_tick() - what came since
 * @all:	nothing more comes: all of it
 * Return: 0, or a negative errno: there is no use in going on.
 */
int online_tick(struct online *o, bool all, struct ctf_error *e);

/** online_sums() - of the host that is analysed */
const struct online_sums *online_sums(const struct online *o);

/** online_model() - the same; NULL: nothing is analysed yet */
const struct analysis_model *online_model(const struct online *o);

/** online_until_ns() - up to when it is analysed, host time; 0: not at all */
int64_t online_until_ns(const struct online *o);

/** online_realtime_ns() - what the host's CLOCK_REALTIME was at @ns, about; 0: unknown */
int64_t online_realtime_ns(const struct online *o, int64_t ns);

/** online_host_name() - as its trace says; "" before its first packet */
const char *online_host_name(const struct online *o);

/** online_clock() - of the host's trace, for its identity and offset; NULL: nothing came */
const struct ctf_clock *online_clock(const struct online *o);

/** online_late() - events that came after they were said to be there */
uint64_t online_late(const struct online *o);

/**
 * struct online_about - what is known of a guest
 * @uuid:	"" where libvirt's is not known
 * @pid:	process of its VM, 0: not known
 * @joined:	it is analysed
 * @bound_ns:	of its map, at most, where it was analysed
 * @maps, @guest: as of the last tick
 */
struct online_about {
	const char *name;
	const char *uuid;
	int32_t pid;
	bool joined;
	int64_t bound_ns;
	const struct vmsync_guest_map *maps;
	const struct vmsync_guest *guest;
};

/** online_guests() - how many there are */
size_t online_guests(const struct online *o);

/** online_guest_about() - machine @i + 1 */
struct online_about online_guest_about(const struct online *o, size_t i);

#endif /* VMSYNC_ONLINE_ONLINE_H */
