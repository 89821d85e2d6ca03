// SPDX-License-Identifier: MIT
#include "hints/hints.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"
#include "hints/parts.h"

const char *hints_kind_name(enum hints_kind kind)
{
	static const char *const names[] = {
		[HINTS_SEPARATE] = "separate", [HINTS_EMULATOR] = "emulator",
		[HINTS_TASK] = "task",	       [HINTS_PIN] = "pin",
		[HINTS_ROOM] = "overcommit",
	};

	return names[kind];
}

static void event(void *ctx, const struct analysis_event *ev)
{
	hints_queues_event(ctx, ev);
}

static void stay(void *ctx, const struct analysis_stay *stay)
{
	struct hints_state *s = ctx;
	int32_t pid = analysis_model_vcpu_id(s->h->analysis.model, stay->vcpu).pid;
	int64_t from = stay->from_ns < s->from_ns ? s->from_ns : stay->from_ns;
	int64_t until = stay->until_ns > s->until_ns ? s->until_ns : stay->until_ns;
	uint32_t party = hints_party_find(s, HINTS_VM, pid);

	hints_demand_stay(s, stay);
	if (party != ANALYSIS_NONE && analysis_state_waits(stay->state) && from < until)
		s->parties.at[party].waited_ns += until - from;
}

/* What another virtual CPU had: where each has a CPU of its own, none has that. */
static void charge(void *ctx, const struct analysis_charge *c)
{
	struct hints_state *s = ctx;
	struct hints_vcpu *v;
	int64_t at = c->from_ns < s->from_ns ? s->from_ns : c->from_ns;
	int64_t until = c->until_ns > s->until_ns ? s->until_ns : c->until_ns;
	int64_t part_ns = (s->until_ns - s->from_ns) / HINTS_PARTS;

	v = c->who.by == ANALYSIS_BY_VCPU ? hints_vcpu_of(s, c->vcpu) : NULL;
	while (v && at < until) {
		int64_t part = part_ns ? (at - s->from_ns) / part_ns : 0, end;

		part = part < HINTS_PARTS - 1 ? part : HINTS_PARTS - 1;
		end = part < HINTS_PARTS - 1 ?
			      s->from_ns + (part + 1) * part_ns :
			      until;
		end = end > until ? until : end;
		v->for_vcpus_ns[part] += end - at;
		at = end;
	}
}

static int begin(void *ctx, const struct analysis *a, struct analysis_sink *sink,
		 struct ctf_error *e)
{
	struct hints *h = ctx;
	struct hints_state *s = h->state;

	s->from_ns = a->totals.from_ns;
	s->until_ns = a->totals.until_ns;
	if (hints_demand_init(s, h->options->window_ns))
		return vmsync_fail_memory(e);
	*sink = (struct analysis_sink){
		.event = event, .stay = stay, .charge = charge, .ctx = s};
	return 0;
}

static bool failed(void *ctx, struct ctf_error *e)
{
	struct hints *h = ctx;

	if (h->state->failed)
		vmsync_fail_memory(e);
	return h->state->failed;
}

/* Is there too little to say anything? */
static const char *why_none(const struct hints *h)
{
	const struct hints_state *s = h->state;

	if (!analysis_model_vcpus(h->analysis.model))
		return "no virtual CPU is known: vmsync analyze says what to record";
	if (s->until_ns - s->from_ns < h->options->shortest_ns)
		return "that is less than --shortest";
	if (s->unknown_ns * 100 > s->vcpu_ns * HINTS_MOST_UNKNOWN)
		return "of more than a tenth of the time of virtual CPUs nothing is known";
	return NULL;
}

int hints_run(const struct vmsync_session *session, struct hints_options *options,
	      struct hints *h, const struct vmsync_progress *progress,
	      struct ctf_error *e)
{
	const struct analysis_taker taker = { begin, failed, h };
	int ret;

	*h = (struct hints){ .options = options,
			     .state = calloc(1, sizeof(*h->state)) };
	if (!h->state)
		return vmsync_fail_memory(e);
	h->state->h = h;
	options->analysis.taker = &taker;
	ret = analysis_run(session, &options->analysis, &h->analysis, progress, e);
	options->analysis.taker = NULL;
	if (ret)
		return ret;
	hints_queues_end(h->state);
	h->why_none = why_none(h);
	if (h->state->failed || (!h->why_none && hints_find(h)))
		return vmsync_fail_memory(e);
	return 0;
}

