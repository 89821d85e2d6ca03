// SPDX-License-Identifier: MIT
/* The tree of causes, of what why.c has kept. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analysis/reasons.h"
#include "analysis/why_parts.h"

typedef struct analysis_why_node node;

/* The same cause under the same one is one node. */
static node *under(struct analysis_why *w, node *parent, const char *format,
		   ...) __attribute__((format(printf, 3, 4)));

static node *under(struct analysis_why *w, node *parent, const char *format,
		   ...)
{
	char what[160];
	node *child;
	va_list ap;
	size_t i;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	for (i = 0; parent && i < parent->n_children; i++) {
		if (!strcmp(parent->child[i].what, what))
			return &parent->child[i];
	}
	child = parent ? realloc(parent->child,
				 (parent->n_children + 1) * sizeof(*child)) :
			 NULL;
	if (!child) {
		w->error = -ENOMEM;
		return NULL;
	}
	parent->child = child;
	child += parent->n_children;
	*child = (node){ .what = strdup(what) };
	if (!child->what) {
		w->error = -ENOMEM;
		return NULL;
	}
	parent->n_children++;
	return child;
}

static void leaf(node *n, int64_t ns)
{
	if (!n)
		return;
	n->ns += ns;
	n->times++;
}

void analysis_why_node_free(node *n)
{
	size_t i;

	for (i = 0; i < n->n_children; i++)
		analysis_why_node_free(&n->child[i]);
	free(n->child);
	free(n->what);
	*n = (node){0};
}

static int by_ns(const void *a, const void *b)
{
	const node *x = a, *y = b;

	return x->ns != y->ns ? (x->ns < y->ns ? 1 : -1) :
				strcmp(x->what, y->what);
}

/* Sums of what is below; the largest first. */
static void add_up(node *n)
{
	size_t i;

	for (i = 0; i < n->n_children; i++) {
		add_up(&n->child[i]);
		n->ns += n->child[i].ns;
	}
	if (n->n_children)
		qsort(n->child, n->n_children, sizeof(*n->child), by_ns);
}

static const char *thread_text(const struct analysis_why *w, uint32_t thread,
			       char *buf, size_t size)
{
	const struct analysis_thread *t;

	if (thread == ANALYSIS_NONE)
		return "a thread that is not known";
	t = analysis_model_thread(w->model, thread);
	if (!t->tid)
		return "the idle thread";
	snprintf(buf, size, "%s %d", t->name[0] ? t->name : "thread", t->tid);
	return buf;
}

static const char *vcpu_text(const struct analysis_why *w, uint32_t vcpu,
			     char *buf, size_t size)
{
	struct analysis_vcpu_id id;

	if (vcpu == ANALYSIS_NONE)
		return "a CPU whose thread on the host is not known";
	id = analysis_model_vcpu_id(w->model, vcpu);
	if (id.vcpu_id >= 0)
		snprintf(buf, size, "vCPU %d", id.vcpu_id);
	else
		snprintf(buf, size, "the vCPU of thread %d", id.tid);
	return buf;
}

static const char *who_text(const struct analysis_why *w,
			    const struct analysis_who *who, char *buf,
			    size_t size)
{
	char thread[48], vcpu[64];
	struct analysis_vcpu_id id;

	switch (who->by) {
	case ANALYSIS_BY_NOBODY:
		return "nobody (the host's CPU was idle)";
	case ANALYSIS_BY_IRQ:
		return "interrupts of the host";
	case ANALYSIS_BY_TASK:
		snprintf(buf, size, "%s (host)",
			 thread_text(w, who->id, thread, sizeof(thread)));
		return buf;
	case ANALYSIS_BY_VCPU:
		id = analysis_model_vcpu_id(w->model, who->id);
		snprintf(buf, size, "%s of process %d (%s)",
			 vcpu_text(w, who->id, vcpu, sizeof(vcpu)), id.pid,
			 thread_text(w, who->thread, thread, sizeof(thread)));
		return buf;
	default:
		return "not known";
	}
}

/* ----------------------------------------------- what was kept, in its order
 */

#define ORDER(name, type, owner)                                               \
	static int name(const void *a, const void *b)                          \
	{                                                                      \
		const type *x = a, *y = b;                                     \
                                                                               \
		if (x->owner != y->owner)                                      \
			return x->owner < y->owner ? -1 : 1;                   \
		return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns; \
	}

ORDER(thread_order, struct why_stay, thread)
ORDER(stay_order, struct analysis_stay, vcpu)
ORDER(charge_order, struct analysis_charge, vcpu)
ORDER(exit_order, struct analysis_exit, vcpu)

