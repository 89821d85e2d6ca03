// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/answers.h"
#include "fuse/decode.h"
#include "fuse/fail.h"
#include "fuse/reader.h"
#include "sync/base/array.h"

/* Beacons of a trace that are asked for, spread over it. */
#define SAMPLES 256

/* Of the numbers one in so many is taken at least: all bits of is_taken(). */
#define MOST_THIN (UINT32_C(1) << 23)

/* Pairs of a VM and its name that are kept; of more the rest count as one name. */
#define NAMES 4096

/* What a guest said. */
struct sample {
	uint64_t vm_uid;
	uint64_t tsc;
	int64_t mono_ns;
	uint32_t cnt;
	uint32_t trace;
};

struct samples {
	VMSYNC_ARRAY(struct sample);
};

/* A VM that the host heard, and the name that it gave itself. */
struct called {
	uint64_t vm_uid;
	struct vmsync_vm_id vm;
};

struct vmsync_samples {
	size_t n;		    /* traces */
	size_t *first;		    /* [@n + 1] of each trace in @of_trace */
	struct samples of_trace;    /* in the order of traces */
	struct samples by_name;
	VMSYNC_ARRAY(struct called) names;
};

/* Reads the records of one @kind of some traces, in the order of time. */
struct source {
	enum vmsync_evidence_kind kind;
	struct ctf_merge *merge;
	struct vmsync_decoders **decoders; /* by trace */
	uint32_t *trace_of;		   /* by stream of the merge */
	size_t n;
};

static void source_close(struct source *s)
{
	size_t i;

	ctf_merge_free(s->merge);
	for (i = 0; s->decoders && i < s->n; i++)
		vmsync_decoders_free(s->decoders[i]);
	free(s->decoders);
	free(s->trace_of);
}

static int source_add(struct source *s, size_t trace, const struct ctf_trace *t,
		      size_t *stream, struct ctf_error *e)
{
	size_t i;

	s->decoders[trace] = vmsync_decoders_new(t, VMSYNC_BEACONS_CALL);
	if (!s->decoders[trace])
		return vmsync_fail_memory(e);
	for (i = 0; i < ctf_trace_streams(t); i++) {
		int ret = ctf_merge_add_stream(
			s->merge, ctf_trace_stream(t, i), &vmsync_raw_map,
			vmsync_decoders_want(s->decoders[trace]), e);

		if (ret < 0)
			return ret;
		s->trace_of[(*stream)++] = (uint32_t)trace;
	}
	return 0;
}

static int source_open(struct source *s, struct ctf_trace *const *traces,
		       size_t n, enum vmsync_evidence_kind kind,
		       struct ctf_error *e)
{
	size_t i, streams = 0;
	int ret = 0;

	for (i = 0; i < n; i++)
		streams += ctf_trace_streams(traces[i]);
	*s = (struct source){
		.kind = kind,
		.merge = ctf_merge_new(),
		.decoders = calloc(n + 1, sizeof(struct vmsync_decoders *)),
		.trace_of = calloc(streams + 1, sizeof(uint32_t)),
		.n = n,
	};
	if (!s->merge || !s->decoders || !s->trace_of)
		return vmsync_fail_memory(e);
	streams = 0;
	for (i = 0; !ret && i < n; i++)
		ret = source_add(s, i, traces[i], &streams, e);
	return ret;
}

/* Return: 1 with @ev filled in, 0 at the end, or an error. */
static int source_next(struct source *s, struct vmsync_evidence *ev,
		       struct ctf_error *e)
{
	const struct ctf_event *held;
	int ret;

	while ((ret = ctf_merge_next(s->merge, &held, e)) > 0) {
		vmsync_decode_said(s->decoders[s->trace_of[held->source]], held,
				   ev);
		if (ev->kind == s->kind)
			break;
	}
	return ret;
}

/*
 * One number in @every is taken, a power of two; it grows as beacons come. The same
 * numbers are taken of each trace, so that traces can be compared.
 */