void hints_free(struct hints *h)
{
	struct hints_state *s = h->state;
	size_t i;

	analysis_free(&h->analysis);
	for (i = 0; i < h->all.count; i++) {
		vmsync_array_free(&h->all.at[i].cpus);
		vmsync_array_free(&h->all.at[i].vcpus);
	}
	vmsync_array_free(&h->all);
	if (!s)
		return;
	for (i = 0; i < s->parties.count; i++)
		vmsync_array_free(&s->parties.at[i].cpus);
	for (i = 0; i < s->cpus.count; i++)
		vmsync_array_free(&s->cpus.at[i].waiting);
	for (i = 0; i < s->pools.count; i++)
		vmsync_array_free(&s->pools.at[i].cpus);
	for (i = 0; i < s->vcpus.count; i++)
		vmsync_array_free(&s->vcpus.at[i].cpus);
	vmsync_array_free(&s->parties);
	vmsync_array_free(&s->cpus);
	vmsync_array_free(&s->pools);
	vmsync_array_free(&s->vcpus);
	vmsync_array_free(&s->threads);
	vmsync_array_free(&s->costs);
	vmsync_array_free(&s->bursts);
	analysis_index_free(&s->tids);
	analysis_index_free(&s->party_index);
	analysis_index_free(&s->cost_index);
	free(s->counts.want);
	free(s->counts.wait);
	free(s->counts.touched);
	free(s->windows);
	free(s);
}

const struct hints_party *hints_party(const struct hints *h, uint32_t party)
{
	return party == ANALYSIS_NONE ? NULL : &h->state->parties.at[party];
}

/* As the analysis calls the VM of a process. */
static const char *vm_name(const struct hints *h, int32_t pid, char *buf, size_t size)
{
	const struct analysis_model *m = h->analysis.model;
	uint32_t i, n = analysis_model_vcpus(m);

	for (i = 0; i < n; i++) {
		if (analysis_model_vcpu_id(m, i).pid == pid)
			return analysis_vm_name(&h->analysis, i, buf, size);
	}
	snprintf(buf, size, "process %d", pid);
	return buf;
}

const char *hints_party_name(const struct hints *h, uint32_t party, char *buf,
			     size_t size)
{
	const struct analysis_model *m = h->analysis.model;
	const struct hints_party *p = hints_party(h, party);
	uint32_t thread;
	char vm[80];

	switch (p->kind) {
	case HINTS_VM:
		snprintf(buf, size, "%s", vm_name(h, p->pid, vm, sizeof(vm)));
		break;
	case HINTS_QEMU:
		snprintf(buf, size, "QEMU of %s", vm_name(h, p->pid, vm, sizeof(vm)));
		break;
	case HINTS_PROCESS:
		thread = analysis_model_thread_of(m, ANALYSIS_HOST, p->tid);
		if (thread == ANALYSIS_NONE)
			snprintf(buf, size, "thread %d", p->tid);
		else
			analysis_thread_text(&h->analysis, thread, buf, size);
		break;
	}
	return buf;
}

double hints_part_begin(const struct hints *h, int part)
{
	const struct hints_state *s = h->state;
	int64_t ns = part == HINTS_PARTS ?
			     s->until_ns - s->from_ns :
			     (s->until_ns - s->from_ns) / HINTS_PARTS * part;

	return (double)(ns + s->from_ns - h->analysis.begin_ns) / 1e9;
}

void hints_vcpu_numbers(const struct hints *h, uint32_t party,
			void (*take)(void *ctx, int32_t number), void *ctx)
{
	const struct analysis_model *m = h->analysis.model;
	uint32_t i, n = analysis_model_vcpus(m);

	for (i = 0; i < n; i++) {
		struct analysis_vcpu_id id = analysis_model_vcpu_id(m, i);

		if (id.pid == hints_party(h, party)->pid && id.vcpu_id >= 0)
			take(ctx, id.vcpu_id);
	}
}
