/* SPDX-License-Identifier: MIT */
/*
 * One session of one relayd, that is of a host or of one of its guests: its streams
 * as they grow, and its records of evidence in the order of time.
 */
#ifndef VMSYNC_ONLINE_MACHINE_H
#define VMSYNC_ONLINE_MACHINE_H

#include "fuse/domain_name.h"
#include "online/ends.h"
#include "online/stream.h"

struct online_machine;

/** struct online_hole - events of @stream may be missing, raw clock values */
struct online_hole {
	const struct online_stream *stream;
	int64_t from_ns;
	int64_t until_ns;
};

/**
 * struct online_missed - what was lost of a machine's evidence, likewise
 * @any:	maps may wait for what comes behind it
 */
struct online_missed {
	bool any;
	int64_t from_ns;
	int64_t until_ns;
};

/**
 * struct online_machine - see above
 * @number:	ANALYSIS_HOST, or of a guest from 1 on
 * @name:	as the traces say; "" before the first packet
 * @clock:	of its first trace, for its offset alone
 * @whole:	how far it is
 * @streams:	by number of the ledger; NULL: no packet came
 * @by_source:	parts by their sources; NULL: gone
 * @gather:	for evidence
 * @begin_ns, @end_ns: of its packets, if @any
 * @holes:	of its evidence, not given yet, in order
 * @lost:	the same, for the analysis
 * @missed:	of the holes that were given, see missed.h
 * @held:	event that comes next; NULL: not looked for
 * @ends:	of the host, else NULL
 * @maps:	of the guest, else NULL
 * @skip_ns:	of its parts
 * @finished:	nothing more comes, or it cannot be read any more
 */
struct online_machine {
	uint32_t number;
	struct live_ledger *ledger;
	size_t session;
	char name[65];
	struct vmsync_domain_name domain;
	struct ctf_clock clock;
	struct live_whole whole;
	VMSYNC_ARRAY(struct online_stream *) streams;
	VMSYNC_ARRAY(struct online_part *) by_source;
	struct ctf_gather *gather;
	struct vmsync_records records;
	bool any;
	int64_t begin_ns;
	int64_t end_ns;
	VMSYNC_ARRAY(struct online_hole) holes;
	VMSYNC_ARRAY(struct online_hole) lost;
	struct online_missed missed;
	const struct ctf_event *held;
	struct online_ends *ends;
	const struct vmsync_guest_map *maps;
	uint64_t skip_ns;
	bool finished;
};

/** online_machine_new() - of a session of @l; NULL if out of memory */
struct online_machine *online_machine_new(struct live_ledger *l, size_t session,
					  uint32_t number,
					  struct online_ends *ends);

/** online_machine_free() - NULL is fine */
void online_machine_free(struct online_machine *m);

/**
 * online_machine_look() - see what came
 * Return: 0 or a negative errno.
 */
int online_machine_look(struct online_machine *m, struct ctf_error *e);

/** online_machine_limit() - up to where its records can be given */
uint64_t online_machine_limit(const struct online_machine *m);

/**
 * online_machine_next() - its next record before @until
 * Return: 1, 0 where there is none, or a negative errno.
 */
int online_machine_next(struct online_machine *m, uint64_t until,
			struct vmsync_evidence *ev, struct ctf_error *e);

/** online_machine_drop() - parts of which nobody reads any more go */
void online_machine_drop(struct online_machine *m, struct ctf_gather *analysis);

#endif /* VMSYNC_ONLINE_MACHINE_H */
