// SPDX-License-Identifier: MIT
#include "export/requests.h"
#include "volume/words.h"

#define TEXT (4 * VOLUME_NAME + 1) /* a byte may become \xHH */

bool export_requests_wanted(const struct export_options *o)
{
	return o->table && export_table_find(o->table) == EXPORT_REQUESTS;
}

static struct export_value number(int64_t n)
{
	return (struct export_value){.number = n};
}

static struct export_value text(const char *s)
{
	return (struct export_value){.text = s};
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

	row[0] = number((int64_t)r->number);
	row[1] = number(issued);
	row[2] = number(r->cut_ns[VOLUME_DONE]);
	row[3] = number(machine);
	row[4] = number(volume->dev);
	row[5] = text(export_text(volumes_name(v, machine, volume->dev, name),
				  clean, sizeof(clean)));
	row[6] = text(volume_ops[r->op].key);
	row[7] = text(volume_followeds[l->followed].key);
	row[8] = number(r->sector);
	row[9] = number(r->sectors);
	row[10] = r->bio_ns == VOLUME_NEVER ? (struct export_value){.none = true}
					    : number(issued - r->bio_ns);
	row[11] = number(r->error);
	volume_request_parts(r, l->followed, ns);
	for (i = 0; i < VOLUME_PARTS; i++)
		row[12 + i] = number(ns[i]);
	export_rows_put(j, EXPORT_REQUESTS, row);
	return j->error;
}
