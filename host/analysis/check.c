// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "analysis/check.h"
#include "fuse/fail.h"
#include "fuse/print.h"

static enum analysis_verdict verdict(const struct analysis_check_row *r)
{
	if (r->ours > r->kernels + r->tolerance)
		return ANALYSIS_MORE;
	return r->ours + r->tolerance_less < r->kernels ? ANALYSIS_FEWER :
							  ANALYSIS_SAME;
}

static int row(struct analysis_check *c, const struct analysis_check_row *r)
{
	struct analysis_check_row *p = vmsync_array_add(&c->rows);

	if (!p)
		return -ENOMEM;
	*p = *r;
	p->verdict = verdict(p);
	return 0;
}

/* The same by two clocks of which one is steered. */
static uint64_t steering(uint64_t ns)
{
	return ns / 1000000 * ANALYSIS_CHECK_PPM +
	       ns % 1000000 * ANALYSIS_CHECK_PPM / 1000000;
}

static int times_row(struct analysis_check *c, uint32_t vcpu,
		     const struct analysis_task_counters *k, const char *what,
		     uint64_t ours, uint64_t kernels)
{
	const struct analysis_check_row r = { .vcpu = vcpu,
					      .pid = k->pid,
					      .what = what,
					      .ours = ours,
					      .kernels = kernels };

	return row(c, &r);
}

static int ns_row(struct analysis_check *c, uint32_t vcpu,
		  const struct analysis_task_counters *k, const char *what,
		  int64_t ours, uint64_t kernels, int64_t less, int64_t more)
{
	const struct analysis_check_row r = {
		.vcpu = vcpu,
		.pid = k->pid,
		.what = what,
		.is_time = true,
		.ours = (uint64_t)ours,
		.kernels = kernels,
		.tolerance = (uint64_t)less + steering(kernels),
		.tolerance_less = (uint64_t)more + steering(kernels)};

	return row(c, &r);
}

/* Of a thread: what it ran, waited, and how often. */
static int vcpu_rows(struct analysis_check *c, const struct analysis *a,
		     uint32_t vcpu, const struct analysis_task_counters *k)
{
	const int64_t *ns = a->totals.vcpus.at[vcpu].ns;
	const uint64_t *kernels = k->value;
	const struct analysis_switches *s =
		analysis_model_switches(a->model, vcpu);
	const struct analysis_slack *by = analysis_model_slack(a->model, vcpu);
	int64_t ran = ns[ANALYSIS_GUEST] + ns[ANALYSIS_GUEST_IDLE] +
		      ns[ANALYSIS_HOST_IRQ] + ns[ANALYSIS_HYPERVISOR] +
		      ns[ANALYSIS_POLLING] + ns[ANALYSIS_USER_SPACE];
	/*
	 * A thread that is preempted after it has said that it will sleep, and before
	 * it does, is not queued to the kernel's counting (sched_info_depart()), and
	 * its next switch in is not counted (sched_info_arrive()). No event tells that
	 * from another preemption, so each involuntary switch may be one.
	 */
	const struct analysis_check_row switched_in = {
		.vcpu = vcpu,
		.pid = k->pid,
		.what = "switched in",
		.ours = s->in,
		.kernels = kernels[ANALYSIS_SWITCHED_IN],
		.tolerance = s->involuntary};
	int ret;

	ret = row(c, &switched_in);
	if (!ret)
		ret = times_row(c, vcpu, k, "voluntary switches", s->voluntary,
				kernels[ANALYSIS_VOLUNTARY]);
	if (!ret)
		ret = times_row(c, vcpu, k, "involuntary switches",
				s->involuntary, kernels[ANALYSIS_INVOLUNTARY]);
	if (!ret)
		ret = ns_row(c, vcpu, k, "ran", ran, kernels[ANALYSIS_RUN_NS],
			     by->ran_less_ns, by->ran_more_ns);
	if (!ret)
		ret = ns_row(c, vcpu, k, "steal (run_delay)",
			     analysis_figures_of(ns).steal,
			     kernels[ANALYSIS_DELAY_NS], by->delay_less_ns,
			     by->delay_more_ns);
	return ret;
}

/* KVM's counters of exits, by SVM's and VMX's numbers of the reason. */
static const struct counted {
	const char *name;
	bool any;
	uint32_t svm, vmx;
} counted[] = {
	{ "exits", true, 0, 0 },
	{ "halt_exits", false, 0x78, 12 },
	{ "irq_exits", false, 0x60, 1 },
	{ "io_exits", false, 0x7b, 30 },
};

