// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "export/cell.h"
#include "export/changes.h"

#define NEVER INT64_MIN

/* Columns behind vcpu and at_ns are those of states behind vcpu, from_ns and until_ns. */
#define OF_CHANGE 2
#define OF_STATE  3

/* When the last state of that virtual CPU ended, or NEVER. NULL: no memory. */
static int64_t *until_of(struct export_job *j, uint32_t vcpu)
{
	while (j->until_ns.count <= vcpu) {
		int64_t *p = vmsync_array_add(&j->until_ns);

		if (!p)
			return NULL;
		*p = NEVER;
	}
	return &j->until_ns.at[vcpu];
}

static void put_none(struct export_job *j, uint32_t vcpu, int64_t at_ns)
{
	struct export_value row[EXPORT_COLUMNS];
	int i;

	row[0] = cell_number(vcpu);
	row[1] = cell_number(at_ns);
	for (i = OF_CHANGE; i < export_columns_of(EXPORT_CHANGES)->n; i++)
		row[i] = cell_none();
	export_rows_put(j, EXPORT_CHANGES, row);
}

void export_changes_put(struct export_job *j, const struct export_value *v)
{
	int n = export_columns_of(EXPORT_CHANGES)->n - OF_CHANGE;
	uint32_t vcpu = (uint32_t)v[0].number;
	int64_t *until_ns = until_of(j, vcpu);
	struct export_value row[EXPORT_COLUMNS];

	if (!until_ns) {
		j->error = -ENOMEM;
		return;
	}
	if (*until_ns != NEVER && *until_ns != v[1].number)
		put_none(j, vcpu, *until_ns);
	*until_ns = v[2].number;
	memcpy(row, v, OF_CHANGE * sizeof(*row));
	memcpy(row + OF_CHANGE, v + OF_STATE, (size_t)n * sizeof(*row));
	export_rows_put(j, EXPORT_CHANGES, row);
}

void export_changes_end(struct export_job *j)
{
	uint32_t i;

	for (i = 0; i < j->until_ns.count; i++) {
		if (j->until_ns.at[i] != NEVER)
			put_none(j, i, j->until_ns.at[i]);
	}
}
