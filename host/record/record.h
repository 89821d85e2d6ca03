/* SPDX-License-Identifier: MIT */
/*
 * A recording of a host and its guests, from its beginning to the traces in a folder.
 *
 *	OUT/host		the host's trace
 *	OUT/guests/NAME		a guest's; NAME made of the domain's
 *	OUT/fused		all on the host's clock (vmsync fuse)
 *	OUT/record.json		who was recorded, and how
 *
 * A flight recorder (@ring) writes nothing before its end, and then what the buffers
 * of all of them hold; nothing at all where @command ended well.
 */
#ifndef VMSYNC_RECORD_RECORD_H
#define VMSYNC_RECORD_RECORD_H

#include <stdio.h>
#include <sys/types.h>

#include "record/guest.h"
#include "record/host.h"

/**
 * struct vmsync_record - one
 * @output:	the folder, which is made
 * @control:	vmsyncd's socket
 * @vm, @n_vm:	guests to record; none: all that vmsyncd knows
 * @events:	VMSYNC_PORT_EVENTS_*
 * @ring:	keep a flight recorder
 * @seconds:	how long; 0: until it is stopped, or @command has ended
 * @command:	what is run meanwhile, or NULL
 * @status:	exit status of @command, -1: it has not ended
 * @stops:	how often one asked to stop
 * @progress:	told of it, or NULL
 */
struct vmsync_record {
	const char *output;
	const char *control;
	const char **vm;
	size_t n_vm;
	uint8_t events;
	bool ring;
	unsigned int seconds;
	char **command;
	int status;
	int stops;
	void (*progress)(void *ctx, const char *what, uint64_t done,
			 uint64_t total);
	struct record_guest *guest;
	size_t n;
	struct record_host host;
	pid_t child;
	int signals;
	uint64_t begin_ns;
	uint64_t end_ns;
	char no_guests[256];
};

/**
 * vmsync_record_run() - record
 * Return: 0; 1: it was given up; a negative errno and @e.
 */
int vmsync_record_run(struct vmsync_record *r, struct ctf_error *e);

/** vmsync_record_kept() - there is something to keep, once vmsync_record_run() is over */
bool vmsync_record_kept(const struct vmsync_record *r);

/** vmsync_record_print() - who was recorded, as text or as JSON */
void vmsync_record_print(FILE *f, const struct vmsync_record *r, bool json);

/** vmsync_record_fetched() - a guest's trace is there, if not all of it */
bool vmsync_record_fetched(const struct record_guest *g);

/** vmsync_record_whole() - nothing went wrong that one must not overlook */
bool vmsync_record_whole(const struct vmsync_record *r);

/** vmsync_record_free() - when all is done */
void vmsync_record_free(struct vmsync_record *r);

#endif /* VMSYNC_RECORD_RECORD_H */
