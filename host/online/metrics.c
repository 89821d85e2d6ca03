// SPDX-License-Identifier: MIT
#include "online/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/reasons.h"
#include "analysis/totals.h"
#include "base/series.h"
#include "fuse/fail.h"
#include "online/vm.h"

#define ALL INT32_MIN /* virtual CPUs of a VM */

/* What is written, while it is. @vm_of: by virtual CPU. */
struct writer {
	FILE *f;
	const struct online *o;
	const struct online_sums *sums;
	const struct analysis_model *model;
	struct online_names *names;
	bool vcpus;
	VMSYNC_ARRAY(struct online_vm) vms;
	VMSYNC_ARRAY(uint32_t) vm_of;
	VMSYNC_ARRAY(struct online_exit_sums) exits;
};

/* Several boots of a guest are one VM, by name. */
static int vm_put(struct writer *w, uint32_t vcpu)
{
	struct online_vm vm = online_vm(w->o, vcpu), *place;
	uint32_t *of = vmsync_array_add(&w->vm_of);
	size_t i;

	if (!of)
		return -ENOMEM;
	for (i = 0; i < w->vms.count; i++) {
		if (!strcmp(w->vms.at[i].name, vm.name))
			break;
	}
	*of = (uint32_t)i;
	if (i < w->vms.count)
		return 0;
	place = vmsync_array_add(&w->vms);
	if (!place)
		return -ENOMEM;
	*place = vm;
	return 0;
}

static void open_series(const struct writer *w, const char *name, uint32_t vm)
{
	const struct online_vm *v = &w->vms.at[vm];

	fprintf(w->f, "%s{", name);
	vmsync_series_label(w->f, "domain", v->name);
	if (*v->uuid) {
		fputc(',', w->f);
		vmsync_series_label(w->f, "uuid", v->uuid);
	}
}

static void more_label(const struct writer *w, const char *name,
		       const char *value)
{
	fputc(',', w->f);
	vmsync_series_label(w->f, name, value);
}

static void close_ns(const struct writer *w, int64_t ns)
{
	fputs("} ", w->f);
	vmsync_series_seconds(w->f, (uint64_t)ns);
	fputc('\n', w->f);
}

static void close_count(const struct writer *w, uint64_t n)
{
	fprintf(w->f, "} %" PRIu64 "\n", n);
}

/* Of VM @vm, or of one of its virtual CPUs alone, unless that is ALL. */
static void state_series(const struct writer *w, uint32_t vm, int32_t vcpu_id,
			 const int64_t ns[ANALYSIS_STATES])
{
	char number[16];
	int i;

	for (i = 0; i < ANALYSIS_STATES; i++) {
		open_series(w, "vmsync_vcpu_state_seconds_total", vm);
		if (vcpu_id != ALL) {
			snprintf(number, sizeof(number), "%d", vcpu_id);
			more_label(w, "vcpu", number);
		}
		more_label(w, "state",
			   analysis_state_key((enum analysis_state)i));
		close_ns(w, ns[i]);
	}
}

static int32_t id_of(const struct writer *w, uint32_t vcpu)
{
	return analysis_model_vcpu_id(w->model, vcpu).vcpu_id;
}

/* Of threads that were one virtual CPU, one boot after the other, all. */
static void vm_states(const struct writer *w, uint32_t vm, int32_t vcpu_id,
		      int64_t ns[ANALYSIS_STATES])
{
	uint32_t i;
	int k;

	memset(ns, 0, ANALYSIS_STATES * sizeof(ns[0]));
	for (i = 0; i < w->sums->vcpus.count; i++) {
		if (w->vm_of.at[i] != vm ||
		    (vcpu_id != ALL && id_of(w, i) != vcpu_id))
			continue;
		for (k = 0; k < ANALYSIS_STATES; k++)
			ns[k] += w->sums->vcpus.at[i].ns[k];
	}
}

/* Whether none before it is that virtual CPU of that VM. */
static bool is_first(const struct writer *w, uint32_t vcpu)
{
	uint32_t i;

	for (i = 0; i < vcpu; i++) {
		if (w->vm_of.at[i] == w->vm_of.at[vcpu] &&
		    id_of(w, i) == id_of(w, vcpu))
			return false;
	}
	return true;
}

