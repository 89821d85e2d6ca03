// SPDX-License-Identifier: MIT
#include <string.h>

#include "analysis/reasons.h"
#include "export/cell.h"
#include "export/changes.h"
#include "export/events.h"
#include "export/names.h"
#include "volume/request.h"

#define BITS(a, b) (1u << (a) | 1u << (b))

/* Columns by state are in the order of enum analysis_state. */
#define STATE_COLUMNS                                                       \
	"guest_ns", "guest_idle_ns", "host_irq_ns", "hypervisor_ns",        \
		"polling_ns", "user_space_ns", "preempted_ns", "waking_ns", \
		"halted_ns", "blocked_ns", "stopped_ns", "unknown_ns"

/* Parts of a request's time are in the order of enum volume_cut. */
#define PART_COLUMNS                                                          \
	"guest_ns", "to_qemu_ns", "qemu_ns", "call_ns", "queue_ns",           \
		"disk_ns", "from_disk_ns", "qemu_after_ns", "back_ns"

static const struct export_columns tables[EXPORT_ALL_TABLES] = {
	[EXPORT_STATES] = { "states",
			    { "vcpu", "from_ns", "until_ns", "state", "place",
			      "thread", "cpu", "woken_by", "woken_by_thread",
			      "woken_by_vcpu" },
			    10,
			    .texts = BITS(3, 4) | 1u << 7,
			    .nones = BITS(5, 6) | 1u << 7 | BITS(8, 9) },
	[EXPORT_CHARGES] = { "charges",
			     { "vcpu", "from_ns", "until_ns", "state", "thread",
			       "who", "who_thread", "who_vcpu" },
			     8,
			     .texts = BITS(3, 5),
			     .nones = 1u << 4 | BITS(6, 7) },
	[EXPORT_EXITS] = { "exits",
			   { "vcpu", "from_ns", "until_ns", "isa", "reason",
			     "name", "ended", "thread", STATE_COLUMNS },
			   8 + ANALYSIS_STATES,
			   .texts = BITS(3, 5),
			   .nones = 1u << 7 },
	[EXPORT_WAKES] = { "wakes",
			   { "thread", "from_ns", "until_ns", "vcpu", "waker",
			     STATE_COLUMNS },
			   5 + ANALYSIS_STATES,
			   .nones = 1u << 4 },
	[EXPORT_EVENTS] = { "events",
			    { "at_ns", "machine", "cpu", "name", "context",
			      "fields" },
			    6,
			    .texts = BITS(3, 4) | 1u << 5,
			    .json = BITS(4, 5),
			    .nones = 1u << 2 },
	[EXPORT_MACHINES] = { "machines",
			      { "machine", "name", "kind", "bound_ns",
				"from_ns", "until_ns" },
			      6,
			      .texts = BITS(1, 2) },
	[EXPORT_VCPUS] = { "vcpus",
			   { "vcpu", "vm", "pid", "tid", "vcpu_id", "machine",
			     "cpu" },
			   7,
			   .texts = 1u << 1,
			   .nones = 1u << 2 | BITS(4, 5) | 1u << 6 },
	[EXPORT_THREADS] = { "threads",
			     { "thread", "machine", "tid", "pid", "name" },
			     5,
			     .texts = 1u << 4,
			     .nones = BITS(3, 4) },
	[EXPORT_REQUESTS] = { "requests",
			      { "number", "from_ns", "until_ns", "machine",
				"dev", "name", "op", "followed", "sector",
				"sectors", "before_ns", "error", PART_COLUMNS },
			      12 + VOLUME_PARTS,
			      .texts = 1u << 5 | BITS(6, 7),
			      .nones = 1u << 10 },
	[EXPORT_LAYERS] = { "layers",
			    { "track", "key", "state", "place", "from_ns",
			      "until_ns", "self_ns", "depth", "nested",
			      "failed", "unfinished" },
			    11,
			    .texts = BITS(0, 1) | BITS(2, 3),
			    .nones = 1u << 3 },
	[EXPORT_CHANGES] = { "changes",
			     { "vcpu", "at_ns", "state", "place", "thread",
			       "cpu", "woken_by", "woken_by_thread",
			       "woken_by_vcpu" },
			     9,
			     .texts = BITS(2, 3) | 1u << 6,
			     .nones = BITS(2, 3) | BITS(4, 5) | BITS(6, 7) |
				      1u << 8 },
};

