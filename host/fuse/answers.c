// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/answers.h"
#include "fuse/decode.h"
#include "fuse/fail.h"
#include "fuse/reader.h"
#include "sync/base/array.h"

/* Beacons of a trace that are asked for, evenly spread. */
#define SAMPLES 256

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
		vmsync_decode(s->decoders[s->trace_of[held->source]], held, ev);
		if (ev->kind == s->kind)
			break;
	}
	return ret;
}

/* One in @every is taken; more are thinned out as they come. */
struct thinning {
	size_t first; /* of this trace's samples */
	uint64_t every;
	uint64_t seen;
};

static int sample_add(struct samples *all, struct thinning *thin,
		      const struct vmsync_evidence *ev, uint32_t trace)
{
	struct sample *s;
	size_t i, n = all->count - thin->first;

	if (!ev->pair.valid || thin->seen++ % thin->every)
		return 0;
	if (n == SAMPLES) {
		for (i = 0; i < SAMPLES / 2; i++)
			all->at[thin->first + i] = all->at[thin->first + 2 * i];
		all->count -= SAMPLES / 2;
		thin->every *= 2;
	}
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

/* All samples of that name and number which say the same are answered. */
static void answer(struct vmsync_answered *list, const struct samples *all,
		   const struct vmsync_evidence *ev)
{
	const struct sample key = { .vm_uid = ev->vm_uid, .cnt = ev->cnt };
	size_t lo = 0, hi = all->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (by_name(&all->at[mid], &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < all->count && !by_name(&all->at[lo], &key); lo++) {
		const struct sample *s = &all->at[lo];
		struct vmsync_answered *a = &list[s->trace];

		if (s->tsc != ev->guest_claim.tsc ||
		    s->mono_ns != ev->guest_claim.mono_ns)
			continue;
		a->known = true;
		a->vm = ev->vm;
	}
}

int vmsync_answers_find(struct ctf_trace *const *host, size_t n_host,
			struct vmsync_answered *list, size_t n,
			struct ctf_error *e)
{
	struct samples all = { 0 };
	struct vmsync_evidence ev;
	struct source s = { 0 };
	size_t i;
	int ret = 0;

	for (i = 0; i < n; i++)
		list[i].known = false;
	for (i = 0; !ret && i < n; i++)
		ret = samples_take(&all, list[i].trace, (uint32_t)i, e);
	if (all.count > 1)
		qsort(all.at, all.count, sizeof(*all.at), by_name);
	if (!ret)
		ret = source_open(&s, host, n_host, VMSYNC_EV_GH_HOST, e);
	while (!ret && (ret = source_next(&s, &ev, e)) > 0) {
		answer(list, &all, &ev);
		ret = 0;
	}
	source_close(&s);
	vmsync_array_free(&all);
	return ret;
}
