// SPDX-License-Identifier: MIT
/*
 * States of two virtual CPUs as changes: each ends with the next row of its own, what is between
 * two states that do not touch is told, and so is the end of the last ones.
 */
#include <string.h>

#include "check.h"
#include "export/changes.h"

#define MOST_ROWS 16

struct told {
	struct export_rows rows;
	struct {
		int64_t vcpu, at_ns;
		const char *state;
	} row[MOST_ROWS];
	int n;
};

static int take(void *ctx, enum export_table t, const struct export_value *v)
{
	struct told *told = ctx;

	CHECK_EQ(t, EXPORT_CHANGES);
	CHECK_EQ(v[2].none, v[3].none);
	CHECK_EQ(v[2].none, v[8].none);
	told->row[told->n].vcpu = v[0].number;
	told->row[told->n].at_ns = v[1].number;
	told->row[told->n++].state = v[2].none ? "" : v[2].text;
	return 0;
}

static void put(struct export_job *j, int64_t vcpu, int64_t from_ns, int64_t until_ns,
		const char *state)
{
	struct export_value v[10] = { { .number = vcpu },
				      { .number = from_ns },
				      { .number = until_ns },
				      { .text = state },
				      { .text = "guest" } };

	export_changes_put(j, v);
}

static void row_is(const struct told *told, int i, int64_t vcpu, int64_t at_ns,
		   const char *state)
{
	CHECK_EQ(told->row[i].vcpu, vcpu);
	CHECK_EQ(told->row[i].at_ns, at_ns);
	CHECK(!strcmp(told->row[i].state, state));
}

int main(int argc, char **argv)
{
	struct told told = { .rows = { take, &told, EXPORT_CHANGES } };
	struct export_job j = { .state = &told };

	check_init(argc, argv);
	put(&j, 2, 10, 20, "guest");
	put(&j, 0, 15, 25, "halted");
	put(&j, 2, 20, 30, "polling");
	put(&j, 0, 40, 50, "guest");
	export_changes_end(&j);
	CHECK_EQ(told.n, 7);
	row_is(&told, 0, 2, 10, "guest");
	row_is(&told, 1, 0, 15, "halted");
	row_is(&told, 2, 2, 20, "polling");
	row_is(&told, 3, 0, 25, "");
	row_is(&told, 4, 0, 40, "guest");
	row_is(&told, 5, 0, 50, "");
	row_is(&told, 6, 2, 30, "");
	CHECK(!j.error);
	vmsync_array_free(&j.until_ns);
	return check_done();
}
