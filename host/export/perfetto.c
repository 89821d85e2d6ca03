// SPDX-License-Identifier: MIT
/*
 * For https://ui.perfetto.dev and its trace_processor: each machine with its
 * threads and their scheduling, and on the host's what every virtual CPU did.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export/perfetto.h"

#define ROOM 262144

void perfetto_fail(struct perfetto *f)
{
	if (!f->job->error)
		f->job->error = f->out.error;
}

void perfetto_packet(struct perfetto *f, const uint8_t *body, const uint8_t *p)
{
	uint8_t head[PB_TAG + PB_VARINT], *q;
	size_t n = (size_t)(p - body);

	q = pb_varint(head, TRACE_PACKET << 3 | 2);
	q = pb_varint(q, n);
	out_put(&f->out, (char *)head, (size_t)(q - head));
	out_put(&f->out, (const char *)body, n);
	if (f->out.error)
		perfetto_fail(f);
}

/*
 * All clocks of all machines are the host's CLOCK_MONOTONIC: guests' stamps are
 * on it already.
 */
static void clocks(struct perfetto *f, uint32_t machine)
{
	enum { SNAPSHOT_CLOCKS = 1, CLOCK_ID = 1, CLOCK_VALUE = 2 };
	static const unsigned int ids[] = { 6, 3, 1 }; /* BOOTTIME, MONOTONIC,
							  REALTIME */
	const struct analysis *a = f->job->analysis;
	uint64_t ns = (uint64_t)a->totals.from_ns;
	uint8_t clock[64], snapshot[128], body[256], *p, *q = snapshot;
	size_t i;

	for (i = 0; i < 3; i++) {
		p = pb_uint(clock, CLOCK_ID, ids[i]);
		p = pb_uint(p, CLOCK_VALUE,
			    ids[i] == 1 ?
				    ctf_clock_ns(a->session->host->clock, ns) :
				    ns);
		q = pb_bytes(q, SNAPSHOT_CLOCKS, clock, (size_t)(p - clock));
	}
	p = pb_uint(body, PACKET_SEQUENCE_ID, PERFETTO_SEQUENCE);
	p = perfetto_machine(p, machine);
	perfetto_packet(f, body,
			pb_bytes(p, PACKET_CLOCK_SNAPSHOT, snapshot,
				 (size_t)(q - snapshot)));
}

static const char *env(const struct vmsync_machine *m, const char *key,
		       const char *otherwise, char *buf, size_t size)
{
	const char *text = ctf_trace_env(m->traces[0], key);

	return export_text(text ? text : otherwise, buf, size);
}

/* What prev_state means depends on the kernel's version. */
static void system_info(struct perfetto *f, uint32_t machine)
{
	enum { INFO_UTSNAME = 1, INFO_MACHINE_NAME = 17 };
	enum { UTS_SYSNAME = 1, UTS_VERSION, UTS_RELEASE, UTS_MACHINE };
	const struct vmsync_session *s = f->job->analysis->session;
	const struct vmsync_machine *m =
		machine ? s->guests[machine - 1].machine : s->host;
	uint8_t uts[512], info[768], body[PERFETTO_PACKET], *p, *q;
	char text[100];

	p = pb_text(uts, UTS_SYSNAME, "Linux");
	p = pb_text(p, UTS_VERSION,
		    env(m, "kernel_version", "", text, sizeof(text)));
	p = pb_text(p, UTS_RELEASE,
		    env(m, "kernel_release", "6.1", text, sizeof(text)));
	p = pb_text(p, UTS_MACHINE, "x86_64");
	q = pb_bytes(info, INFO_UTSNAME, uts, (size_t)(p - uts));
	q = pb_text(q, INFO_MACHINE_NAME,
		    export_text(m->name, text, sizeof(text)));
	p = pb_uint(body, PACKET_SEQUENCE_ID, PERFETTO_SEQUENCE);
	p = perfetto_machine(p, machine);
	perfetto_packet(f, body,
			pb_bytes(p, PACKET_SYSTEM_INFO, info,
				 (size_t)(q - info)));
}

/* The process that a thread is shown in; the process of a vCPU is said already.
 */
static int32_t pid_of(const struct perfetto *f, const struct analysis_thread *t)
{
	const struct analysis_model *m = f->job->analysis->model;
	uint32_t i;

	for (i = 0; !t->machine && i < f->vcpus.count; i++) {
		if (f->vcpus.at[i].described &&
		    analysis_model_vcpu_id(m, i).tid == t->tid)
			return f->vcpus.at[i].pid;
	}
	return t->pid;
}

