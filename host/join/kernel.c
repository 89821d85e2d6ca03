// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/analysis.h"
#include "fuse/fail.h"
#include "join/join.h"

/* One analysis, a row of windows for each migration, and sums of operations. */
struct kernel {
	const struct join *joins;
	size_t n;
	struct join_operations *operations;
	int64_t epoch_ns;
	size_t machine;
	struct analysis_windows *windows;
	struct all_ran *ran; /* of each migration */
	bool failed;
};

/* A virtual CPU was in its guest, the first time and the last one. */
struct ran {
	int64_t first_ns;
	int64_t last_ns;
};

/* By its number. */
struct all_ran {
	VMSYNC_ARRAY(struct ran) vcpus;
};

static void guest_ran(struct kernel *k, size_t i, const struct analysis_stay *s)
{
	const struct analysis_windows *w = &k->windows[i];
	struct all_ran *all = &k->ran[i];
	struct ran *r;

	if (s->until_ns <= w->from_ns || s->from_ns >= w->until_ns)
		return;
	while (all->vcpus.count <= s->vcpu) {
		r = vmsync_array_add(&all->vcpus);
		if (!r) {
			k->failed = true;
			return;
		}
		*r = (struct ran){ INT64_MAX, INT64_MIN };
	}
	r = &all->vcpus.at[s->vcpu];
	if (s->from_ns < r->first_ns)
		r->first_ns = s->from_ns;
	if (s->until_ns > r->last_ns)
		r->last_ns = s->until_ns;
}

static void stay(void *ctx, const struct analysis_stay *s)
{
	struct kernel *k = ctx;
	size_t i;

	for (i = 0; i < k->n; i++) {
		struct analysis_sink sink = analysis_windows_sink(&k->windows[i]);

		sink.stay(sink.ctx, s);
		if (s->state == ANALYSIS_GUEST || s->state == ANALYSIS_GUEST_IDLE)
			guest_ran(k, i, s);
	}
	if (join_operations_stay(k->operations, k->machine, k->epoch_ns, s))
		k->failed = true;
}

/* Times of an analysis are without the clock's offset to the epoch. */
static int begin(void *ctx, const struct analysis *a, struct analysis_sink *sink,
		 struct ctf_error *e)
{
	struct kernel *k = ctx;
	size_t i;

	(void)e;
	for (i = 0; i < k->n; i++) {
		const struct join *j = &k->joins[i];

		analysis_windows_init(&k->windows[i],
				      j->near_from_ns - k->epoch_ns,
				      j->near_until_ns - k->epoch_ns,
				      j->window_ns);
	}
	(void)a;
	*sink = (struct analysis_sink){ .stay = stay, .ctx = k };
	return 0;
}

static bool failed(void *ctx, struct ctf_error *e)
{
	struct kernel *k = ctx;
	bool any = k->failed;
	size_t i;

	for (i = 0; i < k->n; i++)
		any |= k->windows[i].failed;
	if (any)
		vmsync_fail_memory(e);
	return any;
}

/* Is it the QEMU of a side? */
static bool is_of(const struct join *j, size_t side, size_t machine,
		  int32_t pid)
{
	const struct migrations *m = j->migrations;

	return side != MIGRATION_NONE &&
	       migration_process_is(m, m->sides.at[side].process, machine, pid);
}

static int vcpu_take(struct join *j, const struct kernel *k,
		     const struct analysis *a, size_t number, uint32_t vcpu)
{
	const struct analysis_windows *w = &k->windows[number];
	const struct all_ran *all = &k->ran[number];
	int32_t pid = analysis_model_vcpu_id(a->model, vcpu).pid;
	bool is_source = is_of(j, j->migration->source, k->machine, pid);
	struct join_vcpu *to;
	uint32_t i;

	if (!analysis_window_of(w, vcpu, 0) ||
	    (!is_source &&
	     (!join_has_destination(j->migration) ||
	      !is_of(j, j->migration->destination, k->machine, pid))))
		return 0;
	to = vmsync_array_add(&j->vcpus);
	if (!to)
		return -ENOMEM;
	*to = (struct join_vcpu){ .machine = k->machine,
				  .is_source = is_source,
				  .first_ns = INT64_MAX,
				  .last_ns = INT64_MIN };
	if (vcpu < all->vcpus.count && all->vcpus.at[vcpu].first_ns != INT64_MAX) {
		to->first_ns = all->vcpus.at[vcpu].first_ns + k->epoch_ns;
		to->last_ns = all->vcpus.at[vcpu].last_ns + k->epoch_ns;
	}
	analysis_vcpu_text(a, vcpu, to->name, sizeof(to->name));
	for (i = 0; i < w->n && i < JOIN_WINDOWS; i++)
		to->windows[i] = *analysis_window_of(w, vcpu, i);
	return 0;
}

static int vcpus_take(struct join *j, const struct kernel *k,
		      const struct analysis *a)
{
	size_t i;
	uint32_t v;
	int ret = 0;

	for (i = 0; i < k->n; i++) {
		for (v = 0; !ret && v < analysis_model_vcpus(a->model); v++)
			ret = vcpu_take(&j[i], k, a, i, v);
	}
	return ret;
}

int join_kernel(struct join *j, size_t n, struct join_operations *operations,
		size_t machine, const struct vmsync_session *s,
		const struct vmsync_progress *progress, struct ctf_error *e)
{
	const struct migrations *m = operations->migrations;
	struct kernel k = {
		.joins = j,
		.n = n,
		.operations = operations,
		.machine = machine,
		.epoch_ns = migration_epoch_ns(m->machines.machine[machine].clock),
	};
	const struct analysis_taker taker = { begin, failed, &k };
	const struct analysis_options options = { .taker = &taker };
	struct analysis a;
	size_t i;
	int ret;

	k.windows = calloc(n + 1, sizeof(*k.windows));
	k.ran = calloc(n + 1, sizeof(*k.ran));
	if (!k.windows || !k.ran) {
		free(k.windows);
		free(k.ran);
		return vmsync_fail_memory(e);
	}
	ret = analysis_run(s, &options, &a, progress, e);
	if (!ret && vcpus_take(j, &k, &a))
		ret = vmsync_fail_memory(e);
	if (!ret)
		join_operations_end(operations, machine, &a);
	analysis_free(&a);
	for (i = 0; i < n; i++) {
		analysis_windows_free(&k.windows[i]);
		vmsync_array_free(&k.ran[i].vcpus);
	}
	free(k.windows);
	free(k.ran);
	return ret;
}

bool join_kernel_down(const struct join *j, int64_t *ns)
{
	int64_t left_ns = INT64_MIN, arrived_ns = INT64_MAX;
	size_t i;

	for (i = 0; i < j->vcpus.count; i++) {
		const struct join_vcpu *v = &j->vcpus.at[i];

		if (v->is_source && v->last_ns > left_ns)
			left_ns = v->last_ns;
		if (!v->is_source && v->first_ns < arrived_ns)
			arrived_ns = v->first_ns;
	}
	*ns = left_ns == INT64_MIN || arrived_ns == INT64_MAX ?
		      -1 :
		      arrived_ns - left_ns;
	return *ns >= 0;
}
