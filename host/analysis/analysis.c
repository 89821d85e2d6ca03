// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/feed.h"
#include "fuse/fail.h"

/* Guests of one name, boots of a VM, of which one has the thread in question.
 */
#define MAX_WHY (ANALYSIS_MAX_SINKS - 3)

/* Events between two looks at the clock, for the progress. */
#define PROGRESS_EVENTS 65536

/* The CPUs of a guest, as the maps' evidence tells which thread each is. */
static int guest_vcpus(struct analysis *a, uint32_t guest)
{
	const struct vmsync_guest_report *r = a->session->guests[guest].report;
	uint32_t i;

	for (i = 0; i < r->n_cpus; i++) {
		struct analysis_vcpu_id id = {
			.tid = r->cpus[i].tid,
			.pid = r->vm.pid,
			.vcpu_id = (int32_t)r->cpus[i].vcpu_id,
			.machine = guest + 1,
			.cpu = r->cpus[i].cpu,
		};

		if (!r->cpus[i].known || r->cpus[i].tid <= 0)
			continue;
		if (analysis_model_vcpu(a->model, &id) == ANALYSIS_NONE)
			return -ENOMEM;
	}
	return 0;
}

/* All threads that entered a guest, of VMs whose trace there is none too. */
static int host_vcpus(struct analysis *a)
{
	size_t i;

	for (i = 0; i < a->session->entered.count; i++) {
		const struct vmsync_runs_part *part =
			&a->session->entered.at[i];
		struct analysis_vcpu_id id = { .tid = part->tid,
					       .vcpu_id = part->vcpu_id };

		if (part->tid > 0 &&
		    analysis_model_vcpu(a->model, &id) == ANALYSIS_NONE)
			return -ENOMEM;
	}
	return 0;
}

/* What is asked for with --why: who may be meant. */
struct asked {
	struct analysis_why *why[MAX_WHY];
	size_t guest[MAX_WHY];
	int n;
};

/* Of the guests whose trace there is. */
static bool is_called(const struct analysis *a, size_t guest, const char *vm)
{
	const struct vmsync_session_guest *g = &a->session->guests[guest];
	const struct vmsync_guest_report *r = g->report;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", r->found ? r->vm.pid : 0);
	return !strcmp(vm, g->machine->name) || !strcmp(vm, pid);
}

static int why_make(struct analysis *a, struct asked *asked)
{
	size_t i;

	if (!a->options->why_vm)
		return 0;
	for (i = 0; i < a->session->n_guests && asked->n < MAX_WHY; i++) {
		struct analysis_why *why;
		struct analysis_sink sink;

		if (!is_called(a, i, a->options->why_vm))
			continue;
		why = analysis_why_new(a->model, (uint32_t)i + 1,
				       a->options->why_tid, a->totals.from_ns,
				       a->totals.until_ns);
		if (!why)
			return -ENOMEM;
		sink = analysis_why_sink(why);
		analysis_model_sink(a->model, &sink);
		asked->guest[asked->n] = i;
		asked->why[asked->n++] = why;
	}
	return 0;
}

static int why_answer(struct analysis *a, struct asked *asked,
		      struct ctf_error *e)
{
	int i, ret = -ENOENT;

	for (i = 0; ret == -ENOENT && i < asked->n; i++) {
		analysis_why_node_free(&a->why);
		a->why_guest = asked->guest[i];
		ret = analysis_why_tree(asked->why[i], a->end_ns, &a->why);
	}
	if (!asked->n)
		return vmsync_fail(e, -ENOENT, "name it as the tables do",
				   "%.200s: no guest of that name whose trace "
				   "there is",
				   a->options->why_vm);
	if (ret == -ENOENT)
		return vmsync_fail(e, ret, "--all lists those that there are",
				   "%.200s: no thread %d in the time in "
				   "question",
				   a->options->why_vm, a->options->why_tid);
	if (ret == -E2BIG)
		return vmsync_fail(e, ret, "name a part of it: --from, --to",
				   "too much happened in the time in question");
	return ret ? vmsync_fail_memory(e) : 0;
}

/* Whether there is what was asked for: some virtual CPU, or its guest's trace. */
static bool is_there(const struct analysis *a)
{
	const struct analysis_options *o = a->options;
	uint32_t i;

	for (i = 0; i < analysis_model_vcpus(a->model); i++) {
		if (analysis_reported(a, i))
			return true;
	}
	for (i = 0; o->vm && !o->vcpu && i < a->session->n_guests; i++) {
		if (is_called(a, i, o->vm))
			return true;
	}
	return false;
}

