// SPDX-License-Identifier: MIT
#include "migration/guests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "fuse/fail.h"
#include "fuse/moves.h"

/* A guest's thread in one migration. */
struct ran {
	size_t migration;
	uint32_t thread;
	uint32_t vcpu;
	int64_t ns;
};

struct watch {
	struct migrations *m;
	const struct vmsync_session *session;
	VMSYNC_ARRAY(struct ran) ran;
	bool failed;
};

bool migrations_have_host(const struct migrations *m)
{
	size_t i;

	for (i = 0; i < m->machines.n; i++) {
		if (m->machines.machine[i].side == VMSYNC_SIDE_HOST)
			return true;
	}
	return false;
}

/* While the guest ran and memory was sent, by the host's clock. */
static bool span_of(const struct watch *w, const struct migration *g,
		    int64_t *from_ns, int64_t *until_ns)
{
	const struct migrations *m = w->m;
	const struct migration_side *s = migration_of(m, g);
	const struct vmsync_machine *on =
		&m->machines.machine[m->processes.at[s->process].machine];
	int64_t epoch_ns = on->clock->offset_s * 1000000000 + on->clock->offset;

	if (g->source == MIGRATION_NONE || !*on->clock_uuid ||
	    strcmp(on->clock_uuid, w->session->host->clock_uuid))
		return false;
	*from_ns = s->begin_ns - epoch_ns;
	*until_ns = (s->stop_ns != MIGRATION_NEVER ? s->stop_ns : s->end_ns) -
		    epoch_ns;
	return true;
}

static struct ran *ran_get(struct watch *w, size_t migration,
			   const struct analysis_stay *s)
{
	struct ran *r;
	size_t i;

	for (i = w->ran.count; i--;) {
		r = &w->ran.at[i];
		if (r->migration == migration && r->thread == s->thread)
			return r;
	}
	r = vmsync_array_add(&w->ran);
	if (r)
		*r = (struct ran){ migration, s->thread, s->vcpu, 0 };
	return r;
}

static void thread_take(struct watch *w, size_t migration,
			const struct analysis_stay *s)
{
	int64_t from_ns, until_ns;
	struct ran *r;

	if (!span_of(w, &w->m->list.at[migration], &from_ns, &until_ns))
		return;
	if (s->from_ns > from_ns)
		from_ns = s->from_ns;
	if (s->until_ns < until_ns)
		until_ns = s->until_ns;
	if (from_ns >= until_ns)
		return;
	r = ran_get(w, migration, s);
	if (r)
		r->ns += until_ns - from_ns;
	w->failed |= !r;
}

static void stay(void *ctx, const struct analysis_stay *s)
{
	struct watch *w = ctx;
	size_t i;

	if (s->state != ANALYSIS_GUEST || s->thread == ANALYSIS_NONE)
		return;
	for (i = 0; !w->failed && i < w->m->list.count; i++)
		thread_take(w, i, s);
}

static int begin(void *ctx, const struct analysis *a, struct analysis_sink *sink,
		 struct ctf_error *e)
{
	(void)a;
	(void)e;
	*sink = (struct analysis_sink){ .stay = stay, .ctx = ctx };
	return 0;
}

static bool failed(void *ctx, struct ctf_error *e)
{
	struct watch *w = ctx;

	if (w->failed)
		vmsync_fail_memory(e);
	return w->failed;
}

static const struct migration_process *process_of(const struct migrations *m,
						  size_t side)
{
	return &m->processes.at[m->sides.at[side].process];
}

static bool is_of(const struct migration_process *p, int32_t pid)
{
	size_t i;

	for (i = 0; i < p->n_tids; i++) {
		if (p->tids[i] == pid)
			return pid > 0;
	}
	return false;
}

static int by_ran(const void *a, const void *b)
{
	const struct migration_thread *x = a, *y = b;

	if (x->ran_ns != y->ran_ns)
		return x->ran_ns < y->ran_ns ? 1 : -1;
	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

/* A guest's move that the traces of host and guest tell of: is it this one? */
static void move_take(const struct migrations *m, struct migration *g,
		      const struct vmsync_move *move,
		      const struct vmsync_moved *moved)
{
	if (!g->has_down || moved->at_most)
		return;
	if (is_of(process_of(m, g->source), move->from.pid) &&
	    is_of(process_of(m, g->destination), move->to.pid))
		g->guest_down_ns = moved->arrived_ns - moved->left_ns;
}

/* What fuse has written is on one clock, and tells of no moves any more. */
static int moves_find(struct migrations *m, struct vmsync_session *s,
		      struct ctf_error *e)
{
	size_t i, k, n;
	int ret = s->experiment ? 0 : vmsync_moves_find(s, e);

	for (i = 0; !ret && i < s->n_guests; i++) {
		const struct vmsync_session_guest *g = &s->guests[i];

		for (k = 0; g->moved && k < g->report->n_moves; k++) {
			for (n = 0; n < m->list.count; n++)
				move_take(m, &m->list.at[n],
					  &g->report->moves[k], &g->moved[k]);
		}
	}
	return ret;
}

/* Of all that ran, those of the virtual machine in question. */
static int take(struct watch *w, const struct analysis *a)
{
	size_t i;

	for (i = 0; i < w->ran.count; i++) {
		const struct ran *r = &w->ran.at[i];
		struct migration *g = &w->m->list.at[r->migration];
		const struct migration_side *s = migration_of(w->m, g);
		struct analysis_vcpu_id id =
			analysis_model_vcpu_id(a->model, r->vcpu);
		const struct analysis_thread *t =
			analysis_model_thread(a->model, r->thread);
		struct migration_thread *to;

		if (!is_of(&w->m->processes.at[s->process], id.pid))
			continue;
		to = vmsync_array_add(&g->threads);
		if (!to)
			return -ENOMEM;
		*to = (struct migration_thread){ .tid = t->tid,
						 .ran_ns = r->ns };
		memcpy(to->name, t->name, sizeof(t->name));
	}
	for (i = 0; i < w->m->list.count; i++) {
		struct migration *g = &w->m->list.at[i];

		if (g->threads.count)
			qsort(g->threads.at, g->threads.count,
			      sizeof(g->threads.at[0]), by_ran);
	}
	return 0;
}

int migrations_guests(struct migrations *m, struct vmsync_session *s,
		      const struct vmsync_progress *progress,
		      struct ctf_error *e)
{
	struct watch w = { .m = m, .session = s };
	const struct analysis_taker taker = { begin, failed, &w };
	const struct analysis_options options = { .taker = &taker };
	struct analysis a;
	int ret = moves_find(m, s, e);

	if (ret)
		return ret;
	ret = analysis_run(s, &options, &a, progress, e);
	if (!ret && (w.failed || take(&w, &a)))
		ret = vmsync_fail_memory(e);
	analysis_free(&a);
	vmsync_array_free(&w.ran);
	return ret;
}
