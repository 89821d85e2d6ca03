// SPDX-License-Identifier: MIT
#include "memory/use_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/event.h"
#include "fuse/fail.h"
#include "fuse/stream_map.h"
#include "memory/kinds.h"

/* A nested page fault, as AMD's processors tell it: the second number is where. */
#define SVM_NPF	  0x400
#define MOST_CPUS 8192
#define NOBODY	  (-1)

/** struct thread - @pid: its process, so far as is known */
struct thread {
	int32_t pid;
};

/** struct source - a trace; @host: of the host */
struct source {
	struct memory_class *cls;
	uint8_t *want;
	bool host;
};

/**
 * struct use_reader - the reading
 * @current:	thread of each CPU, NOBODY: not known
 * @on_host:	the same of the host
 * @vcpus:	threads of the host that are the guest's virtual CPUs
 * @touched:	pages of which events tell while the second look was taken
 */
struct use_reader {
	const struct vmsync_session_guest *guest;
	const struct memory_use_options *options;
	struct memory_use_told *told;
	struct memory_use *use;
	struct ctf_merge *merge;
	VMSYNC_ARRAY(struct source) sources;
	VMSYNC_ARRAY(uint32_t) source_of; /* by source of the merge */
	VMSYNC_ARRAY(struct thread) threads;
	struct analysis_index tids;
	struct analysis_index vcpus;
	int32_t current[MOST_CPUS];
	int32_t on_host[MOST_CPUS];
	bool began;
	struct memory_pages touched;
};

static bool has_pages(const struct ctf_trace *t)
{
	size_t i;

	for (i = 0; i < ctf_trace_classes(t); i++) {
		struct memory_class c = { 0 };

		memory_class_init(&c, ctf_trace_class(t, i), false);
		if (c.kind == MEMORY_EV_ALLOC || c.kind == MEMORY_EV_FREED)
			return true;
	}
	return false;
}

bool memory_use_has(const struct vmsync_machine *m)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (has_pages(m->traces[i]))
			return true;
	}
	return false;
}

/* ----------------------------------------------------------------- streams */

static int stream_add(struct use_reader *r, const struct ctf_stream *stream,
		      struct ctf_error *e)
{
	const struct source *s = vmsync_array_last(&r->sources);
	uint32_t cpu, *p;
	int ret = vmsync_stream_merge(r->merge, stream,
				      s->host ? NULL : r->guest, s->want, &cpu,
				      e);

	if (ret <= 0)
		return ret;
	p = vmsync_array_add(&r->source_of);
	if (!p)
		return vmsync_fail_memory(e);
	*p = (uint32_t)r->sources.count - 1;
	return 0;
}

static int trace_add(struct use_reader *r, const struct ctf_trace *t, bool host,
		     struct ctf_error *e)
{
	size_t n = ctf_trace_classes(t), i;
	struct source *s = vmsync_array_add(&r->sources);
	bool faults = false;
	int ret = 0;

	if (!s)
		return vmsync_fail_memory(e);
	s->host = host;
	s->cls = calloc(n + 1, sizeof(*s->cls));
	s->want = calloc(n + 1, 1);
	if (!s->cls || !s->want)
		return vmsync_fail_memory(e);
	for (i = 0; i < n; i++) {
		memory_class_init(&s->cls[i], ctf_trace_class(t, i), host);
		s->want[i] = s->cls[i].kind != MEMORY_EV_NONE;
		faults |= s->cls[i].kind == MEMORY_EV_FAULT;
	}
	r->told->faults |= faults;
	/* On AMD a fault is an exit as well: where both are recorded it is one. */
	for (i = 0; faults && i < n; i++)
		s->want[i] &= s->cls[i].kind != MEMORY_EV_EXIT;
	for (i = 0; !ret && i < ctf_trace_streams(t); i++)
		ret = stream_add(r, ctf_trace_stream(t, i), e);
	return ret;
}

/* ------------------------------------------------------------------ events */

static struct thread *thread_of(struct use_reader *r, int32_t tid)
{
	uint32_t n = analysis_index_put(&r->tids, (uint32_t)tid);
	struct thread *p;

	if (n == ANALYSIS_NONE)
		goto failed;
	if (n < r->threads.count)
		return &r->threads.at[n];
	p = vmsync_array_add(&r->threads);
	if (!p)
		goto failed;
	/* As long as nothing else is told it is a process of its own. */
	*p = (struct thread){ tid };
	return p;
failed:
	r->use->failed_memory = true;
	return NULL;
}

/* A process is called as its first thread is, or as the last one was that ran. */
static void name_take(struct use_reader *r, const struct ctf_event *ev,
		      const struct ctf_field *field, int32_t tid)
{
	const struct thread *t = thread_of(r, tid);
	size_t len = 0;
	const char *name = ctf_get_str(ev, field, &len);
	struct memory_user *p;
	uint32_t user = t && name ? memory_use_user(r->use, t->pid) : ANALYSIS_NONE;

	if (user == ANALYSIS_NONE)
		return;
	p = &r->use->users.at[user];
	if (tid != t->pid && p->name[0])
		return;
	len = len < MEMORY_USE_NAME ? len : MEMORY_USE_NAME;
	memcpy(p->name, name, len);
	p->name[len] = 0;
}

