// SPDX-License-Identifier: MIT
#include "export/cell.h"
#include "export/layers_values.h"
#include "fuse/trace_clock.h"

void layers_values_make(struct layers_values *row,
			const struct layers_export *x,
			const struct layers_object *obj,
			const struct layers_span *s)
{
	const struct layers_engine *g = x->engine;
	const char *const texts[] = {
		g->tracks.at[s->track].name,
		obj->key,
		layers_name_text(&g->names, s->name),
		layers_name_text(&g->names, s->place),
	};
	struct export_value *v = row->value;
	int i;

	for (i = 0; i < 4; i++)
		v[i] = cell_text(export_text(texts[i], row->text[i],
					     sizeof(row->text[i])));
	if (s->place == LAYERS_NO_NAME)
		v[3] = cell_none();
	v[4] = cell_number(s->from_ns - x->offset_ns);
	v[5] = cell_number(s->until_ns - x->offset_ns);
	v[6] = cell_number(s->self_ns);
	v[7] = cell_number(s->depth);
	v[8] = cell_number((s->flags & LAYERS_NESTED) != 0);
	v[9] = cell_number((s->flags & LAYERS_FAILED) != 0);
	v[10] = cell_number((s->flags & LAYERS_UNFINISHED) != 0);
}

struct export_origin layers_origin(const struct layers_export *x, char uuid[37])
{
	*uuid = '\0';
	if (x->clock)
		vmsync_clock_uuid(x->clock, uuid);
	return export_origin(x->clock, uuid);
}
