// SPDX-License-Identifier: MIT
/*
 * What could be done about it, by hand. Of one look: that memory was not wanted now says
 * nothing of an hour ago, which is why no hint says more than that.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "memory/working_set.h"

/* Less than that is what any kernel keeps at hand. */
#define LEAST_PAGES (64ull << 20 >> 12)
#define LEAST_SHARE 20 /* nor of less than one in so many of the guest's pages */

/* What was not touched for less may be touched by what is done once a minute. */
#define LEAST_WATCHED_NS 60000000000
#define TOLD_S		 60 /* what the guest told of itself earlier is of another time */
#define BREATHE_SHARE	 10 /* one in so many of its bytes */

/* It goes into a command: what is no uuid is left out of it. */
static const char *domain(const struct memory_result *r)
{
	const char *uuid = r->source->uuid;

	return *uuid && strspn(uuid, "0123456789abcdef-") == strlen(uuid) ? uuid : NULL;
}

static void reporting(const struct memory_result *r, struct memory_hint *h)
{
	*h = (struct memory_hint){
		.kind = "free-page-reporting",
		.bytes = memory_reported(r) * MEMORY_PAGE,
	};
	if (domain(r))
		snprintf(h->command, sizeof(h->command),
			 "virsh edit %s # <memballoon model='virtio' "
			 "freePageReporting='on'/>", domain(r));
	else
		snprintf(h->command, sizeof(h->command),
			 "qemu-system-x86_64 ... -device "
			 "virtio-balloon,free-page-reporting=on");
}

/* What a balloon has taken the host gets; what it gives back is not touched yet. */
static void take_back(const struct memory_result *r, struct memory_hint *h)
{
	uint64_t actual = r->balloon.actual;
	uint64_t less = actual - r->n_reclaimable * MEMORY_PAGE;

	*h = (struct memory_hint){
		.kind = "take-back",
		.bytes = r->n_reclaimable * MEMORY_PAGE,
	};
	if (domain(r))
		snprintf(h->command, sizeof(h->command),
			 "virsh setmem %s %" PRIu64 " --live; sleep 10; "
			 "virsh setmem %s %" PRIu64 " --live", domain(r), less >> 10,
			 domain(r), actual >> 10);
	else
		snprintf(h->command, sizeof(h->command),
			 "{\"execute\": \"balloon\", \"arguments\": {\"value\": %" PRIu64
			 "}}, and then %" PRIu64, less, actual);
}

size_t memory_hints(const struct memory_result *r,
		    struct memory_hint hints[MEMORY_HINTS])
{
	size_t n = 0;

	if (r->n_reclaimable < LEAST_PAGES ||
	    r->n_reclaimable * LEAST_SHARE < r->total)
		return 0;
	if (!r->balloon.reports && memory_reported(r) >= LEAST_PAGES)
		reporting(r, &hints[n++]);
	if (r->balloon.there && r->balloon.actual > r->n_reclaimable * MEMORY_PAGE)
		take_back(r, &hints[n++]);
	return n;
}

/*
 * What the guest is left: what it was seen to touch, and not less than it says it cannot
 * miss, and some to breathe. A balloon takes free memory first, which the host may not even
 * hold: only what it holds beyond that is won.
 */
bool memory_working_set_hint(const struct memory_working_set *set,
			     struct memory_hint *hint)
{
	const struct memory_result *r = &set->look;
	const struct memory_balloon *b = &r->balloon;
	uint64_t held = r->n_present * MEMORY_PAGE, left, bytes;

	if (set->watched_ns < LEAST_WATCHED_NS ||
	    b->told_s + TOLD_S < (uint64_t)time(NULL) || b->available > b->actual)
		return false;
	left = b->actual - b->available;
	if (left < set->touched.most)
		left = set->touched.most;
	left += b->actual / BREATHE_SHARE;
	if (left >= held || left >= b->actual)
		return false;
	bytes = held - left;
	if (bytes / MEMORY_PAGE < LEAST_PAGES || bytes / MEMORY_PAGE * LEAST_SHARE < r->total)
		return false;
	*hint = (struct memory_hint){ .kind = "overcommit", .bytes = bytes };
	if (domain(r))
		snprintf(hint->command, sizeof(hint->command),
			 "virsh setmem %s %" PRIu64 " --live", domain(r), left >> 10);
	else
		snprintf(hint->command, sizeof(hint->command),
			 "{\"execute\": \"balloon\", \"arguments\": {\"value\": %" PRIu64
			 "}}", left);
	return true;
}
