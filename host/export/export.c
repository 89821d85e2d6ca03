// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "export/events.h"
#include "export/requests.h"
#include "fuse/fail.h"
#include "fuse/output.h"
#include "base/utf8.h"

/* An export as analysis_run() sees it, and volumes_run(), to which it begins with a job. */
struct taker {
	struct export_job job;
	const struct export_format *format;
	struct analysis time_only;
};

static int job_fail(const struct export_job *j, struct ctf_error *e)
{
	if (j->error == -ENOMEM)
		return vmsync_fail_memory(e);
	if (j->why[0])
		return vmsync_fail(e, j->error, "", "%.400s: %s",
				   j->options->output, j->why);
	return vmsync_fail_file(e, j->error, j->options->output);
}

/* What makes a file large is said before it is made. */
static int size_tell(struct taker *t)
{
	int64_t bytes;
	char text[100];

	if (!t->job.options->raw || !t->job.options->tell ||
	    t->job.limit.rounds)
		return 0;
	bytes = export_events_size(&t->job, t->format->event_bytes);
	if (bytes < 0)
		return (int)bytes;
	snprintf(text, sizeof(text), "the events will take about %" PRId64
		 " MiB", (bytes + (1 << 19)) >> 20);
	t->job.options->tell(text);
	return 0;
}

static int begin(void *ctx, const struct analysis *a,
		 struct analysis_sink *sink, struct ctf_error *e)
{
	struct taker *t = ctx;
	int ret;

	t->job.analysis = a;
	ret = size_tell(t);
	if (!ret)
		ret = t->format->begin(&t->job, sink);
	if (ret && !t->job.error)
		t->job.error = ret;
	return ret ? job_fail(&t->job, e) : 0;
}

static bool failed(void *ctx, struct ctf_error *e)
{
	struct taker *t = ctx;

	if (t->job.error)
		job_fail(&t->job, e);
	return t->job.error != 0;
}

static int run(const struct vmsync_session *s, struct taker *t,
	       const struct vmsync_progress *progress, struct ctf_error *e)
{
	const struct analysis_taker taker = { begin, failed, t };
	struct analysis_options options = t->job.options->analysis;
	struct analysis a;
	int ret;

	options.taker = &taker;
	ret = analysis_run(s, &options, &a, progress, e);
	if (!ret && !t->job.error)
		t->job.error = t->format->end(&t->job);
	if (!ret && t->job.error)
		ret = job_fail(&t->job, e);
	if (t->job.analysis)
		t->format->free(&t->job);
	analysis_free(&a);
	return ret;
}

/* Of the time that is asked for: nothing else is known of an analysis. */
static int requests_begin(void *ctx, const struct volumes *v,
			  struct ctf_error *e)
{
	struct taker *t = ctx;
	struct analysis_sink unused;

	t->time_only = (struct analysis){
		.session = v->session,
		.options = &t->job.options->analysis,
	};
	analysis_time(&t->time_only, v->begin_ns, v->end_ns);
	return begin(t, &t->time_only, &unused, e);
}

static int requests_run(const struct vmsync_session *s, struct taker *t,
			const struct vmsync_progress *progress,
			struct ctf_error *e)
{
	const struct volumes_taker taker = { requests_begin, export_request,
					     t };
	const struct analysis_options *o = &t->job.options->analysis;
	const struct volumes_options options = {
		.since_ns = o->since_ns,
		.until_ns = o->until_ns,
		.vm = o->vm,
		.taker = &taker,
	};
	struct volumes v;
	int ret = volumes_run(s, &options, &v, progress, e);

	if (!ret)
		t->job.error = t->format->end(&t->job);
	if (t->job.error)
		ret = job_fail(&t->job, e);
	if (t->job.analysis)
		t->format->free(&t->job);
	volumes_free(&v);
	return ret;
}

static void left_tell(const struct export_job *j)
{
	char text[160];

	export_limit_text(&j->limit, text, sizeof(text));
	if (*text && j->options->tell)
		j->options->tell(text);
}

