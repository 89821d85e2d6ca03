/* SPDX-License-Identifier: MIT */
/*
 * One side of a migration: what the QEMU of its source, or of its destination, says.
 */
#ifndef VMSYNC_MIGRATION_SIDE_H
#define VMSYNC_MIGRATION_SIDE_H

#include <string.h>

#include "migration/rounds.h"
#include "migration/told.h"
#include "sync/base/array.h"

/* A time that is not known. */
#define MIGRATION_NEVER INT64_MIN

/** enum migration_role - where the virtual machine goes */
enum migration_role {
	MIGRATION_ROLE_UNKNOWN,
	MIGRATION_SOURCE,
	MIGRATION_DESTINATION,
};

/** enum migration_result - how it ended */
enum migration_result {
	MIGRATION_OPEN,		/* not, as far as is told */
	MIGRATION_COMPLETED,
	MIGRATION_CANCELLED,
	MIGRATION_FAILED,
};

/** struct migration_stage - a state of the migration, from @ns on */
struct migration_stage {
	char name[MIGRATION_TEXT];
	int64_t ns;
};

/**
 * struct migration_side - all times on one clock, ns
 * @process:	number of QEMU's process
 * @begin_ns:	the first that is told of it
 * @end_ns:	its last state, see @result; else the last event
 * @stages:	in order
 * @rounds:	of a source
 * @stop_ns:	the virtual machine ran, and was to stop, the last time
 * @stopped_ns:	it was stopped by then
 * @run_ns:	it ran again; on a destination: it ran
 * @known_ns:	how well its stop, and its run, are known on the clock that vmsync fuse put
 *		several machines on, INT64_MAX: not at all; else 0
 * @paused_ns:	for so long it was stopped on a source, and ran again there
 * @postcopy:	it went before its memory
 * @faults:	and wanted so many pages that had not come
 * @throttles:	the guest was slowed down so many times
 * @error:	"": none is told
 * @answer:	query-migrate's last one, if @has_answer
 * @mixed:	says of itself that it is both sides: two processes share a log
 */
struct migration_side {
	size_t process;
	enum migration_role role;
	enum migration_result result;
	int64_t begin_ns;
	int64_t end_ns;
	VMSYNC_ARRAY(struct migration_stage) stages;
	struct migration_rounds rounds;
	int64_t stop_ns;
	int64_t stopped_ns;
	int64_t run_ns;
	int64_t known_ns;
	int64_t paused_ns;
	bool postcopy;
	uint64_t faults;
	uint64_t throttles;
	char error[MIGRATION_TEXT];
	bool has_answer;
	struct migration_told answer;
	bool mixed;
};

/**
 * migration_answer_down() - query-migrate told how long it was down
 *
 * QEMU says that a migration is completed before it makes its figures of time. Whoever asks right
 * then, as libvirt does, is answered 0.
 */
static inline bool migration_answer_down(const struct migration_side *s)
{
	return s->has_answer && s->answer.number[MIGRATION_TOTAL_MS] &&
	       !strcmp(s->answer.text, "completed");
}

/** struct migration_sides - of all processes */
struct migration_sides {
	struct migration_side *at;
	size_t count;
	size_t capacity;
};

/**
 * struct migration_reader - where one process's events have come to
 * @process:	its number
 * @states_by_log, @runs_by_log, @syncs_by_log: states, and whether it runs, are told by the log, not by QMP alone
 * @open:	the side that goes on, plus 1; 0: none
 * @broken:	a state followed one that it cannot follow: two processes share a log,
 *		or lines are missing
 */
struct migration_reader {
	struct migration_sides *sides;
	size_t process;
	bool states_by_log;
	bool runs_by_log;
	bool syncs_by_log;
	size_t open;
	char runstate[MIGRATION_TEXT];
	uint64_t broken;
};

/** migration_reader_take() - the next event: 0 or -ENOMEM */
int migration_reader_take(struct migration_reader *r,
			  const struct migration_told *told);

/** migration_sides_free() - free what it owns */
void migration_sides_free(struct migration_sides *s);

#endif /* VMSYNC_MIGRATION_SIDE_H */
