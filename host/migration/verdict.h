/* SPDX-License-Identifier: MIT */
/* Why a migration came to its end, or did not: how fast pages became dirty and went. */
#ifndef VMSYNC_MIGRATION_VERDICT_H
#define VMSYNC_MIGRATION_VERDICT_H

#include "migration/side.h"

/**
 * enum migration_why - what the rounds say
 * @MIGRATION_WHY_UNKNOWN:	nothing: no rounds are told
 * @MIGRATION_WHY_FIRST:	it ended before its second round did, the first one sends all
 *				memory
 * @MIGRATION_WHY_CONVERGED:	no more was left than may be
 * @MIGRATION_WHY_POSTCOPY:	it was told not to wait for that
 * @MIGRATION_WHY_FASTER:	pages became dirty faster than they were sent
 * @MIGRATION_WHY_LEFT:		slower, but what one round left was too much for the next
 *				to be the last
 */
enum migration_why {
	MIGRATION_WHY_UNKNOWN,
	MIGRATION_WHY_FIRST,
	MIGRATION_WHY_CONVERGED,
	MIGRATION_WHY_POSTCOPY,
	MIGRATION_WHY_FASTER,
	MIGRATION_WHY_LEFT,
};

/* Rates are of this many rounds, the last ones before the end. */
#define MIGRATION_LAST_ROUNDS 10

/**
 * struct migration_verdict - what is said, of the last rounds while the guest ran
 * @rounds:	how many these are
 * @dirty_bytes_s: found dirty by them, per second; -1: not known
 * @link_bytes_s: sent, per second of the time in which QEMU measured it; -1: not known
 * @waited:	of the time, 0 to 1, the limit of bandwidth was waited for
 * @least_left_bytes: the least that any left; UINT64_MAX: not told
 * @allowed_bytes: that might be left, at the last one; UINT64_MAX: not told
 * @enough_ms:	a limit of downtime that would have been enough for the least;
 *		UINT64_MAX: not known
 */
struct migration_verdict {
	enum migration_why why;
	size_t rounds;
	double dirty_bytes_s;
	double link_bytes_s;
	double waited;
	uint64_t least_left_bytes;
	uint64_t allowed_bytes;
	uint64_t enough_ms;
};

/** migration_page_size() - as query-migrate told, else x86's, 4096 */
uint64_t migration_page_size(const struct migration_side *s);

/** migration_judge() - of a source */
void migration_judge(const struct migration_side *s,
		     struct migration_verdict *v);

#endif /* VMSYNC_MIGRATION_VERDICT_H */
