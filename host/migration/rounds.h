/* SPDX-License-Identifier: MIT */
/*
 * Rounds of a source: each begins where it asks which pages are dirty, and sends them.
 */
#ifndef VMSYNC_MIGRATION_ROUNDS_H
#define VMSYNC_MIGRATION_ROUNDS_H

#include "migration/told.h"
#include "sync/base/array.h"

/**
 * struct migration_round - what a source knew when it had asked
 * @ns:		then
 * @asked_ns:	it took so long
 * @dirty_pages: that the guest wrote to since the round before, and that were not dirty
 *		already; if @known
 * @printed:	QEMU's own figure, which it adds up over a second or more
 * @since_ns:	since the round before; 0: there was none
 * @sent_bytes, @sent_ms: in that time, as QEMU measured it
 * @waited_ns:	of that time the limit of bandwidth was waited for
 * @left_bytes:	to be sent, UINT64_MAX: not told
 * @allowed_bytes: that may be left to stop the virtual machine and send the rest within
 *		the limit of downtime; UINT64_MAX: not told
 */
struct migration_round {
	int64_t ns;
	int64_t asked_ns;
	uint64_t dirty_pages;
	bool known;
	uint64_t printed;
	int64_t since_ns;
	uint64_t sent_bytes;
	uint64_t sent_ms;
	int64_t waited_ns;
	uint64_t left_bytes;
	uint64_t allowed_bytes;
};

/**
 * struct migration_rounds - all of them
 * @after:	what was sent after the last one began
 * @passes:	QMP's number, which also counts those that no event tells of
 * @sent:	how often QEMU measured what it sent, @sent_ns the last time
 * @measured_ms: by its own clock, from the first of these, at @first_sent_ns, to the last
 * @period_ns:	QEMU's sum began anew
 * @sum:	and is this
 * @unsure:	it may have begun anew, to the ms in which it was decided
 */
struct migration_rounds {
	VMSYNC_ARRAY(struct migration_round) list;
	struct migration_round after;
	uint64_t passes;
	uint64_t sent;
	uint64_t measured_ms;
	int64_t first_sent_ns;
	int64_t sent_ns;
	int64_t asked_ns;
	int64_t period_ns;
	uint64_t sum;
	bool unsure;
	bool begun;
	bool asking;
	bool pending;
	bool waiting;
	int64_t wait_ns;
	uint64_t allowed_bytes;
};

/** migration_rounds_take() - the next event: 0 or -ENOMEM */
int migration_rounds_take(struct migration_rounds *r,
			  const struct migration_told *told);

/**
 * migration_rounds_stepped() - was the time of day set meanwhile?
 * Return: by how many ns, as far as QEMU's own clock tells, which is monotonic; 0: not,
 * or by less than 0.25 s and 1 ms for each time that it measured.
 */
int64_t migration_rounds_stepped(const struct migration_rounds *r);

/** migration_rounds_dirty() - pages of all rounds; *@known: of each it is */
uint64_t migration_rounds_dirty(const struct migration_rounds *r, bool *known);

#endif /* VMSYNC_MIGRATION_ROUNDS_H */
