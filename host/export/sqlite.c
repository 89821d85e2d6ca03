// SPDX-License-Identifier: MIT
/*
 * Rows in tables of SQLite, with views that sum up as vmsync analyze does. A
 * library that may not be there: then the format says so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/events.h"

#ifdef VMSYNC_SQLITE
#include "export/database.h"

/* What columns are called and what they hold is in rows.c. */
struct db {
	struct export_rows rows;
	struct database base;
	struct bulk *bulk[EXPORT_TABLES];
};

/*
 * Indexes begin with the time: rows come nearly in its order, so that they are
 * sorted at half the cost; and few rows of others are between two of one
 * virtual CPU. Views sum up rows; figures as in Documentation/analysis.rst.
 */
static const char after[] =
	"create index states_from on states (from_ns, vcpu);"
	"create index charges_from on charges (from_ns, vcpu);"
	"create index exits_from on exits (from_ns, vcpu);"
	"create index wakes_from on wakes (from_ns, thread);"

	"create view vcpu_states as select v.vcpu, v.vm, v.vcpu_id, s.state,"
	" count(*) as rows, sum(s.until_ns - s.from_ns) as ns"
	" from states s join vcpus v using (vcpu) group by v.vcpu, s.state;"

	"create view vcpu_figures as select vcpu, vm, vcpu_id,"
	" got_ns + steal_ns + blocked_ns + overhead_ns as wanted_ns, got_ns,"
	" steal_ns + blocked_ns as denied_ns, steal_ns, overhead_ns,"
	" ns - got_ns - steal_ns - blocked_ns - overhead_ns as not_wanted_ns"
	" from (select vcpu, vm, vcpu_id, sum(ns) as ns,"
	" sum(iif(state = 'guest', ns, 0)) as got_ns,"
	" sum(iif(state in ('preempted', 'waking'), ns, 0)) as steal_ns,"
	" sum(iif(state = 'blocked', ns, 0)) as blocked_ns,"
	" sum(iif(state in ('hypervisor', 'user_space', 'host_irq'), ns, 0))"
	" as overhead_ns from vcpu_states group by vcpu);"

	"create view culprits as select v.vcpu, v.vm, v.vcpu_id, c.who,"
	" w.vm as who_vm, w.vcpu_id as who_vcpu_id, t.name as who_name,"
	" t.tid as who_tid, t.machine as who_machine, count(*) as turns,"
	" sum(c.until_ns - c.from_ns) as ns,"
	" max(c.until_ns - c.from_ns) as longest_ns"
	" from charges c join vcpus v using (vcpu)"
	" left join vcpus w on w.vcpu = c.who_vcpu"
	" left join threads t on t.thread = c.who_thread"
	" group by c.vcpu, c.who, c.who_vcpu, c.who_thread;"

	"create view exit_reasons as select v.vcpu, v.vm, v.vcpu_id, x.isa,"
	" x.reason, x.name, count(*) as exits,"
	" sum(x.until_ns - x.from_ns) as ns,"
	" sum(x.hypervisor_ns) as handling_ns,"
	" sum(x.user_space_ns) as user_space_ns,"
	" sum(x.preempted_ns + x.waking_ns) as steal_ns,"
	" max(x.until_ns - x.from_ns) as longest_ns"
	" from exits x join vcpus v using (vcpu)"
	" group by x.vcpu, x.isa, x.reason;"

	"create view thread_states as select t.thread, m.name as vm, t.tid,"
	" t.name, s.state, sum(s.until_ns - s.from_ns) as ns"
	" from states s join threads t using (thread)"
	" join machines m using (machine) group by t.thread, s.state;"

	"create view wake_ups as select t.thread, m.name as vm, t.tid, t.name,"
	" w.tid as waker_tid, w.name as waker_name, k.vcpu, k.from_ns,"
	" k.until_ns - k.from_ns as ns, k.until_ns - k.from_ns - k.guest_ns"
	" - k.guest_idle_ns as not_guest_ns, k.preempted_ns + k.waking_ns"
	" as steal_ns, k.halted_ns from wakes k join threads t using (thread)"
	" join machines m using (machine)"
	" left join threads w on w.thread = k.waker;"

	"pragma user_version = 1;"
	"commit;";

static const char after_events[] =
	"create index events_at on events (at_ns, machine);";

static int fail(struct export_job *j, int error)
{
	const struct db *d = j->state;

	if (error)
		memcpy(j->why, d->base.why, sizeof(d->base.why));
	return error;
}

static int tables_make(struct export_job *j)
{
	struct db *d = j->state;
	int t, ret = 0;

	/* The number of a virtual CPU and so on is its table's key. */
	for (t = 0; !ret && t < EXPORT_TABLES; t++) {
		if (t != EXPORT_EVENTS || export_events_wanted(j->options))
			ret = database_table(&d->base,
					     export_columns_of((enum export_table)t),
					     t >= EXPORT_MACHINES, &d->bulk[t]);
	}
	return fail(j, ret);
}

static int row(void *ctx, enum export_table t, const struct export_value *v)
{
	struct export_job *j = ctx;
	struct db *d = j->state;

	return fail(j, database_row(&d->base, d->bulk[t], v));
}

/* Where the file must not become too large its size has to be that of all rows. */
static bool may_go_apart(const struct export_job *j)
{
	return j->analysis->session->jobs > 1 && !j->limit.most_bytes &&
	       sqlite3_threadsafe();
}

static int begin(struct export_job *j, struct analysis_sink *sink)
{
	struct db *d = calloc(1, sizeof(*d));
	int ret;

	j->state = d;
	if (!d)
		return -ENOMEM;
	d->rows = (struct export_rows){row, j, EXPORT_TABLES};
	ret = database_open(&d->base, j->path, may_go_apart(j));
	if (ret)
		return fail(j, ret);
	*sink = export_rows_sink(j);
	return tables_make(j);
}

static int end(struct export_job *j)
{
	struct db *d = j->state;
	int t, ret = export_rows_end(j);

	for (t = 0; !ret && t < EXPORT_TABLES; t++) {
		if (d->bulk[t])
			ret = database_flush(&d->base, d->bulk[t]);
	}
	if (!ret)
		ret = database_rows_end(&d->base);
	/* Another thread may sort while the rows are read. */
	if (!ret && may_go_apart(j))
		ret = database_do(&d->base, "pragma threads = 1;");
	if (!ret && d->bulk[EXPORT_EVENTS])
		ret = database_do(&d->base, after_events);
	return fail(j, ret ? ret : database_do(&d->base, after));
}

static void db_free(struct export_job *j)
{
	struct db *d = j->state;
	int t;

	if (!d)
		return;
	database_stop(&d->base);
	for (t = 0; t < EXPORT_TABLES; t++)
		bulk_free(d->bulk[t]);
	database_close(&d->base);
	free(d);
}

#else

static int begin(struct export_job *j, struct analysis_sink *sink)
{
	(void)sink;
	snprintf(j->why, sizeof(j->why),
		 "this vmsync was built without libsqlite3");
	return -ENOTSUP;
}

static int end(struct export_job *j)
{
	(void)j;
	return 0;
}

static void db_free(struct export_job *j)
{
	(void)j;
}

#endif

const struct export_format export_sqlite = {
	.name = "sqlite",
	.event_bytes = 35,
	.begin = begin,
	.end = end,
	.free = db_free,
};