/* Until it is small enough. */
static int run_all(const struct vmsync_session *s, struct taker *t,
		   const struct vmsync_progress *progress, struct ctf_error *e)
{
	struct export_job *j = &t->job;
	int ret, again = 0;

	j->limit = (struct export_limit){
		.path = j->path,
		.most_bytes = j->path ? j->options->most_bytes : 0,
		.most_events = UINT64_MAX,
	};
	do {
		j->analysis = NULL;
		j->state = NULL;
		if (again && truncate(j->path, 0))
			return vmsync_fail_file(e, -errno, j->options->output);
		ret = export_requests_wanted(j->options) ?
			      requests_run(s, t, progress, e) :
			      run(s, t, progress, e);
		again = ret ? 0 : export_limit_again(&j->limit);
	} while (again > 0);
	if (again)
		return vmsync_fail(e, again, "name a part of the time",
				   "%.400s: without any row it is larger than "
				   "--max-size",
				   j->options->output);
	if (!ret)
		left_tell(j);
	return ret;
}

int export_run(const struct vmsync_session *s, const struct export_format *f,
	       const struct export_options *options,
	       const struct vmsync_progress *progress, struct ctf_error *e)
{
	struct taker t = { .job = { .options = options }, .format = f };
	bool no_file = f->output_check || !strcmp(options->output, "-");
	int ret;

	if (!no_file) {
		t.job.path = vmsync_output_file(options->output, e);
		if (!t.job.path)
			return e->code;
	}
	ret = run_all(s, &t, progress, e);
	vmsync_array_free(&t.job.wanted);
	vmsync_array_free(&t.job.until_ns);
	if (no_file)
		return ret;
	if (!ret)
		return vmsync_output_commit(e);
	vmsync_output_abort();
	return ret;
}

bool export_wants(struct export_job *j, uint32_t vcpu)
{
	struct analysis_vcpu_id id;
	uint8_t *p;

	if (!j->options->analysis.vm)
		return true;
	while (j->wanted.count <= vcpu) {
		p = vmsync_array_add(&j->wanted);
		if (!p) {
			j->error = -ENOMEM;
			return false;
		}
		*p = 0;
	}
	p = &j->wanted.at[vcpu];
	if (!*p) {
		id = analysis_model_vcpu_id(j->analysis->model, vcpu);
		/* Of which process it is may be told later. */
		if (!id.machine && id.pid <= 0)
			return false;
		*p = analysis_reported(j->analysis, vcpu) ? 1 : 2;
	}
	return *p == 1;
}

bool export_wants_machine(const struct export_job *j, uint32_t machine)
{
	const struct vmsync_session_guest *g;
	const struct vmsync_guest_report *r;
	const char *vm = j->options->analysis.vm;
	char pid[16];

	if (!vm || machine == ANALYSIS_HOST)
		return true;
	g = &j->analysis->session->guests[machine - 1];
	r = g->report;
	snprintf(pid, sizeof(pid), "%d", r->found ? r->vm.pid : 0);
	return !strcmp(vm, g->machine->name) || !strcmp(vm, pid);
}

bool export_clip(const struct export_job *j, int64_t *from_ns,
		 int64_t *until_ns)
{
	const struct analysis_totals *t = &j->analysis->totals;

	if (*from_ns < t->from_ns)
		*from_ns = t->from_ns;
	if (*until_ns > t->until_ns)
		*until_ns = t->until_ns;
	return *from_ns < *until_ns;
}

const char *export_text(const char *s, char *buf, size_t size)
{
	char *p = buf, *end = buf + size - 1;

	while (*s) {
		uint32_t code;
		size_t n = utf8_char(s, &code);

		if (!n || code == '\\' || utf8_is_control(code)) {
			if (end - p < 4)
				break;
			p += snprintf(p, 5, "\\x%02x", (unsigned char)*s);
			s++;
			continue;
		}
		if ((size_t)(end - p) < n)
			break;
		memcpy(p, s, n);
		p += n;
		s += n;
	}
	*p = '\0';
	return buf;
}