static void states(const struct writer *w)
{
	int64_t ns[ANALYSIS_STATES];
	uint32_t i;

	vmsync_series_family(w->f, "vmsync_vcpu_state_seconds_total", "counter",
			"What virtual CPUs did, by state.");
	for (i = 0; w->vcpus && i < w->sums->vcpus.count; i++) {
		if (!is_first(w, i))
			continue;
		vm_states(w, w->vm_of.at[i], id_of(w, i), ns);
		state_series(w, w->vm_of.at[i], id_of(w, i), ns);
	}
	for (i = 0; !w->vcpus && i < w->vms.count; i++) {
		vm_states(w, i, ALL, ns);
		state_series(w, i, ALL, ns);
	}
}

static void figures(const struct writer *w)
{
	int64_t ns[ANALYSIS_STATES];
	uint32_t i;

	vmsync_series_family(w->f, "vmsync_vm_cpu_demand_seconds_total", "counter",
			"CPU time that a VM wanted.");
	for (i = 0; i < w->vms.count; i++) {
		vm_states(w, i, ALL, ns);
		open_series(w, "vmsync_vm_cpu_demand_seconds_total", i);
		close_ns(w, analysis_figures_of(ns).wanted);
	}
	vmsync_series_family(w->f, "vmsync_vm_cpu_got_seconds_total", "counter",
			"CPU time that it got.");
	for (i = 0; i < w->vms.count; i++) {
		vm_states(w, i, ALL, ns);
		open_series(w, "vmsync_vm_cpu_got_seconds_total", i);
		close_ns(w, analysis_figures_of(ns).got);
	}
}

static void by_name(const struct writer *w, const struct analysis_who *who,
		    char *buf, size_t size)
{
	switch (who->by) {
	case ANALYSIS_BY_NOBODY:
		snprintf(buf, size, "nobody");
		return;
	case ANALYSIS_BY_IRQ:
		snprintf(buf, size, "interrupt");
		return;
	case ANALYSIS_BY_TASK:
		snprintf(buf, size, "task:%s",
			 analysis_model_thread(w->model, who->id)->name);
		return;
	case ANALYSIS_BY_VCPU:
		snprintf(buf, size, "vm:%s", w->vms.at[w->vm_of.at[who->id]].name);
		return;
	default:
		snprintf(buf, size, "unknown");
	}
}

static void charges_of(const struct writer *w, const char *series, uint32_t vm)
{
	const struct online_names *n = w->names;
	const char *name = w->vms.at[vm].name;
	size_t i;

	for (i = 0; i < n->by.count; i++) {
		const struct online_by *by = &n->by.at[i];

		if (!by->shown || strcmp(by->vm, name))
			continue;
		open_series(w, series, vm);
		more_label(w, "by", by->name);
		close_ns(w, by->ns - by->before_ns);
	}
	open_series(w, series, vm);
	more_label(w, "by", "other");
	close_ns(w, online_names_other_ns(n, name));
}

static int charges(const struct writer *w)
{
	static const char series[] = "vmsync_vm_preempted_by_seconds_total";
	struct online_names *n = w->names;
	char name[ONLINE_VM_NAME + 8];
	size_t i;

	online_names_begin(n);
	for (i = 0; i < w->sums->charges.count; i++) {
		const struct online_charge_sums *c = &w->sums->charges.at[i];

		by_name(w, &c->who, name, sizeof(name));
		if (online_names_add(n, w->vms.at[w->vm_of.at[c->vcpu]].name,
				     name, c->ns))
			return -ENOMEM;
	}
	online_names_end(n);
	vmsync_series_family(w->f, series, "counter",
			"Who had the CPU while a VM waited for it.");
	for (i = 0; i < w->vms.count; i++)
		charges_of(w, series, (uint32_t)i);
	return 0;
}

/* By VM: their virtual CPUs' together. */
static int exits_sum(struct writer *w)
{
	size_t i, k;

	for (i = 0; i < w->sums->exits.count; i++) {
		struct online_exit_sums x = w->sums->exits.at[i], *to = NULL;

		x.vcpu = w->vm_of.at[x.vcpu];
		for (k = 0; k < w->exits.count && !to; k++) {
			struct online_exit_sums *y = &w->exits.at[k];

			if (y->vcpu == x.vcpu && y->isa == x.isa &&
			    y->reason == x.reason)
				to = y;
		}
		if (to) {
			to->count += x.count;
			continue;
		}
		to = vmsync_array_add(&w->exits);
		if (!to)
			return -ENOMEM;
		*to = x;
	}
	return 0;
}

