// SPDX-License-Identifier: GPL-2.0-only
#include "kernel.h"
#include "../../guest/track.h"
#include "follow.h"

static struct track track;

static struct track_reading reading(const struct follow_reading *r)
{
	return (struct track_reading){ r->tsc, r->ns, r->frac };
}

bool follow_begin(const struct follow_reading *a, const struct follow_reading *b,
		  int64_t behind_ns, uint64_t period_tsc)
{
	struct track_reading first = reading(a), second = reading(b);

	return !track_begin(&track, &first, &second, behind_ns, period_tsc);
}

bool follow_read(const struct follow_reading *r, uint64_t start_tsc)
{
	struct track_reading next = reading(r);

	return track_read(&track, &next, start_tsc) != TRACK_SAME;
}

uint64_t follow_ns(uint64_t tsc)
{
	return vmsync_clock_lines_ns(&track.lines, tsc);
}

const struct vmsync_clock_lines *follow_lines(void)
{
	return &track.lines;
}

int64_t follow_behind_ns(void)
{
	return track.behind_ns;
}

uint64_t follow_error_ns(void)
{
	return track.error_ns;
}
