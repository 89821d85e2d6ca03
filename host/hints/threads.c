// SPDX-License-Identifier: MIT
/* Whose each thread of the host is. */
#include <stdlib.h>
#include <string.h>

#include "hints/parts.h"

#define VHOST "vhost-"

uint32_t hints_thread_of(struct hints_state *s, int32_t tid)
{
	uint32_t n = analysis_index_put(&s->tids, (uint32_t)tid);
	struct hints_thread *t;

	if (n == ANALYSIS_NONE || n < s->threads.count) {
		s->failed |= n == ANALYSIS_NONE;
		return n;
	}
	t = vmsync_array_add(&s->threads);
	if (!t) {
		s->failed = true;
		return ANALYSIS_NONE;
	}
	*t = (struct hints_thread){ .tid = tid,
				    .party = ANALYSIS_NONE,
				    .vcpu = ANALYSIS_NONE,
				    .cpu = ANALYSIS_NONE,
				    .part_cpu = ANALYSIS_NONE };
	return n;
}

static uint64_t party_key(enum hints_party_kind kind, int32_t pid)
{
	return (uint64_t)kind << 32 | (uint32_t)pid;
}

uint32_t hints_party_find(const struct hints_state *s, enum hints_party_kind kind,
			  int32_t pid)
{
	return analysis_index_find(&s->party_index, party_key(kind, pid));
}

static uint32_t party_put(struct hints_state *s, enum hints_party_kind kind,
			  int32_t pid, int32_t tid)
{
	uint32_t n = analysis_index_put(&s->party_index, party_key(kind, pid));
	struct hints_party *p;

	if (n != ANALYSIS_NONE && n < s->parties.count)
		return n;
	p = n == ANALYSIS_NONE ? NULL : vmsync_array_add(&s->parties);
	if (!p) {
		s->failed = true;
		return ANALYSIS_NONE;
	}
	*p = (struct hints_party){ .kind = kind, .pid = pid, .tid = tid };
	return n;
}

struct hints_vcpu *hints_vcpu_of(struct hints_state *s, uint32_t vcpu)
{
	while (s->vcpus.count <= vcpu) {
		struct hints_vcpu *v = vmsync_array_add(&s->vcpus);

		if (!v) {
			s->failed = true;
			return NULL;
		}
		*v = (struct hints_vcpu){ .last_cpu = ANALYSIS_NONE };
	}
	return &s->vcpus.at[vcpu];
}

static uint32_t vcpu_find(const struct analysis_model *m, int32_t tid)
{
	uint32_t i, n = analysis_model_vcpus(m);

	for (i = 0; i < n; i++) {
		if (analysis_model_vcpu_id(m, i).tid == tid)
			return i;
	}
	return ANALYSIS_NONE;
}

/* Of another thread, or its process, more is known by now: others may be else's. */
static void forget(struct hints_state *s)
{
	size_t i;

	for (i = 0; i < s->threads.count; i++)
		s->threads.at[i].settled &= s->threads.at[i].vcpu != ANALYSIS_NONE;
}

static uint32_t vm_party(struct hints_state *s, int32_t pid, int32_t tid)
{
	size_t n = s->parties.count;
	uint32_t party = party_put(s, HINTS_VM, pid, tid);

	if (s->parties.count > n)
		forget(s);
	return party;
}

/* A thread of the host that is nobody's virtual CPU. */
static uint32_t task_party(struct hints_state *s, const struct analysis_thread *is)
{
	int32_t pid = is->pid > 0 ? is->pid : is->tid;
	long vhost = 0;

	if (hints_party_find(s, HINTS_VM, pid) != ANALYSIS_NONE)
		return party_put(s, HINTS_QEMU, pid, is->tid);
	/* It works for a VM's network, and goes where its process has to be. */
	if (!strncmp(is->name, VHOST, sizeof(VHOST) - 1))
		vhost = strtol(is->name + sizeof(VHOST) - 1, NULL, 10);
	if (vhost > 0 && vhost <= INT32_MAX &&
	    hints_party_find(s, HINTS_VM, (int32_t)vhost) != ANALYSIS_NONE)
		return party_put(s, HINTS_QEMU, (int32_t)vhost, is->tid);
	return party_put(s, HINTS_PROCESS, pid, is->tid);
}

void hints_thread_resolve(struct hints_state *s, struct hints_thread *t)
{
	const struct analysis_model *m = s->h->analysis.model;
	uint32_t n = analysis_model_thread_of(m, ANALYSIS_HOST, t->tid);
	const struct analysis_thread *is;
	uint32_t vcpus = analysis_model_vcpus(m);
	int32_t pid;

	if (s->known_vcpus != vcpus) {
		s->known_vcpus = vcpus;
		forget(s);
	}
	if (t->settled)
		return;
	if (n == ANALYSIS_NONE) {
		/* This is the first event that tells of it. */
		t->party = party_put(s, HINTS_PROCESS, t->tid, t->tid);
		return;
	}
	is = analysis_model_thread(m, n);
	if (analysis_model_is_vcpu(m, n)) {
		if (t->vcpu == ANALYSIS_NONE)
			t->vcpu = vcpu_find(m, t->tid);
		pid = t->vcpu == ANALYSIS_NONE ?
			      0 :
			      analysis_model_vcpu_id(m, t->vcpu).pid;
		t->party = pid > 0 ? vm_party(s, pid, t->tid) : ANALYSIS_NONE;
		t->settled = pid > 0;
	} else {
		t->party = task_party(s, is);
		t->settled = is->pid > 0;
	}
}
