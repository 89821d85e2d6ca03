/* SPDX-License-Identifier: MIT */
/*
 * What each virtual CPU did, as changes: what it did from when on, until the next row of that
 * virtual CPU. The end of a state is not there, which takes nearly half of a file of Parquet and
 * is said once more as the begin of the next state.
 */
#ifndef VMSYNC_EXPORT_CHANGES_H
#define VMSYNC_EXPORT_CHANGES_H

#include "export/rows.h"

/**
 * export_changes_put() - the next state of a virtual CPU
 * @v:	a row of EXPORT_STATES
 *
 * Where the state before it ended earlier, a row without a state is in between.
 */
void export_changes_put(struct export_job *j, const struct export_value *v);

/** export_changes_end() - all was told: of each virtual CPU a row without a state */
void export_changes_end(struct export_job *j);

#endif /* VMSYNC_EXPORT_CHANGES_H */
