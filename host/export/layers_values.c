// SPDX-License-Identifier: MIT
#include "export/layers_values.h"
#include "fuse/trace_clock.h"

static struct export_value number(int64_t n)
{
	return (struct export_value){.number = n};
}

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
		v[i] = (struct export_value){
			.text = export_text(texts[i], row->text[i],
					    sizeof(row->text[i]))};
	if (s->place == LAYERS_NO_NAME)
		v[3] = (struct export_value){.none = true};
	v[4] = number(s->from_ns - x->offset_ns);
	v[5] = number(s->until_ns - x->offset_ns);
	v[6] = number(s->self_ns);
	v[7] = number(s->depth);
	v[8] = number((s->flags & LAYERS_NESTED) != 0);
	v[9] = number((s->flags & LAYERS_FAILED) != 0);
	v[10] = number((s->flags & LAYERS_UNFINISHED) != 0);
}

struct export_origin layers_origin(const struct layers_export *x, char uuid[37])
{
	*uuid = '\0';
	if (x->clock)
		vmsync_clock_uuid(x->clock, uuid);
	return export_origin(x->clock, uuid);
}
