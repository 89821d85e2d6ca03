// SPDX-License-Identifier: MIT
/* What a page shows is kept while the analysis runs, up to a limit. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export/page.h"

/* The row of something, made where it is new: its number plus 1, or 0. */
#define ROW_OF(p, map, of, kind_)                                \
	({                                                       \
		uint32_t *slot_ = NULL;                          \
		while ((map)->count <= (of)) {                   \
			slot_ = vmsync_array_add(map);           \
			if (!slot_)                              \
				break;                           \
			*slot_ = 0;                              \
		}                                                \
		if ((map)->count > (of)) {                       \
			slot_ = &(map)->at[of];                  \
			if (!*slot_)                             \
				*slot_ = row_make(p, kind_, of); \
		} else {                                         \
			(p)->job->error = -ENOMEM;               \
		}                                                \
		slot_ ? *slot_ : 0;                              \
	})

static uint32_t row_make(struct page *p, enum page_row_kind kind,
			 uint32_t number)
{
	struct page_row *r = vmsync_array_add(&p->rows);
	int row = r ? slices_row(&p->slices) : -ENOMEM;

	if (row < 0) {
		p->job->error = -ENOMEM;
		return 0;
	}
	*r = (struct page_row){kind, number};
	return (uint32_t)row + 1;
}

static void show(struct page *p, uint32_t row, enum slice_code code,
		 uint32_t thread, int64_t from_ns, int64_t until_ns)
{
	if (row && slices_add(&p->slices, row - 1, code,
			      thread == ANALYSIS_NONE ? 0 : thread + 1, from_ns,
			      until_ns))
		p->job->error = -ENOMEM;
}

/* Of a guest, but its idle ones; those that come late may find no room. */
static uint32_t thread_row(struct page *p, uint32_t thread)
{
	const struct analysis_thread *t;

	if (thread == ANALYSIS_NONE)
		return 0;
	if (page_thread_row(p, thread))
		return page_thread_row(p, thread);
	t = analysis_model_thread(p->job->analysis->model, thread);
	if (!t->tid || !t->machine || p->n_threads == PAGE_THREADS)
		return 0;
	p->n_threads++;
	return ROW_OF(p, &p->thread_row, thread, PAGE_THREAD);
}

static void stay(void *ctx, const struct analysis_stay *s)
{
	struct export_job *j = ctx;
	struct page *p = j->state;
	int64_t from = s->from_ns, until = s->until_ns;

	if (!export_clip(j, &from, &until) || !export_wants(j, s->vcpu))
		return;
	p->windows_sink.stay(p->windows_sink.ctx, s);
	show(p, ROW_OF(p, &p->vcpu_row, s->vcpu, PAGE_VCPU),
	     (enum slice_code)s->state, s->thread, from, until);
	show(p, thread_row(p, s->thread), (enum slice_code)s->state,
	     ANALYSIS_NONE, from, until);
}

/* Into a list of the longest, the longest first. */
#define KEEP_LONGEST(list, n, one)                                             \
	do {                                                                   \
		int i_ = (n);                                                  \
		int64_t ns_ = (one)->until_ns - (one)->from_ns;                \
		if (i_ == PAGE_LONGEST &&                                      \
		    (list)[i_ - 1].until_ns - (list)[i_ - 1].from_ns >= ns_)   \
			break;                                                 \
		if (i_ == PAGE_LONGEST)                                        \
			i_--;                                                  \
		else                                                           \
			(n)++;                                                 \
		for (; i_ &&                                                   \
		       (list)[i_ - 1].until_ns - (list)[i_ - 1].from_ns < ns_; \
		     i_--)                                                     \
			(list)[i_] = (list)[i_ - 1];                           \
		(list)[i_] = *(one);                                           \
	} while (0)

static void charge(void *ctx, const struct analysis_charge *c)
{
	struct export_job *j = ctx;
	struct page *p = j->state;
	struct analysis_charge clipped = *c;

	if (export_clip(j, &clipped.from_ns, &clipped.until_ns) &&
	    export_wants(j, c->vcpu))
		KEEP_LONGEST(p->waits, p->n_waits, &clipped);
}

static void left(void *ctx, const struct analysis_exit *x)
{
	struct export_job *j = ctx;
	const struct analysis_totals *t = &j->analysis->totals;
	struct page *p = j->state;

	if (x->told && x->from_ns >= t->from_ns && x->from_ns < t->until_ns &&
	    export_wants(j, x->vcpu))
		KEEP_LONGEST(p->exits, p->n_exits, x);
}

