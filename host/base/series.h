/* SPDX-License-Identifier: MIT */
/* Series, their labels and values, as Prometheus' text format has them. */
#ifndef VMSYNC_BASE_SERIES_H
#define VMSYNC_BASE_SERIES_H

#include <stdint.h>
#include <stdio.h>

/** vmsync_series_family() - what a series means; @type: "counter", "gauge", "histogram" */
void vmsync_series_family(FILE *f, const char *name, const char *type,
			  const char *help);

/**
 * vmsync_series_label() - NAME="VALUE"
 * @value:	may be anything: what would end it, or its line, is escaped; control
 *		characters, and bytes that are no character of UTF-8, are ?
 */
void vmsync_series_label(FILE *f, const char *name, const char *value);

/** vmsync_series_seconds() - ns, as seconds to the ns */
void vmsync_series_seconds(FILE *f, uint64_t ns);

#endif /* VMSYNC_BASE_SERIES_H */