/* "vCPU 0 of vm0, vCPU 0 of vm1": all virtual CPUs, or as many as fit. */
static void there_are(const struct analysis *a, char *buf, size_t size)
{
	uint32_t i, n = analysis_model_vcpus(a->model);
	size_t len = 0;
	char one[80];

	snprintf(buf, size, "no virtual CPU is known");
	for (i = 0; i < n; i++) {
		analysis_vcpu_text(a, i, one, sizeof(one));
		if (len + strlen(one) + sizeof("there are , ...") > size) {
			snprintf(buf + len, size - len, ", ...");
			return;
		}
		len += (size_t)snprintf(buf + len, size - len, "%s%s",
					i ? ", " : "there are ", one);
	}
}

/*
 * Of which process a virtual CPU is may be told late: which there are is known in
 * the end.
 */
static int check_asked(const struct analysis *a, struct ctf_error *e)
{
	const struct analysis_options *o = a->options;
	char there[160], vcpu[48] = "";

	if ((!o->vm && !o->vcpu) || is_there(a))
		return 0;
	there_are(a, there, sizeof(there));
	if (o->vcpu)
		snprintf(vcpu, sizeof(vcpu), "no virtual CPU %u", o->vcpu - 1);
	if (!o->vm)
		return vmsync_fail(e, -ENOENT, there, "%s", vcpu);
	return vmsync_fail(e, -ENOENT, there, "%.200s: no VM of that name%s%s",
			   o->vm, o->vcpu ? ", or it has " : "", vcpu);
}

static int model_make(struct analysis *a, const struct analysis_feed *feed)
{
	struct analysis_sink sink = analysis_totals_sink(&a->totals);
	uint32_t i;
	int ret = 0;

	a->model = analysis_model_new(a->begin_ns, analysis_feed_wakeups(feed));
	if (!a->model)
		return -ENOMEM;
	analysis_model_sink(a->model, &sink);
	sink = analysis_windows_sink(&a->windows);
	if (a->windows.n)
		analysis_model_sink(a->model, &sink);
	for (i = 0; !ret && i < a->session->n_guests; i++)
		ret = guest_vcpus(a, i);
	return ret ? ret : host_vcpus(a);
}

static int taker_begin(struct analysis *a, struct ctf_error *e)
{
	const struct analysis_taker *taker = a->options->taker;
	struct analysis_sink sink = { 0 };
	int ret;

	if (!taker)
		return 0;
	ret = taker->begin(taker->ctx, a, &sink, e);
	if (!ret)
		analysis_model_sink(a->model, &sink);
	return ret;
}

/* Events of the feed that are not taken yet. */
struct some {
	const struct ctf_noted *at;
	int n;
};

/* Return: 1 if there are any, 0 at the end, or a negative errno. */
static int some_more(struct some *s, struct analysis_feed *feed,
		     struct ctf_error *e)
{
	int n = s->n ? s->n : analysis_feed_some(feed, &s->at, e);

	s->n = n > 0 ? n : 0;
	return n > 0 ? 1 : n;
}

static bool is_hosts(const struct analysis_event *ev)
{
	return ev->machine == ANALYSIS_HOST && ev->kind != ANALYSIS_EV_LOST;
}

void analysis_time(struct analysis *a, int64_t begin_ns, int64_t end_ns)
{
	const struct analysis_options *o = a->options;

	a->begin_ns = begin_ns;
	a->end_ns = end_ns;
	analysis_totals_init(&a->totals, begin_ns + o->since_ns,
			     o->until_ns && o->until_ns < end_ns - begin_ns ?
				     begin_ns + o->until_ns :
				     end_ns);
}

/*
 * LTTng's first packets begin when its buffers were made, which may be long
 * before the session was started: the recording begins with the host's first
 * event.
 */
static int first_event(struct analysis *a, struct analysis_feed *feed,
		       struct some *s, struct asked *asked,
		       struct ctf_error *e)
{
	const struct analysis_options *o = a->options;
	int64_t end_ns;
	int ret;

	while ((ret = some_more(s, feed, e)) > 0 &&
	       !is_hosts(analysis_feed_event(s->at))) {
		s->at++;
		s->n--;
	}
	if (ret < 0)
		return ret;
	end_ns = a->session->host->coverage.end_ns;
	analysis_time(a, ret ? (int64_t)s->at->time : end_ns, end_ns);
	if (a->totals.from_ns >= a->totals.until_ns && o->since_ns)
		return vmsync_fail(
			e, -ERANGE, "name a time that is within it",
			"nothing was recorded then: the host's "
			"recording is %" PRId64 ".%03d s long",
			(a->end_ns - a->begin_ns) / 1000000000,
			(int)((a->end_ns - a->begin_ns) / 1000000 % 1000));
	if (analysis_windows_init(&a->windows, a->totals.from_ns,
				  a->totals.until_ns, o->window_ns))
		return vmsync_fail(e, -E2BIG,
				   "name longer ones, or a shorter time",
				   "more than %d windows",
				   ANALYSIS_WINDOWS_MOST);
	if (model_make(a, feed) || why_make(a, asked))
		return vmsync_fail_memory(e);
	return taker_begin(a, e) ? e->code : ret;
}

