/* SPDX-License-Identifier: MIT */
/* Labels and values of series, as Prometheus' text format has them. */
#ifndef VMSYNC_LIVE_LABEL_H
#define VMSYNC_LIVE_LABEL_H

#include <stdint.h>
#include <stdio.h>

/**
 * live_label_put() - NAME="VALUE"
 * @value:	may be anything: what would end it, or its line, is escaped; control
 *		characters, and bytes that are no character of UTF-8, are ?
 */
void live_label_put(FILE *f, const char *name, const char *value);

/** live_seconds_put() - ns, as seconds to the ns */
void live_seconds_put(FILE *f, uint64_t ns);

/** live_family_put() - what a series means; @type: "counter", "gauge", "histogram" */
void live_family_put(FILE *f, const char *name, const char *type,
		     const char *help);

#endif /* VMSYNC_LIVE_LABEL_H */
