// SPDX-License-Identifier: MIT
#include "migration/guests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "fuse/fail.h"
#include "fuse/moves.h"

/* A guest's thread in one migration: so long it ran, on this virtual CPU the last time. */
struct ran {
	int64_t ns;
	uint32_t vcpu;
};

/* Of one migration, by the thread's number. */
struct all_ran {
	VMSYNC_ARRAY(struct ran) threads;
};

struct watch {
	struct migrations *m;
	const struct vmsync_session *session;
	struct all_ran *ran; /* by the migration's number */
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
	int64_t epoch_ns = migration_epoch_ns(on->clock);

	if (g->source == MIGRATION_NONE || !*on->clock_uuid ||
	    strcmp(on->clock_uuid, w->session->host->clock_uuid))
		return false;
	*from_ns = s->begin_ns - epoch_ns;
	*until_ns = (s->stop_ns != MIGRATION_NEVER ? s->stop_ns : s->end_ns) -
		    epoch_ns;
	return true;
}

static struct ran *ran_get(struct all_ran *all, uint32_t thread)
{
	while (all->threads.count <= thread) {
		struct ran *r = vmsync_array_add(&all->threads);

		if (!r)
			return NULL;
		*r = (struct ran){ 0 };
	}
	return &all->threads.at[thread];
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
	r = ran_get(&w->ran[migration], s->thread);
	if (r) {
		r->ns += until_ns - from_ns;
		r->vcpu = s->vcpu;
	}
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
static int take(const struct analysis *a, const struct all_ran *ran,
		const struct migration_process *p, struct migration *g)
{
	size_t i;

	for (i = 0; i < ran->threads.count; i++) {
		const struct ran *r = &ran->threads.at[i];
		const struct analysis_thread *t;
		struct migration_thread *to;

		if (!r->ns ||
		    !is_of(p, analysis_model_vcpu_id(a->model, r->vcpu).pid))
			continue;
		to = vmsync_array_add(&g->threads);
		if (!to)
			return -ENOMEM;
		t = analysis_model_thread(a->model, (uint32_t)i);
		*to = (struct migration_thread){ .tid = t->tid,
						 .ran_ns = r->ns };
		memcpy(to->name, t->name, sizeof(t->name));
	}
	if (g->threads.count)
		qsort(g->threads.at, g->threads.count, sizeof(g->threads.at[0]),
		      by_ran);
	return 0;
}

static int take_all(struct watch *w, const struct analysis *a)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < w->m->list.count; i++) {
		struct migration *g = &w->m->list.at[i];

		if (g->source != MIGRATION_NONE)
			ret = take(a, &w->ran[i], process_of(w->m, g->source),
				   g);
	}
	return ret;
}

int migrations_guests(struct migrations *m, struct vmsync_session *s,
		      const struct vmsync_progress *progress,
		      struct ctf_error *e)
{
	struct watch w = { .m = m, .session = s };
	const struct analysis_taker taker = { begin, failed, &w };
	const struct analysis_options options = { .taker = &taker };
	struct analysis a;
	size_t i;
	int ret = moves_find(m, s, e);

	if (ret)
		return ret;
	w.ran = calloc(m->list.count + 1, sizeof(*w.ran));
	if (!w.ran)
		return vmsync_fail_memory(e);
	ret = analysis_run(s, &options, &a, progress, e);
	if (!ret && (w.failed || take_all(&w, &a)))
		ret = vmsync_fail_memory(e);
	analysis_free(&a);
	for (i = 0; i < m->list.count; i++)
		vmsync_array_free(&w.ran[i].threads);
	free(w.ran);
	return ret;
}
