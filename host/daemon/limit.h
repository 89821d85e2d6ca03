/* SPDX-License-Identifier: MIT */
/*
 * How much one guest may cost: a token bucket, in the form of the time at which the
 * next token would be due.
 */
#ifndef VMSYNC_DAEMON_LIMIT_H
#define VMSYNC_DAEMON_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct vmsyncd_limit - one bucket
 * @step_ns:	time that one token costs
 * @burst:	tokens that whoever was quiet has
 * @due_ns:	0 at first
 */
struct vmsyncd_limit {
	uint64_t step_ns;
	uint64_t burst;
	uint64_t due_ns;
};

/** vmsyncd_limit_from() - when the bucket is not empty: @now_ns if it is not now */
uint64_t vmsyncd_limit_from(const struct vmsyncd_limit *l, uint64_t now_ns);

/** vmsyncd_limit_spend() - take @n tokens, though there may be fewer */
void vmsyncd_limit_spend(struct vmsyncd_limit *l, uint64_t now_ns, uint64_t n);

/** vmsyncd_limit_take() - take a token; false: there is none */
bool vmsyncd_limit_take(struct vmsyncd_limit *l, uint64_t now_ns);

#endif /* VMSYNC_DAEMON_LIMIT_H */
