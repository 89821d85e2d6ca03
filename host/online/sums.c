// SPDX-License-Identifier: MIT
#include "online/sums.h"

#include <string.h>

int64_t online_hist_bound_ns(int i)
{
	int64_t ns = 10000;

	if (i == ONLINE_BUCKETS - 1)
		return INT64_MAX;
	while (i--)
		ns *= 10;
	return ns;
}

static void hist_add(struct online_hist *h, int64_t ns)
{
	int i = 0;

	while (ns > online_hist_bound_ns(i))
		i++;
	h->count[i]++;
	h->sum_ns += ns;
}

static struct online_vcpu_sums *vcpu_of(struct online_sums *s, uint32_t vcpu)
{
	while (s->vcpus.count <= vcpu) {
		struct online_vcpu_sums *v = vmsync_array_add(&s->vcpus);

		if (!v) {
			s->failed = true;
			return NULL;
		}
		*v = (struct online_vcpu_sums){ .preempted_ns = -1 };
	}
	return &s->vcpus.at[vcpu];
}

static void preempted_end(struct online_vcpu_sums *v)
{
	if (v->preempted_ns >= 0)
		hist_add(&v->preempted, v->preempted_ns);
	v->preempted_ns = -1;
}

/* It may be several stays: an exit ends while it waits. */
static void stay(void *ctx, const struct analysis_stay *stay)
{
	struct online_vcpu_sums *v = vcpu_of(ctx, stay->vcpu);
	int64_t ns = stay->until_ns - stay->from_ns;

	if (!v || ns <= 0)
		return;
	v->ns[stay->state] += ns;
	if (stay->state != ANALYSIS_PREEMPTED)
		preempted_end(v);
	else
		v->preempted_ns = (v->preempted_ns < 0 ? 0 : v->preempted_ns) + ns;
}

static struct online_charge_sums *charges_of(struct online_sums *s,
					     uint32_t vcpu,
					     const struct analysis_who *who)
{
	uint32_t w = analysis_index_put(&s->who_index,
					(uint64_t)who->by << 32 | who->id);
	uint32_t n = w == ANALYSIS_NONE ?
			     w :
			     analysis_index_put(&s->charge_index,
						(uint64_t)vcpu << 32 | w);
	struct online_charge_sums *c;

	if (n < s->charges.count)
		return &s->charges.at[n];
	c = n == ANALYSIS_NONE ? NULL : vmsync_array_add(&s->charges);
	if (c)
		*c = (struct online_charge_sums){ .vcpu = vcpu, .who = *who };
	return c;
}

static void charge(void *ctx, const struct analysis_charge *c)
{
	struct online_sums *s = ctx;
	int64_t ns = c->until_ns - c->from_ns;
	struct online_charge_sums *sums;

	if (ns <= 0)
		return;
	sums = charges_of(s, c->vcpu, &c->who);
	if (sums)
		sums->ns += ns;
	else
		s->failed = true;
}

static void left(void *ctx, const struct analysis_exit *x)
{
	struct online_sums *s = ctx;
	struct online_exit_sums *e;
	uint32_t n;

	if (!x->told)
		return;
	n = analysis_index_put(&s->exit_index, (uint64_t)x->vcpu << 34 |
						       (uint64_t)x->isa << 32 |
						       x->reason);
	if (n < s->exits.count) {
		s->exits.at[n].count++;
		return;
	}
	e = n == ANALYSIS_NONE ? NULL : vmsync_array_add(&s->exits);
	if (e)
		*e = (struct online_exit_sums){ x->vcpu, x->isa, x->reason, 1 };
	else
		s->failed = true;
}

static void wake(void *ctx, const struct analysis_wake *w)
{
	struct online_sums *s = ctx;
	uint32_t machine = analysis_model_thread(s->model, w->thread)->machine;

	while (s->wakes.count <= machine) {
		struct online_hist *h = vmsync_array_add(&s->wakes);

		if (!h) {
			s->failed = true;
			return;
		}
		memset(h, 0, sizeof(*h));
	}
	hist_add(&s->wakes.at[machine], w->until_ns - w->from_ns);
}

struct analysis_sink online_sums_sink(struct online_sums *s,
				      const struct analysis_model *model)
{
	s->model = model;
	return (struct analysis_sink){ .stay = stay,
				       .charge = charge,
				       .exit = left,
				       .wake = wake,
				       .ctx = s };
}

void online_sums_end(struct online_sums *s)
{
	size_t i;

	for (i = 0; i < s->vcpus.count; i++)
		preempted_end(&s->vcpus.at[i]);
}

void online_sums_free(struct online_sums *s)
{
	vmsync_array_free(&s->vcpus);
	vmsync_array_free(&s->exits);
	vmsync_array_free(&s->charges);
	vmsync_array_free(&s->wakes);
	analysis_index_free(&s->exit_index);
	analysis_index_free(&s->charge_index);
	analysis_index_free(&s->who_index);
}