static int exits(struct writer *w)
{
	char name[48];
	size_t i;

	if (exits_sum(w))
		return -ENOMEM;
	vmsync_series_family(w->f, "vmsync_exits_total", "counter",
			"Exits from a VM, by reason.");
	for (i = 0; i < w->exits.count; i++) {
		const struct online_exit_sums *x = &w->exits.at[i];

		analysis_reason_text(x->isa, x->reason, name, sizeof(name));
		open_series(w, "vmsync_exits_total", x->vcpu);
		more_label(w, "reason", name);
		close_count(w, x->count);
	}
	return 0;
}

static void hist_sum(struct online_hist *to, const struct online_hist *h)
{
	int i;

	for (i = 0; i < ONLINE_BUCKETS; i++)
		to->count[i] += h->count[i];
	to->sum_ns += h->sum_ns;
}

static void hist_series(const struct writer *w, const char *name, uint32_t vm,
			const struct online_hist *h)
{
	char series[96], le[16];
	uint64_t n = 0;
	int i;

	snprintf(series, sizeof(series), "%s_bucket", name);
	for (i = 0; i < ONLINE_BUCKETS; i++) {
		n += h->count[i];
		snprintf(le, sizeof(le), "%g", (double)online_hist_bound_ns(i) / 1e9);
		open_series(w, series, vm);
		more_label(w, "le", i == ONLINE_BUCKETS - 1 ? "+Inf" : le);
		close_count(w, n);
	}
	snprintf(series, sizeof(series), "%s_sum", name);
	open_series(w, series, vm);
	close_ns(w, h->sum_ns);
	snprintf(series, sizeof(series), "%s_count", name);
	open_series(w, series, vm);
	close_count(w, n);
}

static void hists(const struct writer *w)
{
	static const char preemption[] = "vmsync_vcpu_preemption_seconds";
	static const char delay[] = "vmsync_wakeup_delay_seconds";
	uint32_t i, k;

	vmsync_series_family(w->f, preemption, "histogram",
			"How long virtual CPUs that could run had no CPU.");
	for (i = 0; i < w->vms.count; i++) {
		struct online_hist h = { .sum_ns = 0 };

		for (k = 0; k < w->sums->vcpus.count; k++) {
			if (w->vm_of.at[k] == i)
				hist_sum(&h, &w->sums->vcpus.at[k].preempted);
		}
		hist_series(w, preemption, i, &h);
	}
	vmsync_series_family(w->f, delay, "histogram",
			"How long a guest's threads waited from wake-up to run.");
	for (i = 0; i < w->vms.count; i++) {
		struct online_hist h = { .sum_ns = 0 };

		for (k = 0; k < online_guests(w->o); k++) {
			if (k + 1 < w->sums->wakes.count &&
			    !strcmp(online_guest_about(w->o, k).name,
				    w->vms.at[i].name))
				hist_sum(&h, &w->sums->wakes.at[k + 1]);
		}
		hist_series(w, delay, i, &h);
	}
}

static int write_vms(struct writer *w)
{
	uint32_t i;

	for (i = 0; i < analysis_model_vcpus(w->model); i++) {
		if (vm_put(w, i))
			return -ENOMEM;
	}
	states(w);
	figures(w);
	if (charges(w) || exits(w))
		return -ENOMEM;
	hists(w);
	return 0;
}

int online_metrics_write(FILE *f, const struct online *o,
			 struct online_names *names, bool vcpus)
{
	struct writer w = { .f = f,
			    .o = o,
			    .sums = online_sums(o),
			    .model = online_model(o),
			    .names = names,
			    .vcpus = vcpus };
	int ret = w.model ? write_vms(&w) : 0;

	online_metrics_guests(f, o);
	online_metrics_progress(f, o);
	vmsync_array_free(&w.vms);
	vmsync_array_free(&w.vm_of);
	vmsync_array_free(&w.exits);
	return ret;
}