/* The first of @owner that ends after @ns, or where that would be. */
#define FIRST(array, member, number, ns)                                      \
	({                                                                    \
		size_t lo_ = 0, hi_ = (array)->count;                         \
		while (lo_ < hi_) {                                           \
			size_t mid_ = lo_ + (hi_ - lo_) / 2;                  \
			__typeof__((array)->at) x_ = &(array)->at[mid_];      \
			if (x_->member < (number) ||                          \
			    (x_->member == (number) && x_->until_ns <= (ns))) \
				lo_ = mid_ + 1;                               \
			else                                                  \
				hi_ = mid_;                                   \
		}                                                             \
		lo_;                                                          \
	})

#define SORT(array, order)                                    \
	do {                                                  \
		if ((array)->count)                           \
			qsort((array)->at, (array)->count,    \
			      sizeof((array)->at[0]), order); \
	} while (0)

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ------------------------------------------------------ what a vCPU did then
 */

/* Who had the CPU of the host that it waited for. */
static void waited(struct analysis_why *w, node *n, uint32_t vcpu, int64_t from,
		   int64_t until)
{
	size_t i = FIRST(&w->charges, vcpu, vcpu, from);
	char who[160];

	for (; i < w->charges.count && w->charges.at[i].vcpu == vcpu &&
	       w->charges.at[i].from_ns < until;
	     i++) {
		const struct analysis_charge *c = &w->charges.at[i];
		int64_t a = later(from, c->from_ns);

		if (a > from)
			leaf(under(w, n, "not known"), a - from);
		from = earlier(until, c->until_ns);
		leaf(under(w, n, "%s", who_text(w, &c->who, who, sizeof(who))),
		     from - a);
	}
	if (from < until)
		leaf(under(w, n, "not known"), until - from);
}

static void worked(struct analysis_why *w, node *n, uint32_t vcpu, int64_t from,
		   int64_t until)
{
	size_t i = FIRST(&w->exits, vcpu, vcpu, from);
	char reason[48] = "for a reason that is not told";

	if (i < w->exits.count && w->exits.at[i].vcpu == vcpu &&
	    w->exits.at[i].from_ns <= from)
		analysis_reason_text(w->exits.at[i].isa, w->exits.at[i].reason,
				     reason, sizeof(reason));
	leaf(under(w, n, "the hypervisor worked: %s", reason), until - from);
}

/* @own: the thread in question ran there, as its guest saw it */
static void one_state(struct analysis_why *w, node *n,
		      const struct analysis_stay *s, bool own, int64_t from,
		      int64_t until)
{
	char who[160], thread[48];
	const char *state = analysis_state_name(s->state);

	switch (s->state) {
	case ANALYSIS_GUEST:
	case ANALYSIS_GUEST_IDLE:
		if (own)
			leaf(under(w, n, "it really ran"), until - from);
		else
			leaf(under(w, n, "%s ran there",
				   thread_text(w, s->thread, thread,
					       sizeof(thread))),
			     until - from);
		return;
	case ANALYSIS_HYPERVISOR:
		worked(w, n, s->vcpu, from, until);
		return;
	case ANALYSIS_PREEMPTED:
	case ANALYSIS_WAKING:
		n = under(w, n, "%s; the host's CPU had", state);
		waited(w, n, s->vcpu, from, until);
		return;
	case ANALYSIS_HALTED:
	case ANALYSIS_BLOCKED:
		leaf(under(w, n, "%s, until woken by %s", state,
			   who_text(w, &s->woken_by, who, sizeof(who))),
		     until - from);
		return;
	default:
		leaf(under(w, n, "%s", state), until - from);
	}
}

static void vcpu_did(struct analysis_why *w, node *n, uint32_t vcpu, bool own,
		     int64_t from, int64_t until)
{
	size_t i = vcpu == ANALYSIS_NONE ? w->vcpus.count :
					   FIRST(&w->vcpus, vcpu, vcpu, from);

	for (; i < w->vcpus.count && w->vcpus.at[i].vcpu == vcpu &&
	       w->vcpus.at[i].from_ns < until;
	     i++) {
		const struct analysis_stay *s = &w->vcpus.at[i];
		int64_t a = later(from, s->from_ns);

		if (a > from)
			leaf(under(w, n, "unknown"), a - from);
		from = earlier(until, s->until_ns);
		one_state(w, n, s, own, a, from);
	}
	if (from < until)
		leaf(under(w, n, "unknown"), until - from);
}

