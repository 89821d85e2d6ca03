/* SPDX-License-Identifier: MIT */
/*
 * A machine: the traces that one kernel's clock stamped.
 *
 * Kernel and user-space traces of one boot, and the chunks of a rotated
 * session, carry the same clock uuid and belong together. Packets that are in
 * several of them, as those of snapshots are, are read once. Where packets of one
 * stream and number have different content, there are two machines of one clock
 * uuid: one is a clone of the other.
 */
#ifndef VMSYNC_FUSE_MACHINE_H
#define VMSYNC_FUSE_MACHINE_H

#include <stdbool.h>

#include "ctf/ctf.h"
#include "ctf/join.h"
#include "ctf/passed.h"
#include "fuse/coverage.h"
#include "fuse/domain_name.h"

/**
 * enum vmsync_side - whose traces they are, by the events that they hold
 * @VMSYNC_SIDE_NONE:	nothing says
 * @VMSYNC_SIDE_HOST:	answers to beacons, or KVM's entries
 * @VMSYNC_SIDE_GUEST:	beacons
 */
enum vmsync_side {
	VMSYNC_SIDE_NONE,
	VMSYNC_SIDE_HOST,
	VMSYNC_SIDE_GUEST,
};

/**
 * struct vmsync_machine - one host or guest
 * @beacons:	bits VMSYNC_BEACONS_* of those that it sent or answered
 * @name:	what it is called here: by libvirt, else by itself; safe to print and to
 *		use as a file name
 * @hostname:	what it calls itself, as safe
 * @domain:	what libvirt calls it
 * @clock:	the clock class of its stamps, with the offset that is used
 * @clock_uuid:	of that clock as text, "" where it has none
 * @offset_spread_ns: how far the offsets of the traces' clocks are apart
 * @clone:	machines of one clock uuid have different ones (clones.h), or have
 *		clashed
 * @traces:	[@n]
 * @again:	[@n_again] those of which every packet is in @traces as well
 * @read:	[@n] what was found in each when it was read for evidence; NULL before
 * @joined:	streams of the sessions that @traces are of
 * @coverage:	what these cover
 */
struct vmsync_machine {
	enum vmsync_side side;
	unsigned int beacons;
	char name[65];
	char hostname[65];
	struct vmsync_domain_name domain;
	const struct ctf_clock *clock;
	char clock_uuid[37];
	uint64_t offset_spread_ns;
	uint32_t clone;
	struct ctf_trace **traces;
	size_t n;
	struct ctf_trace **again;
	size_t n_again;
	struct ctf_passed *read;
	struct ctf_joined *joined;
	struct vmsync_coverage coverage;
};

/**
 * struct vmsync_skipped - a trace that is not taken, and is not missed
 * @path:	its folder, owned
 * @why:	what it is
 */
struct vmsync_skipped {
	char *path;
	const char *why;
};

/**
 * struct vmsync_machines - what was named on the command line
 * @machine:	[@n], in the order of first sight
 * @skipped:	[@n_skipped]
 * @fused:	they are as vmsync fuse wrote them
 */
struct vmsync_machines {
	struct vmsync_machine *machine;
	size_t n;
	struct vmsync_skipped *skipped;
	size_t n_skipped;
	bool fused;
};

/**
 * vmsync_machines_open() - open traces and find out whose they are
 * @paths:	[@n] trace folders, or folders that hold some
 * @out:	to be freed with vmsync_machines_close(), after an error too
 * @fused:	where all of them were written by vmsync fuse, that is what is meant
 * @e:		why it failed
 *
 * Return: 0 or a negative errno.
 */
int vmsync_machines_open(char *const *paths, size_t n,
			 struct vmsync_machines *out, bool fused,
			 struct ctf_error *e);

/**
 * vmsync_machine_name() - what the machine of a trace is called here
 * @domain:	filled in
 * @name:	safe to print and to use as a file name
 */
void vmsync_machine_name(const struct ctf_trace *t,
			 struct vmsync_domain_name *domain, char name[65]);

/** vmsync_machines_close() - close all traces */
void vmsync_machines_close(struct vmsync_machines *m);

/**
 * vmsync_machine_enters() - does the machine's trace hold an entry of KVM?
 * @enters:	the answer
 * Return: 0 or a negative errno.
 */
int vmsync_machine_enters(const struct vmsync_machine *m, bool *enters,
			  struct ctf_error *e);

/**
 * vmsync_machine_bytes() - add the size of a machine's streams to *@bytes
 * Return: 0 or a negative errno.
 */
int vmsync_machine_bytes(const struct vmsync_machine *m, uint64_t *bytes,
			 struct ctf_error *e);

/** vmsync_machine_read() - begin to note what is read of its traces; 0 or -ENOMEM */
int vmsync_machine_read(struct vmsync_machine *m);

/** vmsync_machine_events() - how many there were, in all its traces */
uint64_t vmsync_machine_events(const struct vmsync_machine *m);

#endif /* VMSYNC_FUSE_MACHINE_H */
