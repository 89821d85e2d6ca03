/* SPDX-License-Identifier: MIT */
/*
 * Requests of guests to their block devices as rows: what vmsync analyze --volumes sums
 * up, in the order in which they end.
 */
#ifndef VMSYNC_EXPORT_REQUESTS_H
#define VMSYNC_EXPORT_REQUESTS_H

#include "export/rows.h"
#include "volume/volumes.h"

/** export_requests_wanted() - were they asked for? Then nothing else is. */
bool export_requests_wanted(const struct export_options *o);

/** export_request() - one, for struct volumes_taker; @ctx: the job */
int export_request(void *ctx, const struct volumes *v,
		   const struct volume_listed *l);

#endif /* VMSYNC_EXPORT_REQUESTS_H */
