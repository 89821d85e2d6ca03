/* SPDX-License-Identifier: MIT */
/*
 * How often a host may be frozen. Whatever asks, and however often, costs no more than
 * this; who is refused is told why, and counted.
 */
#ifndef VMSYNC_FREEZE_BUDGET_H
#define VMSYNC_FREEZE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FREEZE_MOST_PER_HOUR 1000

/* A disk with less than that is full, whatever the freezes have of it. */
#define FREEZE_LEAST_BYTES (64ull << 20)

/* What the events before a moment are wanted for at most. */
#define FREEZE_MOST_BEFORE_NS (3600 * 1000000000ull)

/** enum freeze_refusal - why not, in the order in which it is looked at */
enum freeze_refusal {
	FREEZE_ALLOWED,
	FREEZE_QUIET,	 /* somebody wanted it so */
	FREEZE_TIME,	 /* of a time that is not yet, or too long a one */
	FREEZE_BUSY,	 /* one is under way */
	FREEZE_DEAD,	 /* the last one was only just */
	FREEZE_HOURLY,	 /* there were enough in the last hour */
	FREEZE_DISK,	 /* what there is fills the disk that it may have */
	FREEZE_REFUSALS,
};

/**
 * struct freeze_budget - what is allowed, and what was
 * @per_hour:	freezes in any hour, 1 .. FREEZE_MOST_PER_HOUR
 * @dead_ns:	after the end of one there is none for so long
 * @disk_bytes:	all of them together
 * @used_bytes:	that is what there are
 * @free_bytes:	that is what their disk has left; who asks sets it
 * @busy:	one is under way
 * @ended_ns:	the last one, 0: there was none
 * @quiet_ns:	there is none until then
 * @begun_ns:	[@per_hour] of the last ones, in any order; INT64_MIN: not so many were;
 *		below 0: before the host was booted
 * @refused:	how often, by why
 */
struct freeze_budget {
	unsigned int per_hour;
	uint64_t dead_ns;
	uint64_t disk_bytes;
	uint64_t used_bytes;
	uint64_t free_bytes;
	bool busy;
	uint64_t ended_ns;
	uint64_t quiet_ns;
	int64_t begun_ns[FREEZE_MOST_PER_HOUR];
	uint64_t refused[FREEZE_REFUSALS];
};

/** freeze_budget_init() - nothing was so far; what is allowed is set */
void freeze_budget_init(struct freeze_budget *b);

/**
 * freeze_budget_ask() - may there be one of @at_ns, and of so much before?
 * All times are of CLOCK_MONOTONIC. What is refused is counted.
 */
enum freeze_refusal freeze_budget_ask(struct freeze_budget *b, uint64_t now_ns,
				      uint64_t at_ns, uint64_t before_ns);

/** freeze_budget_bytes() - what a freeze that begins now may have */
uint64_t freeze_budget_bytes(const struct freeze_budget *b);

/** freeze_budget_earlier() - an earlier run had one; negative: before the host was booted */
void freeze_budget_earlier(struct freeze_budget *b, int64_t begun_ns);

/** freeze_budget_begin() - there is one */
void freeze_budget_begin(struct freeze_budget *b, uint64_t now_ns);

/** freeze_budget_end() - it is over, and all of them have so many bytes */
void freeze_budget_end(struct freeze_budget *b, uint64_t now_ns,
		       uint64_t used_bytes);

/** freeze_budget_left() - how many more may be in the hour that ends now */
unsigned int freeze_budget_left(const struct freeze_budget *b, uint64_t now_ns);

/** freeze_budget_wait_ns() - until when there is none, by @why; 0: that is not known */
uint64_t freeze_budget_wait_ns(const struct freeze_budget *b,
			       enum freeze_refusal why);

/** freeze_refusal_name() - one word */
const char *freeze_refusal_name(enum freeze_refusal why);

#endif /* VMSYNC_FREEZE_BUDGET_H */
