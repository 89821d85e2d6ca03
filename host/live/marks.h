/* SPDX-License-Identifier: MIT */
/*
 * How far an idle stream of a folder is known. Nothing in the folder tells of it, but:
 * once some stream had come to a time of the machine's clock, that time was over, and
 * what any other recorded until then is there when the tracer has written it. So
 * nobody's clock has to be known but by what was recorded.
 */
#ifndef VMSYNC_LIVE_MARKS_H
#define VMSYNC_LIVE_MARKS_H

#include <stdint.h>

#define LIVE_MARKS 16

/**
 * struct live_marks - all 0 but for @settle_ns at first
 * @settle_ns:	what is recorded is written by then
 * @newest:	time to which some stream came, raw clock value
 * @settled:	all came to, the same
 * @at:		[@n] times, and when they were seen
 */
struct live_marks {
	int64_t settle_ns;
	uint64_t newest;
	uint64_t settled;
	unsigned int n;
	struct {
		int64_t seen_ns;
		uint64_t time;
	} at[LIVE_MARKS];
};

/** live_marks_seen() - some stream came to that time */
void live_marks_seen(struct live_marks *m, uint64_t time);

/** live_marks_settled() - time to which all came by @now_ns, of any clock of ours */
uint64_t live_marks_settled(struct live_marks *m, int64_t now_ns);

#endif /* VMSYNC_LIVE_MARKS_H */