struct thinning {
	size_t first; /* of this trace's samples */
	uint32_t every;
};

static bool is_taken(const struct thinning *thin, uint32_t cnt)
{
	/* Fibonacci hashing: a guest may count by any step. */
	return !((uint32_t)(cnt * UINT32_C(0x9e3779b1)) >> 8 &
		 (thin->every - 1));
}

static void thin_out(struct samples *all, struct thinning *thin)
{
	size_t i, n = thin->first;

	thin->every *= 2;
	for (i = thin->first; i < all->count; i++) {
		if (is_taken(thin, all->at[i].cnt))
			all->at[n++] = all->at[i];
	}
	all->count = n;
}

static int sample_add(struct samples *all, struct thinning *thin,
		      const struct vmsync_evidence *ev, uint32_t trace)
{
	struct sample *s;

	while (all->count - thin->first >= SAMPLES && thin->every < MOST_THIN)
		thin_out(all, thin);
	if (!ev->pair.valid || !is_taken(thin, ev->cnt) ||
	    all->count - thin->first >= SAMPLES)
		return 0;
	s = vmsync_array_add(all);
	if (!s)
		return -ENOMEM;
	*s = (struct sample){ ev->vm_uid, ev->pair.tsc, ev->pair.mono_ns,
			      ev->cnt, trace };
	return 0;
}

static int samples_take(struct samples *all, const struct ctf_trace *t,
			uint32_t trace, struct ctf_error *e)
{
	struct ctf_trace *one = (struct ctf_trace *)t;
	struct thinning thin = { .first = all->count, .every = 1 };
	struct vmsync_evidence ev;
	struct source s;
	int ret = source_open(&s, &one, 1, VMSYNC_EV_GH_GUEST, e);

	while (!ret && (ret = source_next(&s, &ev, e)) > 0)
		ret = sample_add(all, &thin, &ev, trace) ?
			      vmsync_fail_memory(e) : 0;
	source_close(&s);
	return ret;
}

static int by_name(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	if (x->vm_uid != y->vm_uid)
		return x->vm_uid < y->vm_uid ? -1 : 1;
	return (x->cnt > y->cnt) - (x->cnt < y->cnt);
}

