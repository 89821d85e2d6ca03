/* SPDX-License-Identifier: MIT */
/* Reads a machine's traces for its pages' use. */
#ifndef VMSYNC_MEMORY_USE_READ_H
#define VMSYNC_MEMORY_USE_READ_H

#include "fuse/session.h"
#include "memory/use.h"

/**
 * struct memory_use_options - all 0 is the default
 * @window_ns:	one sample for each, 0: none
 * @look:	[2] of vmsync-agent's, NULL: there is none. Events follow from the first
 *		one's time on, and are held against the second one
 */
struct memory_use_options {
	int64_t window_ns;
	const struct memory_look *look[2];
};

/**
 * struct memory_use_told - what was found
 * @machine:	whose it is
 * @on_host:	times are the host's
 * @faults:	its trace tells which pages it gives
 * @against:	if @has_against: of the second look
 */
struct memory_use_told {
	const struct vmsync_machine *machine;
	bool on_host;
	bool faults;
	struct memory_use use;
	bool has_against;
	struct memory_held_against against;
};

/** memory_use_has() - do the machine's traces have events of pages? */
bool memory_use_has(const struct vmsync_machine *m);

/**
 * memory_use_read() - all of it
 * @s, @guest:	a session whose maps are made, and @m in it; NULL: its own clock will do
 * @told:	to be freed with memory_use_free(), after an error too
 */
int memory_use_read(const struct vmsync_machine *m,
		    const struct vmsync_session *s,
		    const struct vmsync_session_guest *guest,
		    const struct memory_use_options *options,
		    struct memory_use_told *told, struct ctf_error *e);

/** memory_use_text() - for people; @all: every process */
void memory_use_text(FILE *f, const struct memory_use_told *told, bool all);

/** memory_use_json() - one object */
void memory_use_json(FILE *f, const struct memory_use_told *told);

#endif /* VMSYNC_MEMORY_USE_READ_H */
