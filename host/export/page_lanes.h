/* SPDX-License-Identifier: MIT */
/* For host/export/page_*.c only: a migration drawn, each layer below the other. */
#ifndef VMSYNC_EXPORT_PAGE_LANES_H
#define VMSYNC_EXPORT_PAGE_LANES_H

#include <stdio.h>

#include "join/join.h"

/**
 * page_lanes() - a picture of the time from @from_ns until @until_ns
 * @g:		of the objects; NULL: there are none
 * @about:	what is seen, for those who do not see it
 */
void page_lanes(FILE *f, const struct join *j, const struct layers_engine *g,
		const char *about, int64_t from_ns, int64_t until_ns);

#endif /* VMSYNC_EXPORT_PAGE_LANES_H */