static void take_switch(struct use_reader *r, const struct memory_class *c,
			const struct ctf_event *ev)
{
	int32_t tid = (int32_t)memory_class_number(c, ev, MEMORY_OF_TID, NOBODY);
	int32_t left = (int32_t)memory_class_number(c, ev, MEMORY_OF_LEFT, NOBODY);

	if (c->left_named && left > 0)
		name_take(r, ev, &c->left_name, left);
	if (c->named && tid > 0)
		name_take(r, ev, &c->name, tid);
	if (ev->cpu < MOST_CPUS)
		r->current[ev->cpu] = tid;
}

static void take_thread(struct use_reader *r, const struct memory_class *c,
			const struct ctf_event *ev)
{
	int32_t tid = (int32_t)memory_class_number(c, ev, MEMORY_OF_TID, NOBODY);
	int32_t pid = (int32_t)memory_class_number(c, ev, MEMORY_OF_PID, tid);
	struct thread *t = tid > 0 ? thread_of(r, tid) : NULL;

	if (!t)
		return;
	t->pid = pid;
	if (c->fork && tid == pid)
		memory_use_gone(r->use, pid);
	if (c->named)
		name_take(r, ev, &c->name, tid);
}

/* Who made the event: it says so itself, or who runs on its CPU. */
static uint32_t user_of(struct use_reader *r, const struct memory_class *c,
			const struct ctf_event *ev)
{
	int32_t tid = ev->cpu < MOST_CPUS ? r->current[ev->cpu] : NOBODY;
	struct thread *t;

	tid = (int32_t)memory_class_number(c, ev, MEMORY_OF_CURRENT, tid);
	t = tid > 0 ? thread_of(r, tid) : NULL;
	if (!t)
		return memory_use_user(r->use, tid);
	t->pid = (int32_t)memory_class_number(c, ev, MEMORY_OF_PROCESS, t->pid);
	if (c->named)
		name_take(r, ev, &c->name, tid);
	return memory_use_user(r->use, t->pid);
}

/* Guests' looks are on the guest's clock, as raw stamps are. */
static void look_begin(struct use_reader *r, const struct ctf_event *ev)
{
	const struct memory_look *look = r->options->look[0];

	if (!look || r->began || (int64_t)ev->clock < look->begin_ns)
		return;
	memory_use_look(r->use, &look->free);
	r->began = true;
}

static void take_pages(struct use_reader *r, const struct memory_class *c,
		       const struct ctf_event *ev)
{
	const struct memory_look *last = r->options->look[1];
	struct memory_block b = {
		.ns = (int64_t)ev->time,
		.page = (uint64_t)memory_class_number(c, ev, MEMORY_OF_PAGE, -1),
		.order = (uint32_t)memory_class_number(c, ev, MEMORY_OF_ORDER, 0),
	};
	int64_t at_ns = (int64_t)ev->clock;

	if (r->options->look[0] && !r->began)
		return;
	if (last && at_ns > last->end_ns)
		return;
	if (last && at_ns >= last->begin_ns && b.page != UINT64_MAX && b.order < 64)
		memory_pages_add(&r->touched, b.page, 1ull << b.order);
	(c->kind == MEMORY_EV_ALLOC ? memory_use_alloc : memory_use_freed)(r->use, &b,
								 user_of(r, c, ev));
}

/* An exit is a fault where the processor says so, and says of which address. */
static bool is_fault(const struct memory_class *c, const struct ctf_event *ev)
{
	return c->kind == MEMORY_EV_FAULT ||
	       (memory_class_number(c, ev, MEMORY_OF_REASON, 0) == SVM_NPF &&
		memory_class_number(c, ev, MEMORY_OF_ISA, 0) == ANALYSIS_ISA_SVM);
}

static void take_fault(struct use_reader *r, const struct memory_class *c,
		       const struct ctf_event *ev)
{
	int32_t tid = ev->cpu < MOST_CPUS ? r->on_host[ev->cpu] : NOBODY;
	uint64_t address;

	tid = (int32_t)memory_class_number(c, ev, MEMORY_OF_CURRENT, tid);
	/* On Intel no exit tells of one: nothing is known then, which is not none. */
	r->told->faults |= memory_class_number(c, ev, MEMORY_OF_ISA, 0) ==
			   ANALYSIS_ISA_SVM;
	if (analysis_index_find(&r->vcpus, (uint32_t)tid) != ANALYSIS_NONE &&
	    is_fault(c, ev) &&
	    ctf_get_u64(ev, &c->field[MEMORY_OF_ADDRESS], &address))
		memory_use_given(r->use, (int64_t)ev->time, address / MEMORY_PAGE);
}

