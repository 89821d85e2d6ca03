// SPDX-License-Identifier: MIT
/*
 * What could be done about it, by hand. Of one look: that memory was not wanted now says
 * nothing of an hour ago, which is why no hint says more than that.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "memory/memory.h"

/* Less than that is what any kernel keeps at hand. */
#define LEAST_PAGES (64ull << 20 >> 12)
#define LEAST_SHARE 20 /* nor of less than one in so many of the guest's pages */

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