/* Which process a thread is of, and their names, as far as they are known. */
static void thread_write(struct perfetto *f, const struct analysis_thread *t)
{
	enum { TREE_PROCESSES = 1, TREE_THREADS = 2 };
	enum { PROCESS_PID = 1, PROCESS_CMDLINE = 3 };
	enum { THREAD_TID = 1, THREAD_NAME = 2, THREAD_TGID = 3 };
	uint8_t one[128], tree[256], body[384], *p, *q = tree;
	char name[ANALYSIS_NAME * 4 + 1];
	int32_t pid = pid_of(f, t);

	if (t->tid <= 0 || pid <= 0)
		return;
	export_text(t->name, name, sizeof(name));
	if (t->tid == pid) {
		p = pb_uint(one, PROCESS_PID, (uint64_t)pid);
		p = pb_text(p, PROCESS_CMDLINE, name);
		q = pb_bytes(q, TREE_PROCESSES, one, (size_t)(p - one));
	}
	p = pb_uint(one, THREAD_TID, (uint64_t)t->tid);
	if (*name)
		p = pb_text(p, THREAD_NAME, name);
	p = pb_uint(p, THREAD_TGID, (uint64_t)pid);
	q = pb_bytes(q, TREE_THREADS, one, (size_t)(p - one));
	p = pb_uint(body, PACKET_TIMESTAMP,
		    (uint64_t)f->job->analysis->totals.until_ns);
	p = pb_uint(p, PACKET_SEQUENCE_ID, PERFETTO_SEQUENCE);
	p = perfetto_machine(p, t->machine);
	perfetto_packet(f, body,
			pb_bytes(p, PACKET_PROCESS_TREE, tree,
				 (size_t)(q - tree)));
}

static void event(void *ctx, const struct analysis_event *ev)
{
	struct export_job *j = ctx;

	if (!j->error && ev->ns < j->analysis->totals.until_ns &&
	    export_wants_machine(j, ev->machine))
		sched_event(j->state, ev);
}

static void stay(void *ctx, const struct analysis_stay *s)
{
	struct export_job *j = ctx;
	struct analysis_stay clipped = *s;

	if (!j->error && export_clip(j, &clipped.from_ns, &clipped.until_ns) &&
	    export_wants(j, s->vcpu))
		track_stay(j->state, &clipped);
}

static void charge(void *ctx, const struct analysis_charge *c)
{
	struct export_job *j = ctx;
	struct analysis_charge clipped = *c;

	if (!j->error && export_clip(j, &clipped.from_ns, &clipped.until_ns) &&
	    export_wants(j, c->vcpu))
		track_charge(j->state, &clipped);
}

static void left(void *ctx, const struct analysis_exit *x)
{
	struct export_job *j = ctx;
	struct analysis_exit clipped = *x;

	if (!j->error && export_clip(j, &clipped.from_ns, &clipped.until_ns) &&
	    export_wants(j, x->vcpu))
		track_exit(j->state, &clipped);
}

static void wake(void *ctx, const struct analysis_wake *w)
{
	struct export_job *j = ctx;
	const struct analysis_totals *t = &j->analysis->totals;

	if (!j->error && w->from_ns >= t->from_ns &&
	    w->until_ns < t->until_ns && export_wants(j, w->vcpu))
		track_wake(j->state, w);
}

static int begin(struct export_job *j, struct analysis_sink *sink)
{
	struct perfetto *f = calloc(1, sizeof(*f));
	uint32_t i;
	int fd;

	j->state = f;
	if (!f)
		return -ENOMEM;
	f->job = j;
	f->out.fd = -1;
	fd = open(j->path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!out_new(&f->out, ROOM, fd) || !sched_init(f))
		return -ENOMEM;
	for (i = 0; i <= j->analysis->session->n_guests; i++) {
		if (!export_wants_machine(j, i))
			continue;
		clocks(f, i);
		system_info(f, i);
	}
	tracks_begin(f);
	*sink = (struct analysis_sink){ .stay = stay,
					.charge = charge,
					.exit = left,
					.wake = wake,
					.event = event,
					.ctx = j };
	return j->error;
}

static int end(struct export_job *j)
{
	const struct analysis_model *m = j->analysis->model;
	struct perfetto *f = j->state;
	uint32_t i;

	sched_end(f);
	tracks_end(f);
	for (i = 0; i < analysis_model_threads(m); i++) {
		const struct analysis_thread *t = analysis_model_thread(m, i);

		if (export_wants_machine(j, t->machine))
			thread_write(f, t);
	}
	if (!j->error)
		j->error = out_write(&f->out, f->out.fd);
	if (close(f->out.fd) && !j->error)
		j->error = -errno;
	f->out.fd = -1;
	return j->error;
}

static void perfetto_free(struct export_job *j)
{
	struct perfetto *f = j->state;

	if (!f)
		return;
	if (f->out.fd >= 0)
		close(f->out.fd);
	out_free(&f->out);
	sched_free(f);
	vmsync_array_free(&f->vcpus);
	vmsync_array_free(&f->threads);
	free(f);
}

const struct export_format export_perfetto = {
	.name = "perfetto",
	.begin = begin,
	.end = end,
	.free = perfetto_free,
};
