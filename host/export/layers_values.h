/* SPDX-License-Identifier: MIT */
/* A state of layers as a row of the table EXPORT_LAYERS. */
#ifndef VMSYNC_EXPORT_LAYERS_VALUES_H
#define VMSYNC_EXPORT_LAYERS_VALUES_H

#include "export/layers.h"
#include "export/origin.h"

/** struct layers_values - @value: as long as this is there; @text: its texts */
struct layers_values {
	struct export_value value[EXPORT_COLUMNS];
	char text[4][4 * LAYERS_TEXT + 1]; /* a byte may become \xHH */
};

/** layers_values_make() - of a state of an object */
void layers_values_make(struct layers_values *row,
			const struct layers_export *x,
			const struct layers_object *obj,
			const struct layers_span *s);

/** layers_origin() - of the clock that times are on; @uuid has to outlive it */
struct export_origin layers_origin(const struct layers_export *x, char uuid[37]);

#endif /* VMSYNC_EXPORT_LAYERS_VALUES_H */
