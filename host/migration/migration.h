/* SPDX-License-Identifier: MIT */
/*
 * Live migrations, of what QEMU told and vmsync import wrote: stages, rounds, what
 * stopped them from ending, and for how long the virtual machine did not run, from one
 * process to the other.
 */
#ifndef VMSYNC_MIGRATION_MIGRATION_H
#define VMSYNC_MIGRATION_MIGRATION_H

#include <stdio.h>

#include "fuse/machine.h"
#include "migration/side.h"

#define MIGRATION_NONE SIZE_MAX

/* Threads of a QEMU that are kept: its main thread is among the first that log. */
#define MIGRATION_TIDS 64

/**
 * struct migration_process - a QEMU
 * @machine:	number of the machine that it ran on
 * @name:	of the virtual machine, or of the log
 * @vm:		of the virtual machine, or NULL
 * @uuid:	by which services know it, or NULL
 * @host:	what libvirt calls the machine that it ran on, or NULL
 * @bound_ns:	its times are off by at most so much
 * @on_trace_clock: its times are on a trace's clock, not the time of day
 * @went_back_ns: not 0: its time of day was set
 * @broken:	states that do not follow each other
 * @tids:	[@n_tids] threads that logged
 */
struct migration_process {
	const struct ctf_trace *trace;
	size_t machine;
	const char *name;
	const char *vm;
	const char *uuid;
	const char *host;
	uint64_t bound_ns;
	bool on_trace_clock;
	int64_t went_back_ns;
	uint64_t broken;
	int32_t tids[MIGRATION_TIDS];
	size_t n_tids;
};

/** struct migration_thread - of the guest, and how long it ran guest code meanwhile */
struct migration_thread {
	char name[MIGRATION_TEXT];
	int32_t tid;
	int64_t ran_ns;
};

/** enum migration_clocks - how the times of source and destination compare */
enum migration_clocks {
	MIGRATION_SAME_CLOCK,	/* one trace's, or what fuse put on one */
	MIGRATION_TIME_OF_DAY,	/* of one machine, or of two, as well as they agree */
	MIGRATION_APART,	/* clocks of two machines, with nothing between them */
};

/**
 * struct migration - one
 * @source, @destination: numbers of sides, or MIGRATION_NONE
 * @candidates:	so many destinations could be its
 * @clocks:	where both are there
 * @has_down:	@down_ns is known
 * @down_ns:	from the source's stop to the destination's run
 * @stopping_ns: of that until it was stopped; -1: not told
 * @bound_ns:	of @down_ns, of times of day only if they are one machine's; UINT64_MAX:
 *		none
 * @guest_down_ns: as KVM knows it: from the guest's last exit on the source to its first
 *		entry on the destination, see guests.h; -1: not known
 * @threads:	of the guest, that ran before it was stopped, the longest first; none
 *		where nothing was told of them, see guests.h
 */
struct migration {
	size_t source;
	size_t destination;
	size_t candidates;
	enum migration_clocks clocks;
	bool has_down;
	int64_t down_ns;
	int64_t stopping_ns;
	uint64_t bound_ns;
	int64_t guest_down_ns;
	VMSYNC_ARRAY(struct migration_thread) threads;
};

/**
 * struct migrations - all that was found
 * @from_ns:	the first event's time
 * @agree_ns:	times of day of any two machines agree to so much, because something
 *		keeps them so, as who asks says; 0: not said
 */
struct migrations {
	struct vmsync_machines machines;
	VMSYNC_ARRAY(struct migration_process) processes;
	struct migration_sides sides;
	VMSYNC_ARRAY(struct migration) list;
	int64_t from_ns;
	uint64_t agree_ns;
};

/**
 * migrations_find() - read traces
 * @paths:	[@n] of vmsync import, or folders that hold some
 * @agree_ns:	as there
 * @m:		to be freed with migrations_free(), after an error too
 * Return: 0 or a negative errno.
 */
int migrations_find(char *const *paths, size_t n, uint64_t agree_ns,
		    struct migrations *m, struct ctf_error *e);

/** migrations_free() - free everything */
void migrations_free(struct migrations *m);

/** migrations_pair() - find to each source its destination: 0 or -ENOMEM */
int migrations_pair(struct migrations *m);

/** migration_process_is() - is that process of that machine's this QEMU, @process? */
bool migration_process_is(const struct migrations *m, size_t process,
			  size_t machine, int32_t pid);

/** migration_epoch_ns() - time of day of a clock's 0, modulo 2^64 */
int64_t migration_epoch_ns(const struct ctf_clock *c);

/** migration_of() - the side that it is told by: the source, if there is one */
const struct migration_side *migration_of(const struct migrations *m,
					  const struct migration *g);

/** migrations_doubts() - does anything say that figures are not to be relied on? */
bool migrations_doubts(const struct migrations *m);

/** migrations_text() - for people; all rounds, or the first and last ones */
void migrations_text(FILE *f, const struct migrations *m, bool all);

/** migration_text() - of one of them, without what is to be doubted */
void migration_text(FILE *f, const struct migrations *m,
		    const struct migration *g, bool all);

/** migrations_json() - for programs */
void migrations_json(FILE *f, const struct migrations *m);

/** migration_json() - of one of them, as there; times since migrations' @from_ns */
void migration_json(FILE *f, const struct migrations *m,
		    const struct migration *g);

/** migrations_processes_json() - a list of the QEMUs, as there */
void migrations_processes_json(FILE *f, const struct migrations *m);

/* Of the JSON; goes up where a key is taken away or changes its meaning. */
#define MIGRATION_SCHEMA 1

#endif /* VMSYNC_MIGRATION_MIGRATION_H */
