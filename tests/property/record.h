/* SPDX-License-Identifier: MIT */
/*
 * A simulated world as LTTng would have recorded it: a folder for the host and
 * one for each guest, of writer.c's form, that tests/gen/carve re-cuts.
 *
 * Every event has three fields more, by which a reader of whatever was made of
 * the recording knows what is true: "serial", a number that no other event of the
 * world has; "truth", what the host's clock read when it happened; and "own", what
 * the machine's own clock read, which is its stamp.
 */
#ifndef TESTS_PROPERTY_RECORD_H
#define TESTS_PROPERTY_RECORD_H

#include "world.h"

/**
 * struct record_plan - how it is recorded, besides what the scenario says
 * @folder:	exists; DIR/host, DIR/g0 ... are made
 * @large:	large event headers
 * @packet:	bytes of a packet
 * @beacons, @knots, @module: whether the events of vmsync's guest module, of its
 *		core, and of its host module are there
 * @dump:	LTTng's state dump of the host's threads is there
 * @clones:	all guests were restored from one memory snapshot: same clock,
 *		same vm_uid, same counters
 * @names:	all guests have one hostname
 * @both:	the host that guests are away on is recorded, too: DIR/host2. It and the
 *		other one send each other messages, packet_sent and packet_received with
 *		one cnt
 */
struct record_plan {
	const char *folder;
	bool large;
	size_t packet;
	bool beacons;
	bool knots;
	bool module;
	bool dump;
	bool clones;
	bool names;
	bool both;
};

/** record_world() - write all traces; the number of events of each machine */
void record_world(const struct sim_world *w, const struct record_plan *plan);

#endif /* TESTS_PROPERTY_RECORD_H */