static bool counts(const struct counted *k,
		   const struct analysis_exit_totals *x)
{
	return k->any || (x->isa == ANALYSIS_ISA_SVM && x->reason == k->svm) ||
	       (x->isa == ANALYSIS_ISA_VMX && (x->reason & 0xffff) == k->vmx);
}

static int32_t pid_of(const struct analysis *a,
		      const struct analysis_counters *k, uint32_t vcpu)
{
	struct analysis_task_counters more;
	int32_t tid = analysis_model_vcpu_id(a->model, vcpu).tid;

	return analysis_counters_task(k, tid, &more) ? more.pid : 0;
}

static int vm_rows(struct analysis_check *c, const struct analysis *a,
		   const struct analysis_counters *k, int32_t pid)
{
	size_t i, n;
	int ret = 0;

	for (n = 0; !ret && n < sizeof(counted) / sizeof(counted[0]); n++) {
		struct analysis_check_row r = { .vcpu = ANALYSIS_NONE,
						.pid = pid,
						.what = counted[n].name };

		if (!analysis_counters_kvm(k, pid, r.what, &r.kernels))
			continue;
		for (i = 0; i < a->totals.exits.count; i++) {
			const struct analysis_exit_totals *x =
				&a->totals.exits.at[i];

			if (pid_of(a, k, x->vcpu) == pid &&
			    counts(&counted[n], x))
				r.ours += x->count;
		}
		ret = row(c, &r);
	}
	return ret;
}

/* All halts of the virtual CPUs of a VM. */
static struct analysis_halts halts_of(const struct analysis *a,
				      const struct analysis_counters *k,
				      int32_t pid)
{
	struct analysis_halts sum = { 0 };
	uint32_t i;

	for (i = 0; i < a->totals.vcpus.count; i++) {
		const struct analysis_halts *h =
			analysis_model_halts(a->model, i);

		if (pid_of(a, k, i) != pid)
			continue;
		sum.count += h->count;
		sum.slept_ns += h->slept_ns;
		sum.failed_ns += h->failed_ns;
		sum.failed_less_ns += h->failed_less_ns;
		sum.polled_ns += h->polled_ns;
		sum.polled_less_ns += h->polled_less_ns;
	}
	return sum;
}

/* KVM's clock of halts is that of the events: nothing is to be steered. */
static int halt_rows(struct analysis_check *c, const struct analysis *a,
		     const struct analysis_counters *k, int32_t pid)
{
	const struct analysis_halts h = halts_of(a, k, pid);
	uint64_t polled, failed, wait;
	size_t i;
	int ret = 0;

	if (!h.count ||
	    !analysis_counters_kvm(k, pid, "halt_poll_success_ns", &polled) ||
	    !analysis_counters_kvm(k, pid, "halt_poll_fail_ns", &failed) ||
	    !analysis_counters_kvm(k, pid, "halt_wait_ns", &wait))
		return 0;

	const struct analysis_check_row rows[] = {
		{ .what = "halt_poll_success_ns",
		  .ours = (uint64_t)h.polled_ns,
		  .kernels = polled,
		  .tolerance = (uint64_t)h.polled_less_ns },
		{ .what = "halt_poll_fail_ns",
		  .ours = (uint64_t)h.failed_ns,
		  .kernels = failed,
		  .tolerance = (uint64_t)h.failed_less_ns },
		{ .what = "halt_wait_ns",
		  .ours = (uint64_t)(h.slept_ns - h.failed_ns),
		  .kernels = wait,
		  .tolerance_less = (uint64_t)h.failed_less_ns },
		{ .what = "both of these",
		  .ours = (uint64_t)h.slept_ns,
		  .kernels = failed + wait },
	};

	for (i = 0; !ret && i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct analysis_check_row r = rows[i];

		r.vcpu = ANALYSIS_NONE;
		r.pid = pid;
		r.is_time = true;
		ret = row(c, &r);
	}
	return ret;
}

static bool is_known(const struct analysis_check *c, int32_t pid)
{
	size_t i;

	for (i = 0; i < c->rows.count; i++) {
		if (c->rows.at[i].vcpu == ANALYSIS_NONE &&
		    c->rows.at[i].pid == pid)
			return true;
	}
	return false;
}

static int compare(const struct analysis *a, const struct analysis_counters *k,
		   struct analysis_check *c)
{
	struct analysis_task_counters more;
	uint32_t i;
	int ret = 0;

