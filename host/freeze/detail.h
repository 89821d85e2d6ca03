/* SPDX-License-Identifier: MIT */
/*
 * More events than usual, on the host and in its guests, for some time, and then those of
 * before again. Whoever is not reached meanwhile is told the next time.
 */
#ifndef VMSYNC_FREEZE_DETAIL_H
#define VMSYNC_FREEZE_DETAIL_H

#include "freeze/budget.h"
#include "freeze/job.h"

#define FREEZE_MOST_DETAIL_NS (600 * 1000000000ull)

struct freeze_recorder;

/**
 * struct freeze_detail - it
 * @budget:	as many in an hour, and as far apart, as freezes; they need no disk
 * @events:	VMSYNC_PORT_EVENTS_*, those that are recorded until @until_ns
 * @until_ns:	0: none is under way
 * @host_events: those that the host records
 * @next_events: those that @job has it record
 * @ask:	number of who asked and is answered once @job is done, 0: nobody
 * @said:	what the host does not record of them
 */
struct freeze_detail {
	struct freeze_budget budget;
	uint8_t events;
	uint64_t until_ns;
	uint8_t host_events;
	uint8_t next_events;
	uint32_t ask;
	struct freeze_job job;
	char said[256];
};

/** freeze_detail_init() - none; 0 or -ENOMEM */
int freeze_detail_init(struct freeze_recorder *r);

/** freeze_detail_begin() - record @events for @ns; it was allowed */
void freeze_detail_begin(struct freeze_recorder *r, uint32_t ask, uint8_t events,
			 uint64_t ns, uint64_t now_ns);

/** freeze_detail_tick() - have everybody record what is to be recorded now */
void freeze_detail_tick(struct freeze_recorder *r, uint64_t now_ns);

/** freeze_detail_end() - no more is waited for */
void freeze_detail_end(struct freeze_recorder *r);

#endif /* VMSYNC_FREEZE_DETAIL_H */
