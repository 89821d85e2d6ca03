// SPDX-License-Identifier: MIT
#include "sync/estimate/gaps.h"

#include <string.h>

/*
 * A gap is wide if it is so many times the usual one, and this longer. Beacons come
 * by a timer, so that one which is lost or late makes two or three of it.
 */
#define WIDE	4
#define WIDE_NS 1000000

static void take_out(struct vmsync_gaps *g, unsigned int i)
{
	g->count--;
	memmove(&g->at[i], &g->at[i + 1], (g->count - i) * sizeof(*g->at));
}

void vmsync_gaps_add(struct vmsync_gaps *g, int64_t from, int64_t until)
{
	struct vmsync_gap gap = { from, until, until - from };
	unsigned int least = 0;

	if (until <= from)
		return;
	if (g->count == VMSYNC_GAPS) {
		for (unsigned int i = 1; i < g->count; i++)
			if (g->at[i].length < g->at[least].length)
				least = i;
		if (g->at[least].length >= gap.length)
			return;
		take_out(g, least);
	}
	g->at[g->count++] = gap;
}

/* The usual gap: those that are known, the widest, leave the others. */
static double usual(const struct vmsync_gaps *g, int64_t length,
		     unsigned int fixes)
{
	for (unsigned int i = 0; i < g->count; i++)
		length -= g->at[i].length;
	return fixes > g->count + 1 && length > 0 ?
		       (double)length / (fixes - 1 - g->count) : 0;
}

bool vmsync_gap_is_wide(double length_ns, double usual_ns)
{
	return length_ns > WIDE * usual_ns + WIDE_NS;
}

void vmsync_gaps_wide(struct vmsync_gaps *g, int64_t length,
		      unsigned int fixes)
{
	double often = usual(g, length, fixes);
	bool full = g->count == VMSYNC_GAPS;

	for (unsigned int i = g->count; i--;)
		if (!vmsync_gap_is_wide((double)g->at[i].length, often))
			take_out(g, i);
	if (!full || g->count < VMSYNC_GAPS)
		return;
	for (unsigned int i = 1; i < g->count; i++)
		if (g->at[i].length > g->at[0].length)
			g->at[0].length = g->at[i].length;
	g->at[0].until = g->at[g->count - 1].until;
	g->count = 1;
}