static const char *const by[] = {
	[ANALYSIS_BY_UNKNOWN] = "unknown", [ANALYSIS_BY_NOBODY] = "nobody",
	[ANALYSIS_BY_IRQ] = "irq",	   [ANALYSIS_BY_TASK] = "task",
	[ANALYSIS_BY_VCPU] = "vcpu",
};

static const char *const places[ANALYSIS_PLACES] = {
	"guest", "hypervisor", "polling", "user_space", "unknown",
};

const struct export_columns *export_columns_of(enum export_table t)
{
	return &tables[t];
}

enum export_table export_table_find(const char *name)
{
	static const enum export_table alone[] = { EXPORT_REQUESTS,
						   EXPORT_CHANGES };
	size_t i;
	int t;

	for (i = 0; i < sizeof(alone) / sizeof(*alone); i++) {
		if (!strcmp(name, tables[alone[i]].name))
			return alone[i];
	}
	for (t = 0; t < EXPORT_TABLES && strcmp(name, tables[t].name); t++)
		;
	return (enum export_table)t;
}

static struct export_value numbered(uint32_t n)
{
	return cell_number_if(n != ANALYSIS_NONE, n);
}

void export_rows_put(struct export_job *j, enum export_table t,
		     const struct export_value *v)
{
	const struct export_rows *rows = j->state;

	if (rows->only != EXPORT_TABLES && rows->only != t)
		return;
	/* What takes time has its begin and end in the same columns. */
	if ((t <= EXPORT_WAKES || t == EXPORT_REQUESTS) &&
	    !export_limit_row(&j->limit, v[2].number - v[1].number))
		return;
	if (!j->error)
		j->error = rows->row(rows->ctx, t, v);
}

static void who(struct export_value *v, const struct analysis_who *w)
{
	v[0] = cell_text(by[w->by]);
	v[1] = numbered(w->by == ANALYSIS_BY_TASK ? w->id :
			w->by == ANALYSIS_BY_VCPU ? w->thread :
						    ANALYSIS_NONE);
	v[2] = numbered(w->by == ANALYSIS_BY_VCPU ? w->id : ANALYSIS_NONE);
}

/*
 * Here and below values are set one by one: to clear all columns that a table might
 * have takes longer.
 */
static void stay(void *ctx, const struct analysis_stay *s)
{
	struct export_job *j = ctx;
	const struct export_rows *rows = j->state;
	int64_t from = s->from_ns, until = s->until_ns;
	struct export_value v[EXPORT_COLUMNS];

	if (!export_clip(j, &from, &until) || !export_wants(j, s->vcpu))
		return;
	v[0] = cell_number(s->vcpu);
	v[1] = cell_number(from);
	v[2] = cell_number(until);
	v[3] = cell_text(analysis_state_key(s->state));
	v[4] = cell_text(places[s->place]);
	v[5] = numbered(s->thread);
	v[6] = numbered(s->cpu);
	if (s->state == ANALYSIS_WAKING)
		who(&v[7], &s->woken_by);
	else
		v[7] = v[8] = v[9] = cell_none();
	if (rows->only == EXPORT_CHANGES)
		export_changes_put(j, v);
	else
		export_rows_put(j, EXPORT_STATES, v);
}

