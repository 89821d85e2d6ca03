// SPDX-License-Identifier: MIT
#include "migration/migration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/experiment.h"
#include "fuse/fail.h"
#include "fuse/trace_clock.h"

/* Its main thread, which logs, has the process's number. */
bool migration_process_is(const struct migrations *m, size_t process,
			  size_t machine, int32_t pid)
{
	const struct migration_process *p = &m->processes.at[process];
	size_t i;

	for (i = 0; p->machine == machine && i < p->n_tids; i++) {
		if (p->tids[i] == pid)
			return pid > 0;
	}
	return false;
}

int64_t migration_epoch_ns(const struct ctf_clock *c)
{
	uint64_t s = c ? (uint64_t)c->offset_s : 0;

	return (int64_t)(s * 1000000000 + (c ? (uint64_t)c->offset : 0));
}

static struct migration_process *process_new(struct migrations *m,
					     const struct ctf_trace *t,
					     size_t machine)
{
	const struct ctf_clock *clock = vmsync_trace_clock(t);
	const char *back = ctf_trace_env(t, "went_back_ns");
	const char *vm = ctf_trace_env(t, "vm");
	const char *source = ctf_trace_env(t, "source");
	struct migration_process *p = vmsync_array_add(&m->processes);

	if (!p)
		return NULL;
	*p = (struct migration_process){
		.trace = t,
		.machine = machine,
		.vm = vm,
		.uuid = ctf_trace_env(t, "vm_uuid"),
		.host = ctf_trace_env(t, "vm_host"),
		.name = vm ? vm : source ? source : ctf_trace_path(t),
		.bound_ns = clock ? clock->precision : 0,
		.on_trace_clock = clock && clock->has_uuid,
		.went_back_ns = back ? strtoll(back, NULL, 10) : 0,
	};
	return p;
}

static void tid_take(struct migration_process *p, const struct ctf_event *ev)
{
	struct ctf_field f;
	int64_t tid;
	size_t i;

	if (p->n_tids == MIGRATION_TIDS || !ctf_field_any(ev->cls, "tid", &f) ||
	    !ctf_get_s64(ev, &f, &tid))
		return;
	for (i = 0; i < p->n_tids && p->tids[i] != tid; i++)
		;
	if (i == p->n_tids)
		p->tids[p->n_tids++] = (int32_t)tid;
}

static int events_read(struct migrations *m, const struct ctf_trace *t,
		       const struct migration_decoder *d,
		       struct migration_reader *r, struct ctf_error *e)
{
	const struct ctf_clock *clock = m->machines.machine[
		m->processes.at[r->process].machine].clock;
	struct ctf_merge *merge = ctf_merge_new();
	const struct ctf_event *ev;
	struct migration_told told;
	int ret;

	if (!merge)
		return vmsync_fail_memory(e);
	ret = ctf_merge_add_want(merge, t, NULL, migration_decoder_want(d), e);
	while (ret >= 0 && (ret = ctf_merge_next(merge, &ev, e)) > 0) {
		migration_decoder_read(d, ev, &told);
		tid_take(&m->processes.at[r->process], ev);
		told.ns = (int64_t)(ev->clock +
				    (uint64_t)migration_epoch_ns(clock));
		if (told.ns < 0 || told.ns > INT64_MAX / 2) {
			ret = vmsync_fail(e, -EINVAL, "",
					  "%.400s: its times are beyond measure",
					  ctf_trace_path(t));
			break;
		}
		if (told.ns < m->from_ns)
			m->from_ns = told.ns;
		if (migration_reader_take(r, &told))
			ret = vmsync_fail_memory(e);
	}
	ctf_merge_free(merge);
	return ret < 0 ? ret : 0;
}

static int trace_read(struct migrations *m, const struct ctf_trace *t,
		      size_t machine, struct ctf_error *e)
{
	struct migration_process *p = process_new(m, t, machine);
	struct migration_decoder *d = migration_decoder_new(t);
	struct migration_reader r = { .sides = &m->sides };
	int ret;

	if (!p || !d) {
		migration_decoder_free(d);
		return vmsync_fail_memory(e);
	}
	r.process = m->processes.count - 1;
	r.states_by_log = migration_decoder_tells(d, MIGRATION_STATE);
	r.runs_by_log = migration_decoder_tells(d, MIGRATION_RUNSTATE);
	r.syncs_by_log = migration_decoder_tells(d, MIGRATION_SYNC_END);
	ret = events_read(m, t, d, &r, e);
	p->broken = r.broken;
	migration_decoder_free(d);
	return ret;
}

