/* SPDX-License-Identifier: MIT */
/* The events themselves, of all machines on the host's clock, as rows. */
#ifndef VMSYNC_EXPORT_EVENTS_H
#define VMSYNC_EXPORT_EVENTS_H

#include "export/rows.h"

/** export_events_wanted() - was the table of events asked for? */
bool export_events_wanted(const struct export_options *o);

/**
 * export_events() - read the traces once more, in the order of time
 * @row:	what takes the rows
 * Return: 0 or a negative errno, with the job's @why.
 */
int export_events(struct export_job *j, const struct export_rows *rows);

/**
 * export_events_size() - about how large they will be, from the first packet of
 * each stream
 * @each:	bytes of a row beside its texts
 * Return: bytes, or a negative errno, with the job's @why.
 */
int64_t export_events_size(struct export_job *j, unsigned int each);

#endif /* VMSYNC_EXPORT_EVENTS_H */
