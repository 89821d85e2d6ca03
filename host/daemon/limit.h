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
 * struct vmsync_limit - one bucket
 * @step_ns:	time that one token costs
 * @burst:	tokens that whoever was quiet has
 * @due_ns:	0 at first
 */
struct vmsync_limit {
	uint64_t step_ns;
	uint64_t burst;
	uint64_t due_ns;
};

/** vmsync_limit_from() - when the bucket is not empty: @now_ns if it is not now */
uint64_t vmsync_limit_from(const struct vmsync_limit *l, uint64_t now_ns);

/** vmsync_limit_spend() - take @n tokens, though there may be fewer */
void vmsync_limit_spend(struct vmsync_limit *l, uint64_t now_ns, uint64_t n);

/** vmsync_limit_take() - take a token; false: there is none */
bool vmsync_limit_take(struct vmsync_limit *l, uint64_t now_ns);

#endif /* VMSYNC_DAEMON_LIMIT_H */
