/* SPDX-License-Identifier: MIT */
/* Labels of time series in the text format of Prometheus. */
#ifndef VMSYNC_BASE_LABEL_H
#define VMSYNC_BASE_LABEL_H

#include <stdio.h>

/** vmsync_label - name="value", whatever bytes the value has */
void vmsync_label(FILE *f, const char *name, const char *value);

#endif /* VMSYNC_BASE_LABEL_H */