/* Of one name and number: @*n of them, or none. */
static const struct sample *find(const struct samples *all, uint64_t vm_uid,
				 uint32_t cnt, size_t *n)
{
	const struct sample key = { .vm_uid = vm_uid, .cnt = cnt };
	size_t lo = 0, hi = all->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (by_name(&all->at[mid], &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (hi = lo; hi < all->count && !by_name(&all->at[hi], &key);)
		hi++;
	*n = hi - lo;
	return all->at + lo;
}
/* All samples of that name and number which say the same are answered. */
static void answer(struct vmsync_answered *list, const struct samples *all,
		   const struct vmsync_evidence *ev)
{
	size_t i, n;
	const struct sample *s = find(all, ev->vm_uid, ev->cnt, &n);

	for (i = 0; i < n; i++) {
		struct vmsync_answered *a = &list[s[i].trace];

		if (s[i].tsc != ev->guest_claim.tsc ||
		    s[i].mono_ns != ev->guest_claim.mono_ns)
			continue;
		a->known = true;
		a->vm = ev->vm;
	}
}

static bool is_named(const struct called *name, const struct vmsync_evidence *ev)
{
	return name->vm_uid == ev->vm_uid && name->vm.pid == ev->vm.pid &&
	       name->vm.serial == ev->vm.serial;
}

static int name_add(struct vmsync_samples *a, const struct vmsync_evidence *ev)
{
	struct called *name;
	size_t i;

	for (i = a->names.count; i--;) {
		if (is_named(&a->names.at[i], ev))
			return 0;
	}
	if (a->names.count == NAMES)
		return 0;
	name = vmsync_array_add(&a->names);
	if (!name)
		return -ENOMEM;
	*name = (struct called){ ev->vm_uid, ev->vm };
	return 0;
}

/* Whether two VMs bear the name of one of a trace's beacons. */
static bool is_shared(const struct vmsync_samples *a, size_t trace)
{
	size_t i, k, n;

	for (i = a->first[trace]; i < a->first[trace + 1]; i++) {
		for (k = n = 0; k < a->names.count; k++)
			n += a->names.at[k].vm_uid ==
			     a->of_trace.at[i].vm_uid;
		if (n > 1)
			return true;
	}
	return false;
}

static int hear(struct vmsync_samples *a, struct ctf_trace *const *host,
		size_t n_host, struct vmsync_answered *list,
		struct ctf_error *e)
{
	struct vmsync_evidence ev;
	struct source s = { 0 };
	int ret = source_open(&s, host, n_host, VMSYNC_EV_GH_HOST, e);

	while (!ret && (ret = source_next(&s, &ev, e)) > 0) {
		answer(list, &a->by_name, &ev);
		ret = name_add(a, &ev) ? vmsync_fail_memory(e) : 0;
	}
	source_close(&s);
	return ret;
}

static int sort_by_name(struct vmsync_samples *a)
{
	size_t n = a->of_trace.count;

	if (!n)
		return 0;
	a->by_name.at = malloc(n * sizeof(*a->by_name.at));
	if (!a->by_name.at)
		return -ENOMEM;
	memcpy(a->by_name.at, a->of_trace.at, n * sizeof(*a->by_name.at));
	a->by_name.count = a->by_name.capacity = n;
	qsort(a->by_name.at, n, sizeof(*a->by_name.at), by_name);
	return 0;
}

int vmsync_answers_find(struct ctf_trace *const *host, size_t n_host,
			struct vmsync_answered *list, size_t n,
			struct vmsync_samples **out, struct ctf_error *e)
{
	struct vmsync_samples *a = calloc(1, sizeof(*a));
	size_t i;
	int ret = 0;

	*out = a;
	if (a)
		a->first = calloc(n + 1, sizeof(*a->first));
	if (!a || !a->first)
		return vmsync_fail_memory(e);
	a->n = n;
	for (i = 0; !ret && i < n; i++) {
		ret = samples_take(&a->of_trace, list[i].trace, (uint32_t)i, e);
		a->first[i + 1] = a->of_trace.count;
	}
	if (!ret && sort_by_name(a))
		ret = vmsync_fail_memory(e);
	for (i = 0; i < n; i++)
		list[i].known = false;
	if (!ret)
		ret = hear(a, host, n_host, list, e);
	for (i = 0; !ret && i < n; i++)
		list[i].several = is_shared(a, i);
	return ret;
}

void vmsync_answers_beside(const struct vmsync_samples *a, size_t i,
			   enum vmsync_beside *beside)
{
	size_t k, m, n;

	for (k = 0; k < a->n; k++)
		beside[k] = VMSYNC_BESIDE_UNKNOWN;
	for (k = a->first[i]; k < a->first[i + 1]; k++) {
		const struct sample *own = &a->of_trace.at[k];
		const struct sample *s = find(&a->by_name, own->vm_uid,
					      own->cnt, &n);

		for (m = 0; m < n; m++) {
			bool same = s[m].tsc == own->tsc &&
				    s[m].mono_ns == own->mono_ns;

			if (same)
				beside[s[m].trace] = VMSYNC_BESIDE_SAME;
			else if (!beside[s[m].trace])
				beside[s[m].trace] = VMSYNC_BESIDE_OTHER;
		}
	}
}

void vmsync_answers_free(struct vmsync_samples *a)
{
	if (!a)
		return;
	free(a->first);
	vmsync_array_free(&a->of_trace);
	vmsync_array_free(&a->by_name);
	vmsync_array_free(&a->names);
	free(a);
}
