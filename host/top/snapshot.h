/* SPDX-License-Identifier: MIT */
/*
 * What `vmsync live --analyze` has found by now, read from the file of its --metrics. That
 * file is whole at any time. Names in it are anybody's.
 */
#ifndef VMSYNC_TOP_SNAPSHOT_H
#define VMSYNC_TOP_SNAPSHOT_H

#include <stdbool.h>

#include "analysis/state.h"
#include "ctf/ctf.h"
#include "sync/base/array.h"

/** struct top_part - what had a VM's CPU, in ns; or a reason of exits, how often */
struct top_part {
	char name[96];
	int64_t n;
};

/** struct top_parts - an array of array.h */
struct top_parts {
	struct top_part *at;
	size_t count;
	size_t capacity;
};

/** struct top_vm - sums since the host's session began */
struct top_vm {
	char name[80];
	int64_t ns[ANALYSIS_STATES];
	struct top_parts by;
	struct top_parts exits;
};

/**
 * struct top_snapshot - all of them; all 0 is empty
 * @analysed_ns: host time up to which it is; 0: nothing is analysed
 * @lag_ns:	how long ago that was
 * @bound_ns:	what the clock of any guest is known to; INT64_MAX: of one it is not
 * @urls, @attached: relay daemons, and those whose sessions are being read
 * @lost_packets, @lost_events: in all
 * @wrong:	witnesses that contradict, and events that came too late
 */
struct top_snapshot {
	VMSYNC_ARRAY(struct top_vm) vms;
	int64_t analysed_ns;
	int64_t lag_ns;
	int64_t bound_ns;
	unsigned int urls;
	unsigned int attached;
	int64_t lost_packets;
	int64_t lost_events;
	int64_t wrong;
};

/** top_snapshot_read() - of file @path into @s, which is empty; 0 or a negative errno */
int top_snapshot_read(const char *path, struct top_snapshot *s,
		      struct ctf_error *e);

/** top_snapshot_free() - it is empty then */
void top_snapshot_free(struct top_snapshot *s);

#endif /* VMSYNC_TOP_SNAPSHOT_H */