/* Now and then: tell that it goes on, unless it makes no sense to. */
static int look(struct analysis *a, int64_t ns,
		const struct vmsync_progress *progress, struct ctf_error *e)
{
	const struct analysis_taker *taker = a->options->taker;

	if (taker && taker->failed(taker->ctx, e))
		return e->code;
	if (progress && progress->show)
		progress->show(progress->ctx, "analysing",
			       (uint64_t)(ns - a->begin_ns),
			       (uint64_t)(a->end_ns - a->begin_ns));
	return 0;
}

/* A guest may have been recorded for longer: of the last events some are left out. */
static void take(struct analysis *a, struct some *s)
{
	while (s->n && (int64_t)s->at[s->n - 1].time > a->end_ns)
		s->n--;
	analysis_model_some(a->model, s->at, s->n);
	s->n = 0;
}

static int run(struct analysis *a, struct analysis_feed *feed,
	       struct asked *asked, const struct vmsync_progress *progress,
	       struct ctf_error *e)
{
	struct some s = { 0 };
	int64_t ns;
	int n = 0, ret;

	for (ret = first_event(a, feed, &s, asked, e); ret > 0;
	     ret = some_more(&s, feed, e)) {
		n += s.n;
		ns = (int64_t)s.at->time;
		take(a, &s);
		if (n < PROGRESS_EVENTS)
			continue;
		n = 0;
		if (look(a, ns, progress, e))
			return e->code;
	}
	if (!ret &&
	    (analysis_model_end(a->model, a->end_ns) || a->totals.failed ||
	     a->windows.failed))
		ret = vmsync_fail_memory(e);
	if (!ret)
		ret = check_asked(a, e);
	if (!ret && a->options->why_vm)
		ret = why_answer(a, asked, e);
	return ret;
}

int analysis_run(const struct vmsync_session *s,
		 const struct analysis_options *options, struct analysis *a,
		 const struct vmsync_progress *progress, struct ctf_error *e)
{
	struct analysis_feed *feed;
	struct asked asked = { 0 };
	int ret;

	*a = (struct analysis){ .session = s, .options = options };
	if (!s->host->coverage.timed)
		return vmsync_fail(e, -ENOTSUP,
				   "record with LTTng, whose packets do",
				   "%.300s: its packets do not say when they "
				   "begin and end",
				   ctf_trace_path(s->host->traces[0]));
	feed = analysis_feed_new(s, e);
	if (!feed)
		return e->code;
	ret = run(a, feed, &asked, progress, e);
	analysis_feed_free(feed);
	while (asked.n)
		analysis_why_free(asked.why[--asked.n]);
	return ret;
}

void analysis_free(struct analysis *a)
{
	analysis_why_node_free(&a->why);
	analysis_windows_free(&a->windows);
	analysis_model_free(a->model);
	analysis_totals_free(&a->totals);
}

const char *analysis_vm_name(const struct analysis *a, uint32_t vcpu, char *buf,
			     size_t size)
{
	struct analysis_vcpu_id id = analysis_model_vcpu_id(a->model, vcpu);
	uint32_t i;

	/* A virtual CPU without a guest's trace may be of a VM that has one. */
	for (i = 0; !id.machine && id.pid > 0 && i < a->session->n_guests;
	     i++) {
		const struct vmsync_guest_report *r =
			a->session->guests[i].report;

		if (r->found && r->vm.pid == id.pid)
			id.machine = i + 1;
	}
	if (id.machine)
		return a->session->guests[id.machine - 1].machine->name;
	if (id.pid > 0)
		snprintf(buf, size, "process %d", id.pid);
	else
		snprintf(buf, size, "thread %d", id.tid);
	return buf;
}

bool analysis_reported(const struct analysis *a, uint32_t vcpu)
{
	struct analysis_vcpu_id id = analysis_model_vcpu_id(a->model, vcpu);
	const struct analysis_options *o = a->options;
	char name[64], pid[16];

	if (o->vcpu && id.vcpu_id + 1 != (int32_t)o->vcpu)
		return false;
	if (!o->vm)
		return true;
	snprintf(pid, sizeof(pid), "%d", id.pid);
	return !strcmp(o->vm, pid) ||
	       !strcmp(o->vm, analysis_vm_name(a, vcpu, name, sizeof(name)));
}