static void wake(void *ctx, const struct analysis_wake *w)
{
	struct export_job *j = ctx;
	struct page *p = j->state;
	int64_t from = w->from_ns, until = w->until_ns;

	if (export_clip(j, &from, &until) && export_wants(j, w->vcpu))
		show(p, thread_row(p, w->thread), SLICE_READY, w->waker, from,
		     until);
}

/* What a thread of the host is: a virtual CPU, or idle, or another one. */
static enum slice_code code_of(const struct page *p, int32_t tid,
			       uint32_t *thread)
{
	const struct analysis_model *m = p->job->analysis->model;

	if (!tid)
		return SLICE_IDLE;
	*thread = analysis_model_thread_of(m, ANALYSIS_HOST, tid);
	if (*thread == ANALYSIS_NONE)
		return SLICE_TASK;
	return analysis_model_is_vcpu(m, *thread) ? SLICE_VCPU : SLICE_TASK;
}

/* What ran on a CPU of the host up to now. */
static void run_ends(struct page *p, uint32_t cpu, int64_t ns)
{
	struct page_run *r = &p->runs.at[cpu];
	uint32_t thread = ANALYSIS_NONE;
	int64_t from = r->since_ns, until = ns;
	enum slice_code code;

	if (r->tid < 0 || !export_clip(p->job, &from, &until))
		return;
	code = code_of(p, r->tid, &thread);
	show(p, ROW_OF(p, &p->cpu_row, cpu, PAGE_CPU), code, thread, from,
	     until);
}

static void event(void *ctx, const struct analysis_event *ev)
{
	struct export_job *j = ctx;
	struct page *p = j->state;
	struct page_run *r;

	if (ev->machine != ANALYSIS_HOST || ev->cpu >= 8192 ||
	    (ev->kind != ANALYSIS_EV_SWITCH && ev->kind != ANALYSIS_EV_LOST))
		return;
	while (p->runs.count <= ev->cpu) {
		r = vmsync_array_add(&p->runs);
		if (!r) {
			j->error = -ENOMEM;
			return;
		}
		*r = (struct page_run){ .tid = -1 };
	}
	run_ends(p, ev->cpu, ev->ns);
	p->runs.at[ev->cpu] = (struct page_run){
		ev->kind == ANALYSIS_EV_SWITCH ? ev->tid : -1, ev->ns};
}

/* A round number, so that there are about a hundred of them. */
static int64_t window_ns(int64_t length_ns)
{
	static const int factors[] = { 2, 5, 10 };
	int64_t unit = 1;
	int i;

	for (;; unit *= 10) {
		for (i = 0; i < 3; i++) {
			if (factors[i] * unit >= length_ns / 150)
				return factors[i] * unit;
		}
	}
}

static int begin(struct export_job *j, struct analysis_sink *sink)
{
	const struct analysis_totals *t = &j->analysis->totals;
	struct page *p = calloc(1, sizeof(*p));

	j->state = p;
	if (!p)
		return -ENOMEM;
	p->job = j;
	p->slices.from_ns = t->from_ns;
	p->slices.until_ns = t->until_ns;
	p->slices.most = PAGE_SLICES;
	analysis_windows_init(&p->windows, t->from_ns, t->until_ns,
			      window_ns(t->until_ns - t->from_ns));
	p->windows_sink = analysis_windows_sink(&p->windows);
	*sink = (struct analysis_sink){ .stay = stay,
					.charge = charge,
					.exit = left,
					.wake = wake,
					.event = event,
					.ctx = j };
	return 0;
}

static int end(struct export_job *j)
{
	struct page *p = j->state;
	FILE *f;
	uint32_t i;

	for (i = 0; i < p->runs.count; i++)
		run_ends(p, i, j->analysis->totals.until_ns);
	if (p->windows.failed)
		j->error = -ENOMEM;
	if (j->error)
		return j->error;
	f = j->path ? fopen(j->path, "we") : fdopen(dup(STDOUT_FILENO), "w");
	if (!f)
		return -errno;
	errno = 0;
	page_write(p, f);
	if (ferror(f))
		j->error = errno ? -errno : -EIO;
	if (fclose(f) && !j->error)
		j->error = -errno;
	return j->error;
}

static void page_free(struct export_job *j)
{
	struct page *p = j->state;

	if (!p)
		return;
	slices_free(&p->slices);
	analysis_windows_free(&p->windows);
	vmsync_array_free(&p->rows);
	vmsync_array_free(&p->vcpu_row);
	vmsync_array_free(&p->thread_row);
	vmsync_array_free(&p->cpu_row);
	vmsync_array_free(&p->runs);
	free(p);
}

const struct export_format export_page = {
	.name = "page",
	.begin = begin,
	.end = end,
	.free = page_free,
};
