/* SPDX-License-Identifier: MIT */
/*
 * Which of several sources ticks follow. All send as often as their live timers end, one
 * after the other, as chance has it, and what can be analysed is what all of them sent: at
 * the moment when one has sent, that is what there was when the one did that is next. So
 * ticks follow the source at whose moments that is the least time ago.
 */
#ifndef VMSYNC_LIVE_PACE_H
#define VMSYNC_LIVE_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct live_paced - a source
 * @came_ns:	when something came of it last; 0: nothing did
 * @every_ns:	how often it comes, about
 * @behind_ns:	how long ago then the one came that had not come for longest
 */
struct live_paced {
	int64_t came_ns;
	int64_t every_ns;
	int64_t behind_ns;
};

/**
 * struct live_pace - all of them
 * @at:		[@n] of these, all 0
 * @followed:	number of one
 */
struct live_pace {
	struct live_paced *at;
	size_t n;
	size_t followed;
};

/** live_pace_came() - something came of @i; whether that is the one that is followed */
bool live_pace_came(struct live_pace *p, size_t i, int64_t now_ns);

/**
 * live_pace_soon_ns() - when others that send soon after the one that is followed will have
 * Of two that send at nearly the same moment now one comes first, and now the other. Without
 * a wait for whoever is second there a tick would see what it had sent a whole period before.
 * Return: a time that may be over, or 0.
 */
int64_t live_pace_soon_ns(const struct live_pace *p);

#endif /* VMSYNC_LIVE_PACE_H */
