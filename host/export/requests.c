// SPDX-License-Identifier: MIT
#include "export/cell.h"
#include "export/requests.h"
#include "volume/words.h"

#define TEXT (4 * VOLUME_NAME + 1) /* a byte may become \xHH */

bool export_requests_wanted(const struct export_options *o)
{
	return o->table && export_table_find(o->table) == EXPORT_REQUESTS;
}

int export_request(void *ctx, const struct volumes *v,
		   const struct volume_listed *l)
{
	const struct volume_request *r = &l->request;
	const struct volume *volume = &v->volumes.at[r->volume];
	uint32_t machine = volume->guest + 1;
	struct export_value row[EXPORT_COLUMNS];
	struct export_job *j = ctx;
	int64_t issued = r->cut_ns[VOLUME_ISSUED], ns[VOLUME_PARTS];
	char name[VOLUME_NAME], clean[TEXT];
	int i;

	row[0] = cell_number((int64_t)r->number);
	row[1] = cell_number(issued);
	row[2] = cell_number(r->cut_ns[VOLUME_DONE]);
	row[3] = cell_number(machine);
	row[4] = cell_number(volume->dev);
	row[5] = cell_text(export_text(volumes_name(v, machine, volume->dev, name),
				  clean, sizeof(clean)));
	row[6] = cell_text(volume_ops[r->op].key);
	row[7] = cell_text(volume_followeds[l->followed].key);
	row[8] = cell_number(r->sector);
	row[9] = cell_number(r->sectors);
	row[10] = cell_number_if(r->bio_ns != VOLUME_NEVER, issued - r->bio_ns);
	row[11] = cell_number(r->error);
	volume_request_parts(r, l->followed, ns);
	for (i = 0; i < VOLUME_PARTS; i++)
		row[12 + i] = cell_number(ns[i]);
	export_rows_put(j, EXPORT_REQUESTS, row);
	return j->error;
}