static void take_host(struct use_reader *r, const struct memory_class *c,
		      const struct ctf_event *ev)
{
	if (c->kind != MEMORY_EV_SWITCH)
		take_fault(r, c, ev);
	else if (ev->cpu < MOST_CPUS)
		r->on_host[ev->cpu] = (int32_t)memory_class_number(
			c, ev, MEMORY_OF_TID, NOBODY);
}

static void take(struct use_reader *r, const struct ctf_event *ev)
{
	const struct source *s = &r->sources.at[r->source_of.at[ev->source]];
	const struct memory_class *c = &s->cls[ev->cls->index];

	if (s->host) {
		take_host(r, c, ev);
		return;
	}
	look_begin(r, ev);
	if (c->kind == MEMORY_EV_SWITCH)
		take_switch(r, c, ev);
	else if (c->kind == MEMORY_EV_THREAD)
		take_thread(r, c, ev);
	else if (c->kind != MEMORY_EV_NONE)
		take_pages(r, c, ev);
}

static int read_all(struct use_reader *r, struct ctf_error *e)
{
	const struct ctf_event *ev;
	int ret;

	while ((ret = ctf_merge_next(r->merge, &ev, e)) > 0) {
		take(r, ev);
		if (r->use->failed_memory)
			return vmsync_fail_memory(e);
	}
	return ret;
}

static void reader_free(struct use_reader *r)
{
	size_t i;

	ctf_merge_free(r->merge);
	for (i = 0; i < r->sources.count; i++) {
		free(r->sources.at[i].cls);
		free(r->sources.at[i].want);
	}
	vmsync_array_free(&r->sources);
	vmsync_array_free(&r->source_of);
	vmsync_array_free(&r->threads);
	analysis_index_free(&r->tids);
	analysis_index_free(&r->vcpus);
	memory_pages_free(&r->touched);
	free(r);
}

static int against(struct use_reader *r, struct memory_use_told *told,
		   struct ctf_error *e)
{
	const struct memory_look *last = r->options->look[1];

	if (!last)
		return 0;
	if (!r->began)
		return vmsync_fail(e, -EINVAL, "look while it is being recorded",
				   "%s: no events of pages after the first look",
				   told->machine->name);
	told->has_against = true;
	told->against = memory_use_against(r->use, &last->free, &r->touched);
	return 0;
}

/* The host's traces, where it is known which of its threads are the guest's. */
static int host_add(struct use_reader *r, const struct vmsync_machine *host,
		    struct ctf_error *e)
{
	const struct vmsync_guest_report *report = r->guest->report;
	size_t i;
	int ret = 0;

	for (i = 0; report && i < report->n_cpus; i++) {
		if (report->cpus[i].known && report->cpus[i].tid > 0 &&
		    analysis_index_put(&r->vcpus, (uint32_t)report->cpus[i].tid) ==
			    ANALYSIS_NONE)
			return vmsync_fail_memory(e);
	}
	for (i = 0; !ret && r->vcpus.count && i < host->n; i++)
		ret = trace_add(r, host->traces[i], true, e);
	return ret;
}

static struct use_reader *reader_new(struct memory_use_told *told,
				     const struct memory_use_options *options)
{
	struct use_reader *r = calloc(1, sizeof(*r));
	size_t i;

	if (!r)
		return NULL;
	r->told = told;
	r->use = &told->use;
	r->options = options;
	for (i = 0; i < MOST_CPUS; i++)
		r->current[i] = r->on_host[i] = NOBODY;
	r->merge = ctf_merge_new();
	if (r->merge && !memory_use_init(r->use, options->window_ns) &&
	    (!options->look[1] ||
	     !memory_pages_init(&r->touched, options->look[1]->free.n)))
		return r;
	reader_free(r);
	return NULL;
}

int memory_use_read(const struct vmsync_machine *m, const struct vmsync_session *s,
		    const struct vmsync_session_guest *guest,
		    const struct memory_use_options *options,
		    struct memory_use_told *told, struct ctf_error *e)
{
	struct use_reader *r;
	size_t i;
	int ret = 0;

	*told = (struct memory_use_told){ .machine = m, .on_host = guest };
	r = reader_new(told, options);
	if (!r)
		return vmsync_fail_memory(e);
	r->guest = guest;
	ctf_merge_pool(r->merge, s ? s->pool : NULL);
	for (i = 0; !ret && i < m->n; i++)
		ret = trace_add(r, m->traces[i], false, e);
	if (!ret && guest)
		ret = host_add(r, s->host, e);
	if (!ret)
		ret = read_all(r, e);
	if (!ret)
		ret = against(r, told, e);
	if (!ret && memory_use_end(&told->use))
		ret = vmsync_fail_memory(e);
	reader_free(r);
	return ret;
}