/* ---------------------------------------------------- what a thread did then
 */

static void thread_did(struct analysis_why *w, node *n, uint32_t thread,
		       int64_t from, int64_t until, int depth);

static bool is_idle(const struct analysis_why *w, uint32_t thread)
{
	return !analysis_model_thread(w->model, thread)->tid;
}

/* What the one that woke it did meanwhile. */
static void slept(struct analysis_why *w, node *n, const struct why_stay *s,
		  int64_t from, int64_t until, int depth)
{
	char thread[48], vcpu[64];

	n = under(w, n, "asleep");
	if (!s->woken) {
		leaf(under(w, n, "not woken by the end"), until - from);
	} else if (s->waker == ANALYSIS_NONE || is_idle(w, s->waker)) {
		n = under(w, n, "woken by an interrupt on %s",
			  vcpu_text(w, s->waker_vcpu, vcpu, sizeof(vcpu)));
		if (n)
			vcpu_did(w, n, s->waker_vcpu, false, from, until);
	} else {
		n = under(w, n, "woken by %s, or while it ran",
			  thread_text(w, s->waker, thread, sizeof(thread)));
		if (n && depth < ANALYSIS_WHY_DEPTH)
			thread_did(w, n, s->waker, from, until, depth + 1);
		else
			leaf(under(w, n, "not followed any further"),
			     until - from);
	}
}

static void one_stay(struct analysis_why *w, node *n, const struct why_stay *s,
		     int64_t from, int64_t until, int depth)
{
	char vcpu[64];

	switch (s->state) {
	case WHY_RUNS:
		n = under(w, n, "on %s",
			  vcpu_text(w, s->vcpu, vcpu, sizeof(vcpu)));
		vcpu_did(w, n, s->vcpu, true, from, until);
		return;
	case WHY_READY:
		n = under(w, n, "ready, waited for %s",
			  vcpu_text(w, s->vcpu, vcpu, sizeof(vcpu)));
		vcpu_did(w, n, s->vcpu, false, from, until);
		return;
	default:
		slept(w, n, s, from, until, depth);
	}
}

static void thread_did(struct analysis_why *w, node *n, uint32_t thread,
		       int64_t from, int64_t until, int depth)
{
	size_t i = FIRST(&w->threads, thread, thread, from);

	for (; i < w->threads.count && w->threads.at[i].thread == thread &&
	       w->threads.at[i].from_ns < until;
	     i++) {
		const struct why_stay *s = &w->threads.at[i];
		int64_t a = later(from, s->from_ns);

		if (a > from)
			leaf(under(w, n, "unknown"), a - from);
		from = earlier(until, s->until_ns);
		one_stay(w, n, s, a, from, depth);
	}
	if (from < until)
		leaf(under(w, n, "unknown"), until - from);
}

/* What goes on at the end ends there. */
static void close_all(struct analysis_why *w)
{
	uint32_t i;

	for (i = 0; i < w->open.count && !w->error; i++) {
		struct why_stay *o = &w->open.at[i], *kept;

		if (o->state == WHY_UNKNOWN || o->from_ns >= w->until_ns)
			continue;
		o->until_ns = w->until_ns;
		kept = vmsync_array_add(&w->threads);
		if (kept)
			*kept = *o;
		else
			w->error = -ENOMEM;
	}
}

static uint32_t thread_find(const struct analysis_why *w)
{
	uint32_t i;

	for (i = 0; i < w->open.count; i++) {
		const struct analysis_thread *t =
			analysis_model_thread(w->model, i);

		if (t->machine == w->machine && t->tid == w->tid)
			return i;
	}
	return ANALYSIS_NONE;
}

int analysis_why_tree(struct analysis_why *w, int64_t end_ns, node *root)
{
	uint32_t thread = thread_find(w);
	char name[48];

	*root = (node){0};
	if (w->error)
		return w->error;
	if (thread == ANALYSIS_NONE)
		return -ENOENT;
	w->until_ns = earlier(w->until_ns, end_ns);
	close_all(w);
	SORT(&w->threads, thread_order);
	SORT(&w->vcpus, stay_order);
	SORT(&w->charges, charge_order);
	SORT(&w->exits, exit_order);
	root->what = strdup(thread_text(w, thread, name, sizeof(name)));
	if (!root->what)
		return -ENOMEM;
	root->times = 1;
	thread_did(w, root, thread, w->from_ns, w->until_ns, 0);
	add_up(root);
	return w->error;
}