/* What vmsync fuse knew: an experiment, and where in it the last trace was that was asked for. */
struct known {
	struct vmsync_experiment *x;
	struct vmsync_experiment_place place;
};

/* Return: 0, -ENOENT where the trace is in none, or another negative errno. */
static int known_load(struct known *k, const struct ctf_trace *t,
		      struct ctf_error *e)
{
	struct vmsync_experiment_place place;
	int ret;

	if (!vmsync_experiment_place(t, &place))
		return -ENOENT;
	if (k->x && !strcmp(k->place.dir, place.dir)) {
		k->place = place;
		return 0;
	}
	vmsync_experiment_free(k->x);
	k->place = place;
	ret = vmsync_experiment_load(place.dir, &k->x, e);
	if (!ret)
		ret = vmsync_experiment_maps(k->x, place.dir, e);
	if (ret) {
		vmsync_experiment_free(k->x);
		k->x = NULL;
	}
	return ret;
}

/* On the clock that vmsync fuse put several machines on: a moment of one of them. */
static void known_at(const struct known *k, struct migration_side *s,
		     int64_t ns, int64_t epoch_ns)
{
	int64_t bound_ns;

	if (ns == MIGRATION_NEVER)
		return;
	if (vmsync_experiment_bound(k->x, k->place.folder, ns - epoch_ns,
				    &bound_ns))
		s->known_ns = INT64_MAX;
	else if (bound_ns > s->known_ns)
		s->known_ns = bound_ns;
}

static int side_known(const struct migrations *m, struct migration_side *s,
		      struct known *k, struct ctf_error *e)
{
	const struct migration_process *p = &m->processes.at[s->process];
	int64_t epoch_ns = migration_epoch_ns(
		m->machines.machine[p->machine].clock);
	int ret;

	if (s->stop_ns == MIGRATION_NEVER && s->run_ns == MIGRATION_NEVER)
		return 0;
	ret = known_load(k, p->trace, e);
	if (ret == -ENOENT)
		s->known_ns = INT64_MAX;
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	known_at(k, s, s->stop_ns, epoch_ns);
	known_at(k, s, s->run_ns, epoch_ns);
	return 0;
}

static int all_known(struct migrations *m, struct ctf_error *e)
{
	struct known k = { 0 };
	size_t i;
	int ret = 0;

	for (i = 0; !ret && m->machines.fused && i < m->sides.count; i++)
		ret = side_known(m, &m->sides.at[i], &k, e);
	vmsync_experiment_free(k.x);
	return ret;
}

int migrations_find(char *const *paths, size_t n, uint64_t agree_ns,
		    struct migrations *m, struct ctf_error *e)
{
	size_t i, j;
	int ret;

	memset(m, 0, sizeof(*m));
	m->from_ns = INT64_MAX;
	m->agree_ns = agree_ns;
	ret = vmsync_machines_open(paths, n, &m->machines, true, e);
	for (i = 0; !ret && i < m->machines.n; i++) {
		const struct vmsync_machine *of = &m->machines.machine[i];

		for (j = 0; !ret && j < of->n; j++) {
			if (migration_is_qemu(of->traces[j]))
				ret = trace_read(m, of->traces[j], i, e);
		}
	}
	if (!ret && !m->processes.count)
		ret = vmsync_fail(e, -EINVAL,
				  "make one of QEMU's log with vmsync import",
				  "%.400s: nothing that QEMU told", paths[0]);
	if (!ret)
		ret = all_known(m, e);
	if (!ret && migrations_pair(m))
		ret = vmsync_fail_memory(e);
	return ret;
}

void migrations_free(struct migrations *m)
{
	size_t i;

	for (i = 0; i < m->list.count; i++)
		vmsync_array_free(&m->list.at[i].threads);
	vmsync_array_free(&m->list);
	migration_sides_free(&m->sides);
	vmsync_array_free(&m->processes);
	vmsync_machines_close(&m->machines);
}

const struct migration_side *migration_of(const struct migrations *m,
					  const struct migration *g)
{
	return &m->sides.at[g->source != MIGRATION_NONE ? g->source :
							  g->destination];
}

bool migrations_doubts(const struct migrations *m)
{
	size_t i;
	bool any = false;

	for (i = 0; i < m->processes.count; i++)
		any |= m->processes.at[i].went_back_ns ||
		       m->processes.at[i].broken;
	for (i = 0; i < m->sides.count; i++)
		any |= m->sides.at[i].mixed ||
		       migration_rounds_stepped(&m->sides.at[i].rounds);
	return any;
}