	for (i = 0; !ret && i < a->totals.vcpus.count; i++) {
		if (analysis_counters_task(
			    k, analysis_model_vcpu_id(a->model, i).tid, &more))
			ret = vcpu_rows(c, a, i, &more);
	}
	for (i = 0; !ret && i < a->totals.vcpus.count; i++) {
		int32_t pid = pid_of(a, k, i);

		if (!pid || is_known(c, pid))
			continue;
		ret = vm_rows(c, a, k, pid);
		if (!ret)
			ret = halt_rows(c, a, k, pid);
	}
	return ret;
}

/* All that was recorded has to lie between the two. */
static bool within(const struct analysis *a, const struct analysis_counters *k)
{
	return !k->before.ns || !k->after.ns ||
	       (k->before.ns <= a->begin_ns && k->after.ns >= a->end_ns);
}

int analysis_check_file(const struct analysis *a, const char *path,
			struct analysis_check *c, struct ctf_error *e)
{
	struct analysis_counters k;
	char why[128] = "";
	FILE *f = fopen(path, "r");
	int ret;

	*c = (struct analysis_check){0};
	if (!f)
		return vmsync_fail_file(e, -errno, path);
	ret = analysis_counters_read(f, &k, why, sizeof(why));
	fclose(f);
	if (ret == -EINVAL)
		vmsync_fail(e, ret,
			    "run tools/vmsync-counters before and after the "
			    "recording",
			    "%.300s: %s", path, why);
	else if (!ret && !within(a, &k))
		ret = vmsync_fail(e, -EINVAL,
				  "name the counters that were taken before "
				  "and after this recording",
				  "%.300s: not of the time of the recording",
				  path);
	else if (!ret)
		ret = compare(a, &k, c);
	if (ret == -ENOMEM)
		vmsync_fail_memory(e);
	else if (ret && ret != -EINVAL)
		vmsync_fail_file(e, ret, path);
	else if (!ret && !c->rows.count)
		ret = vmsync_fail(e, -ENOENT,
				  "name the counters of the host that was "
				  "recorded",
				  "%.300s: holds none of the virtual CPUs' "
				  "threads",
				  path);
	analysis_counters_free(&k);
	return ret;
}

bool analysis_check_agrees(const struct analysis_check *c)
{
	size_t i;

	for (i = 0; i < c->rows.count; i++) {
		if (c->rows.at[i].verdict == ANALYSIS_MORE)
			return false;
	}
	return true;
}

static void amount(FILE *f, const struct analysis_check_row *r, uint64_t v)
{
	if (r->is_time)
		fprintf(f, " %13" PRIu64 ".%03" PRIu64 " ms", v / 1000000,
			v / 1000 % 1000);
	else
		fprintf(f, " %20" PRIu64, v);
}

void analysis_check_text(FILE *f, const struct analysis *a,
			 const struct analysis_check *c)
{
	static const char *const verdicts[] = { "same", "fewer", "TOO MANY" };
	char name[64];
	size_t i;

	fputs("\nAgainst the kernel's counters; fewer: the kernel counted what "
	      "was not recorded, too\n"
	      "                                                     here       "
	      " "
	      "     kernel's\n",
	      f);
	for (i = 0; i < c->rows.count; i++) {
		const struct analysis_check_row *r = &c->rows.at[i];

		if (r->vcpu == ANALYSIS_NONE)
			snprintf(name, sizeof(name), "process %d", r->pid);
		else
			snprintf(name, sizeof(name), "thread %d",
				 analysis_model_vcpu_id(a->model, r->vcpu).tid);
		fprintf(f, "%-16s %-21s", name, r->what);
		amount(f, r, r->ours);
		amount(f, r, r->kernels);
		fprintf(f, "  %s\n", verdicts[r->verdict]);
	}
}

void analysis_check_json(FILE *f, const struct analysis_check *c)
{
	static const char *const verdicts[] = { "same", "fewer", "more" };
	size_t i;

	fputs(",\n  \"check\": [", f);
	for (i = 0; i < c->rows.count; i++) {
		const struct analysis_check_row *r = &c->rows.at[i];

		fprintf(f, "%s\n    {\"pid\": %d, ", i ? "," : "", r->pid);
		if (r->vcpu != ANALYSIS_NONE)
			fprintf(f, "\"vcpu\": %u, ", r->vcpu);
		fprintf(f,
			"\"what\": \"%s\", \"unit\": \"%s\", \"ours\": %" PRIu64
			", \"kernels\": %" PRIu64 ", \"tolerance\": %" PRIu64
			", \"tolerance_less\": %" PRIu64
			", \"verdict\": \"%s\"}",
			r->what, r->is_time ? "ns" : "times", r->ours,
			r->kernels, r->tolerance, r->tolerance_less,
			verdicts[r->verdict]);
	}
	fputs("]", f);
}