static void charge(void *ctx, const struct analysis_charge *c)
{
	struct export_job *j = ctx;
	int64_t from = c->from_ns, until = c->until_ns;
	struct export_value v[EXPORT_COLUMNS];

	if (!export_clip(j, &from, &until) || !export_wants(j, c->vcpu))
		return;
	v[0] = cell_number(c->vcpu);
	v[1] = cell_number(from);
	v[2] = cell_number(until);
	v[3] = cell_text(analysis_state_key(c->state));
	v[4] = numbered(c->thread);
	who(&v[5], &c->who);
	export_rows_put(j, EXPORT_CHARGES, v);
}

/* As in the tables: what begins in the time that was asked for counts. */
static bool begins(const struct export_job *j, int64_t ns)
{
	const struct analysis_totals *t = &j->analysis->totals;

	return ns >= t->from_ns && ns < t->until_ns;
}

static void states(struct export_value *v, const int64_t ns[ANALYSIS_STATES])
{
	int i;

	for (i = 0; i < ANALYSIS_STATES; i++)
		v[i] = cell_number(ns[i]);
}

static void left(void *ctx, const struct analysis_exit *x)
{
	static const char *const isa[] = { "unknown", "vmx", "svm" };
	struct export_job *j = ctx;
	char name[48];
	struct export_value v[EXPORT_COLUMNS];

	if (!x->told || !begins(j, x->from_ns) || !export_wants(j, x->vcpu))
		return;
	analysis_reason_text(x->isa, x->reason, name, sizeof(name));
	v[0] = cell_number(x->vcpu);
	v[1] = cell_number(x->from_ns);
	v[2] = cell_number(x->until_ns);
	v[3] = cell_text(isa[x->isa]);
	v[4] = cell_number(x->reason);
	v[5] = cell_text(name);
	v[6] = cell_number(x->ended);
	v[7] = numbered(x->thread);
	states(&v[8], x->ns);
	export_rows_put(j, EXPORT_EXITS, v);
}

static void wake(void *ctx, const struct analysis_wake *w)
{
	struct export_job *j = ctx;
	struct export_value v[EXPORT_COLUMNS];

	if (!begins(j, w->from_ns) || !export_wants(j, w->vcpu))
		return;
	v[0] = cell_number(w->thread);
	v[1] = cell_number(w->from_ns);
	v[2] = cell_number(w->until_ns);
	v[3] = cell_number(w->vcpu);
	v[4] = numbered(w->waker);
	states(&v[5], w->ns);
	export_rows_put(j, EXPORT_WAKES, v);
}

struct analysis_sink export_rows_sink(struct export_job *j)
{
	return (struct analysis_sink){ .stay = stay,
				       .charge = charge,
				       .exit = left,
				       .wake = wake,
				       .ctx = j };
}

static struct export_machine machine(const void *ctx, uint32_t i)
{
	const struct vmsync_session *s = ((const struct analysis *)ctx)->session;
	const struct vmsync_session_guest *g = i ? &s->guests[i - 1] : NULL;

	return (struct export_machine){
		.name = g ? g->machine->name : s->host->name,
		.bound_ns = g ? g->report->bound_worst_ns : 0,
	};
}

static const char *vm_name(const void *ctx, uint32_t vcpu, char *buf,
			   size_t size)
{
	return analysis_vm_name(ctx, vcpu, buf, size);
}

int export_rows_end(struct export_job *j)
{
	const struct export_rows *rows = j->state;
	const struct analysis *a = j->analysis;
	struct export_names names;

	if (rows->only == EXPORT_REQUESTS)
		return j->error;
	export_changes_end(j);
	if (!j->error && export_events_wanted(j->options))
		j->error = export_events(j, j->state);
	names = (struct export_names){
		.model = a->model,
		.machines = a->session->n_guests + 1,
		.machine = machine,
		.vm_name = vm_name,
		.ctx = a,
		.from_ns = a->totals.from_ns,
		.until_ns = a->totals.until_ns,
	};
	export_names_put(j, &names);
	return j->error;
}
