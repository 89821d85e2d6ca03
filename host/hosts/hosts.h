/* SPDX-License-Identifier: MIT */
/*
 * Two hosts, and guests of which some went from one to the other. Each host with all the
 * guests is a session of its own, as if there were no other; the second host's clock is
 * put on the first one's by messages between them, in a third. Of these is made a session
 * of all machines on the first host's clock: where a guest was on the second host its map
 * is that host's, by way of the map between the hosts.
 */
#ifndef VMSYNC_HOSTS_HOSTS_H
#define VMSYNC_HOSTS_HOSTS_H

#include "fuse/session.h"

/**
 * struct vmsync_crossing - a guest left one host and went on on the other
 * @from, @to:	numbers of the hosts
 * @guest_ns:	the guest's clock before it left, by what it is known
 * @left_ns:	the last exit of any of its virtual CPUs there, by that host's clock
 * @arrived_ns:	the first entry of any here, by this one's
 * @left_at_ns, @arrived_at_ns: the same by the first host's clock
 * @bound_ns:	how well the time from one to the other is known
 * @at_most:	no such exit, or entry, is on record: these are times of beacons
 */
struct vmsync_crossing {
	int from;
	int to;
	int64_t guest_ns;
	int64_t left_ns;
	int64_t arrived_ns;
	int64_t left_at_ns;
	int64_t arrived_at_ns;
	int64_t bound_ns;
	bool at_most;
};

/**
 * struct vmsync_hosts_guest - one guest
 * @on:		it as a guest of each host, NULL: it was never there
 * @joined:	it in the session of all
 * @maps:	to the first host's clock, wherever it was
 * @crossings:	[@n]
 * @contradicted_ns: it was on two hosts at once, by so much more than all bounds allow
 */
struct vmsync_hosts_guest {
	struct vmsync_session_guest *on[2];
	struct vmsync_session_guest *joined;
	struct vmsync_guest_map maps;
	struct vmsync_crossing *crossings;
	size_t n;
	int64_t contradicted_ns;
};

/**
 * struct vmsync_hosts - see above
 * @on:		each host with all guests
 * @between:	both hosts; the first one's clock is kept
 * @joined:	all machines: the second host is its first guest, then come @guests
 * @guests:	[@n_guests]
 */
struct vmsync_hosts {
	struct vmsync_session on[2];
	struct vmsync_session between;
	struct vmsync_session joined;
	struct vmsync_hosts_guest *guests;
	size_t n_guests;
};

/**
 * vmsync_hosts_open() - find two hosts and their guests, make all maps
 * @paths:	[@n] trace folders, or folders that hold some
 * @options:	with the messages between the hosts
 * @h:		all 0; to be freed with vmsync_hosts_close(), after an error too
 *
 * Containment is that of the sessions of each host; how many events have evidence is
 * counted in the session of all. Return: 1; 0 where there are no two hosts with guests,
 * and nothing is done; or a negative errno.
 */
int vmsync_hosts_open(struct vmsync_hosts *h, char *const *paths, size_t n,
		      const struct vmsync_session_options *options,
		      const struct vmsync_progress *progress,
		      struct ctf_error *e);

/** vmsync_hosts_between() - from the second host's clock, of all its CPUs, to the first's */
const struct vmsync_map *vmsync_hosts_between(const struct vmsync_hosts *h);

/** vmsync_hosts_agree() - do the witnesses agree with all of it? */
bool vmsync_hosts_agree(const struct vmsync_hosts *h);

/**
 * vmsync_hosts_contain() - put what both hosts' witnesses saw into the session of all
 * Whose own sees no runs: each of the others sees those of one host.
 */
void vmsync_hosts_contain(struct vmsync_hosts *h);

/** vmsync_hosts_text() - what was found, for people: 80 columns */
void vmsync_hosts_text(FILE *f, const struct vmsync_hosts *h, bool all_segments);

/** vmsync_hosts_json() - the same for programs */
void vmsync_hosts_json(FILE *f, const struct vmsync_hosts *h);

void vmsync_hosts_close(struct vmsync_hosts *h);

#endif /* VMSYNC_HOSTS_HOSTS_H */
