/* SPDX-License-Identifier: MIT */
/*
 * Messages between two machines, of which each knows when it left or came by its
 * own clock, made into beacons: a message and one of the other direction next to it
 * in time limit the offset from both sides.
 */
#ifndef VMSYNC_SYNC_FACTS_MESSAGES_H
#define VMSYNC_SYNC_FACTS_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/base/array.h"
#include "sync/base/evidence.h"

/**
 * struct vmsync_message - one of them
 * @to_host:	it left the guest at @guest_ns and came to the host at @host_ns;
 *		else the other way round
 */
struct vmsync_message {
	bool to_host;
	int64_t guest_ns;
	int64_t host_ns;
};

typedef VMSYNC_ARRAY(struct vmsync_message) vmsync_messages;

/**
 * struct vmsync_leg_record - a record of one side, without what all have in common:
 * a recording may have millions of messages
 */
struct vmsync_leg_record {
	int64_t ns;
	uint32_t cnt;
	uint8_t kind;
};

/** struct vmsync_leg_records - in the order of their beacons' numbers */
struct vmsync_leg_records {
	struct vmsync_leg_record *leg;
	size_t n;
};

/**
 * vmsync_messages_records - the beacons that messages make
 * @m:		[@n], sorted anew
 * @host, @guest: the records of each side; free() their leg, after an error too
 *
 * Each message is in one beacon: those that are nearest to each other make one
 * first. What is left over is a beacon with one leg. If host and guest are named the
 * other way round the same messages make the same beacons. Returns 0 or -ENOMEM.
 */
int vmsync_messages_records(struct vmsync_message *m, size_t n,
			    struct vmsync_leg_records *host,
			    struct vmsync_leg_records *guest);

/** vmsync_leg_evidence - a record as the session takes it */
struct vmsync_evidence vmsync_leg_evidence(const struct vmsync_leg_record *leg);

#endif /* VMSYNC_SYNC_FACTS_MESSAGES_H */
