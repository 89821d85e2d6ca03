// SPDX-License-Identifier: MIT
/*
 * Matched beacons: which VM a guest is in, and what each beacon tells the methods.
 */
#include <errno.h>

#include "sync/session.h"
#include "uapi/vmsync.h"

/* Evenly spread over what was pushed, however long that is. */
static void mark(struct vmsync_guest *guest, const struct vmsync_beacon *b)
{
	struct vmsync_mark m = { b->gh_guest_ns, b->gh_host_ns };

	if (!b->gh)
		m = (struct vmsync_mark){ b->hg_guest_ns, b->hg_host_ns };
	if (m.host_ns > guest->answered.host_ns)
		guest->answered = m;
	if (guest->n_marks &&
	    m.guest_ns <= guest->marks[guest->n_marks - 1].guest_ns)
		return;
	if (++guest->marks_skipped < guest->marks_step)
		return;
	guest->marks_skipped = 0;
	if (guest->n_marks == VMSYNC_MARKS) {
		for (size_t i = 0; i < VMSYNC_MARKS / 2; i++)
			guest->marks[i] = guest->marks[2 * i];
		guest->n_marks = VMSYNC_MARKS / 2;
		guest->marks_step *= 2;
	}
	guest->marks[guest->n_marks++] = m;
}

/*
 * Somebody else answers the guest from now on; where it is not known who, it may be
 * the same VM as before, and as behind.
 */
static int move_to(struct vmsync_guest *guest, const struct vmsync_vm *vm)
{
	struct vmsync_home *h = vmsync_array_last(&guest->homes);

	if (h && (h->vm == vm || guest->homes.count >= VMSYNC_MAX_HOMES ||
		  vmsync_vm_is_unknown(vm->id)))
		return 0;
	if (h && vmsync_vm_is_unknown(h->vm->id)) {
		h->vm = vm;
		return 0;
	}
	h = vmsync_array_add(&guest->homes);
	if (!h)
		return -ENOMEM;
	*h = (struct vmsync_home){ .vm = vm,
				   .from_ns = guest->sync->side.last_ns };
	return 0;
}

static void at_home(struct vmsync_guest *guest, const struct vmsync_beacon *b)
{
	struct vmsync_home *h = vmsync_array_last(&guest->homes);
	int64_t ns = b->gh ? b->gh_host_ns : b->hg_host_ns;
	int64_t guest_ns = b->gh ? b->gh_guest_ns : b->hg_guest_ns;

	if (h->vm != guest->match.vm)
		return;
	if (!h->last_ns && guest->homes.count > 1)
		h->away = vmsync_match_alone(&guest->match, h[-1].last_guest_ns,
					     guest_ns);
	if (!h->last_ns || guest_ns < h->from_guest_ns)
		h->from_guest_ns = guest_ns;
	if (ns < h->from_ns)
		h->from_ns = ns;
	if (ns < h->last_ns)
		return;
	h->last_ns = ns;
	h->last_guest_ns = guest_ns;
}

/* Which thread answered may not be on record: others tell which virtual CPU it is. */
static void tie(struct vmsync_guest_cpu *cpu, const struct vmsync_beacon *b)
{
	cpu->answered = true;
	if (b->vcpu > VMSYNC_MAX_CPUS)
		return;
	cpu->known = true;
	cpu->vcpu_id = b->vcpu;
	if (b->tid)
		cpu->tid = b->tid;
}

static int take_beacon(struct vmsync_guest *guest, const struct vmsync_beacon *b)
{
	int err = 0;

	at_home(guest, b);
	guest->matched++;
	guest->whole += b->gh && b->hg;
	if (b->gh && b->hg && b->hg_guest_ns - b->gh_guest_ns >= 0 &&
	    b->hg_guest_ns - b->gh_guest_ns < guest->rtt_min_ns)
		guest->rtt_min_ns = b->hg_guest_ns - b->gh_guest_ns;
	mark(guest, b);
	vmsync_causal_tsc(&guest->causal, b);
	if (b->cpu < guest->n_cpus)
		tie(&guest->cpus[b->cpu], b);
	for (int m = 0; !err && m < VMSYNC_METHOD_COUNT; m++)
		if (vmsync_estimators[m] && vmsync_estimators[m]->beacon)
			err = vmsync_estimators[m]->beacon(guest->states[m], b);
	if (!err && guest->queued == VMSYNC_QUEUE)
		err = vmsync_guest_check_queue(guest);
	guest->queue[guest->queued++] = (struct vmsync_times){
		b->cpu, b->gh, b->hg, b->gh_guest_ns, b->gh_host_ns,
		b->hg_host_ns, b->hg_guest_ns,
	};
	return err;
}

int vmsync_guest_drain(struct vmsync_guest *guest, bool flush)
{
	struct vmsync_beacon b;
	int err = 0;

	while (!err && vmsync_match_next(&guest->match, flush, &b)) {
		if (b.cpu < guest->n_cpus)
			b.set_ns = vmsync_set_ns(
				&guest->set, &guest->cpus[b.cpu],
				vmsync_vm_find_vcpu(guest->match.vm, b.vcpu), &b,
				guest->n_cpus == 1);
		vmsync_tilt_find(&guest->tilt, &guest->sync->lines, &guest->lines,
				 &b);
		err = take_beacon(guest, &b);
	}
	return err;
}

/* The first verified beacon says which VM this guest is. */
static int bind(struct vmsync_guest *guest, struct vmsync_vm *vm,
		struct vmsync_stream *stream)
{
	struct vmsync_match *m = &guest->match;
	int err = 0;

	if (m->vm)
		err = vmsync_guest_drain(guest, true);
	if (!err)
		err = move_to(guest, vm);
	vmsync_match_bind(m, vm, stream);
	for (uint32_t k = VMSYNC_SYNC_WINDOW * VMSYNC_CNT_STEP; k--;)
		vmsync_match_mark(m, m->last_cnt - k);
	return err;
}

bool vmsync_match_is_bound(const struct vmsync_match *m,
			   const struct vmsync_stream *stream)
{
	return m->stream == stream && stream->vm_uid == m->vm_uid;
}

int vmsync_guest_match(struct vmsync_guest *guest, struct vmsync_vm *vm,
		       struct vmsync_stream *stream, uint32_t base)
{
	int err = 0;

	if (vmsync_match_is_bound(&guest->match, stream))
		vmsync_match_mark(&guest->match, base);
	else if (vmsync_match_verify(&guest->match, stream, base))
		err = bind(guest, vm, stream);
	else
		return 0;
	return err ? err : vmsync_guest_drain(guest, false);
}
