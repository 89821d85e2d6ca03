/* SPDX-License-Identifier: MIT */
/* For host/export/page_*.c only: a live migration, in sentences, pictures and a table. */
#ifndef VMSYNC_EXPORT_PAGE_JOIN_H
#define VMSYNC_EXPORT_PAGE_JOIN_H

#include <stdio.h>

#include "analysis/layers/engine.h"
#include "join/join.h"

/**
 * page_join() - a section of its own
 * @number:	of it, in its id
 * @g:		of the objects; NULL: there are none
 */
void page_join(FILE *f, const struct join *j, size_t number,
	       const struct layers_engine *g);

/** page_join_title() - whose migration, from where to where */
void page_join_title(FILE *f, const struct join *j);

#endif /* VMSYNC_EXPORT_PAGE_JOIN_H */
