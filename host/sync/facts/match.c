// SPDX-License-Identifier: MIT
#include "sync/facts/match.h"

#include <stdlib.h>
#include <string.h>

#include "uapi/vmsync.h"

/* A beacon with a leg missing waits until one this much newer is matched. */
#define REORDER 256

/* A reading and the stamp beside it are a few us apart, or a preemption. */
#define MAX_APART_NS 1000000000

/* Numbers that the window spans. */
#define WINDOW_CNT (VMSYNC_SYNC_WINDOW * VMSYNC_CNT_STEP)

/* Identities that one VM may claim at a time; more push out the oldest. */
#define MAX_STREAMS 4

static bool is_gh(const struct vmsync_evidence *ev)
{
	return ev->kind == VMSYNC_EV_GH_GUEST || ev->kind == VMSYNC_EV_GH_HOST;
}

static uint32_t base_of(const struct vmsync_evidence *ev)
{
	return is_gh(ev) ? ev->cnt : ev->cnt - 1;
}

static uint32_t slot_of(uint32_t base)
{
	return base / VMSYNC_CNT_STEP % VMSYNC_SYNC_WINDOW;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/*
 * Of the stamp and the clock reading beside it the one that is nearer to the
 * other side's: the later one before the message leaves, the earlier one
 * after it arrived.
 */
static int64_t leg_time(const struct vmsync_evidence *ev)
{
	int64_t mono = ev->pair.mono_ns;

	/* What is far from the stamp is no reading of the same clock. */
	if (mono <= 0 || mono - ev->stamp_ns > MAX_APART_NS ||
	    ev->stamp_ns - mono > MAX_APART_NS)
		return ev->stamp_ns;
	if (ev->kind == VMSYNC_EV_GH_GUEST || ev->kind == VMSYNC_EV_HG_HOST)
		return later(ev->stamp_ns, mono);
	return earlier(ev->stamp_ns, mono);
}

static uint64_t lost_legs(const struct vmsync_half *leg)
{
	unsigned int lost = leg->have & ~leg->matched;

	return (lost & 1) + (lost >> 1 & 1);
}

static bool is_leg(const struct vmsync_half *leg, uint64_t vm_uid, uint32_t base)
{
	return leg->have && leg->cnt == base && leg->vm_uid == vm_uid;
}

/* The slot of a record's beacon; whatever older one was there is given up. */
static struct vmsync_half *take_slot(struct vmsync_half *slot,
				    const struct vmsync_evidence *ev,
				    uint64_t *unmatched)
{
	uint32_t base = base_of(ev);

	if (is_leg(slot, ev->vm_uid, base))
		return slot;
	*unmatched += lost_legs(slot);
	memset(slot, 0, sizeof(*slot));
	slot->cnt = base;
	slot->vm_uid = ev->vm_uid;
	return slot;
}

/*
 * Whether a record is news of its beacon. Several sessions record each one
 * several times. A guest that is restored from a memory snapshot, and had run on
 * after it, sends some numbers twice: who waits in vain makes room.
 */
static bool is_news(const struct vmsync_half *leg, const struct vmsync_evidence *ev,
		    bool same)
{
	if (!is_gh(ev))
		return !(leg->have & VMSYNC_LEG_HG);
	return !(leg->have & VMSYNC_LEG_GH) || (!same && !leg->matched);
}

/* Whether the clock of the record's side counts something slower than a TSC. */
static bool is_coarse(const struct vmsync_line *line)
{
	return line->seq && line->clocksource != VMSYNC_CLOCKSOURCE_TSC &&
	       line->clocksource != VMSYNC_CLOCKSOURCE_KVMCLOCK;
}

static bool is_kvmclock(const struct vmsync_line *line)
{
	return line->seq && line->clocksource == VMSYNC_CLOCKSOURCE_KVMCLOCK;
}

static bool same_reading(const struct vmsync_pair *a, const struct vmsync_pair *b)
{
	return !a->valid || !b->valid ||
	       (a->tsc == b->tsc && a->mono_ns == b->mono_ns);
}

static void fill(struct vmsync_half *leg, const struct vmsync_evidence *ev)
{
	if (is_gh(ev)) {
		/* What came before it was another one of that number. */
		if (leg->have & VMSYNC_LEG_GH)
			leg->have = 0;
		leg->cpu = ev->vcpu;
		leg->gh_ns = leg_time(ev);
		leg->gh = ev->pair;
		leg->coarse = is_coarse(&ev->line);
		leg->kvmclock = is_kvmclock(&ev->line);
		leg->seq = ev->line.seq;
		leg->port = ev->port;
		leg->have |= VMSYNC_LEG_GH;
	} else {
		if (!(leg->have & VMSYNC_LEG_GH))
			leg->cpu = ev->vcpu;
		leg->hg_ns = leg_time(ev);
		leg->hg = ev->pair;
		leg->have |= VMSYNC_LEG_HG;
	}
}

static struct vmsync_stream *find_stream(const struct vmsync_vm *vm,
					 uint64_t vm_uid)
{
	for (size_t i = 0; i < vm->streams.count; i++)
		if (vm->streams.at[i]->vm_uid == vm_uid)
			return vm->streams.at[i];
	return NULL;
}

bool vmsync_match_has_stream(const struct vmsync_vm *vm, uint64_t vm_uid)
{
	return find_stream(vm, vm_uid);
}

struct vmsync_stream *vmsync_match_makes_room(const struct vmsync_vm *vm,
					      uint64_t vm_uid)
{
	if (vm->streams.count < MAX_STREAMS || find_stream(vm, vm_uid))
		return NULL;
	return vm->streams.at[0];
}

void vmsync_match_let_go(struct vmsync_match *m)
{
	m->past = vmsync_match_answers(m);
	for (size_t i = 0; i < VMSYNC_SYNC_WINDOW; i++)
		m->past.unmatched += lost_legs(&m->stream->ring[i].leg);
	m->stream = NULL;
	m->started = false;
}

struct vmsync_answers vmsync_match_answers(const struct vmsync_match *m)
{
	struct vmsync_answers all = m->past;

	if (!m->stream)
		return all;
	if (!all.legs)
		return m->stream->answers;
	all.legs += m->stream->answers.legs;
	all.suspects += m->stream->answers.suspects;
	all.unmatched += m->stream->answers.unmatched;
	all.renamed |= m->stream->answers.renamed;
	return all;
}

static struct vmsync_stream *stream_of(struct vmsync_vm *vm, uint64_t vm_uid)
{
	struct vmsync_stream *s = find_stream(vm, vm_uid), **slot;

	if (s)
		return s;
	s = vmsync_match_makes_room(vm, vm_uid);
	if (s) {
		memmove(&vm->streams.at[0], &vm->streams.at[1],
			(MAX_STREAMS - 1) * sizeof(*slot));
		vm->streams.at[MAX_STREAMS - 1] = s;
		memset(s, 0, sizeof(*s));
		s->vm_uid = vm_uid;
		return s;
	}
	s = calloc(1, sizeof(*s));
	slot = s ? vmsync_array_add(&vm->streams) : NULL;
	if (!slot) {
		free(s);
		return NULL;
	}
	s->vm_uid = vm_uid;
	*slot = s;
	return s;
}

static void answer_count(struct vmsync_answers *a, struct vmsync_vm *vm,
			 const struct vmsync_evidence *ev)
{
	if (!a->legs++) {
		a->first_ns = ev->stamp_ns;
		a->renamed = ev->suspect & VMSYNC_SUSPECT_UID &&
			     !vmsync_vm_written_since(vm, vm->answered_ns);
	}
	a->suspects += ev->suspect != 0;
	vm->answered_ns = ev->stamp_ns;
}

struct vmsync_stream *vmsync_match_push_host(struct vmsync_vm *vm,
					     const struct vmsync_evidence *ev,
					     uint32_t *base)
{
	struct vmsync_stream *s = stream_of(vm, ev->vm_uid);
	struct vmsync_host_leg *slot;

	if (!s)
		return NULL;
	*base = base_of(ev);
	slot = &s->ring[slot_of(*base)];
	if (take_slot(&slot->leg, ev, &s->answers.unmatched)->have == 0) {
		slot->tid = 0;
		memset(&slot->claim, 0, sizeof(slot->claim));
		memset(&slot->scaling, 0, sizeof(slot->scaling));
	}
	if (!is_news(&slot->leg, ev,
		     same_reading(&slot->claim, &ev->guest_claim)))
		return s;
	fill(&slot->leg, ev);
	if (ev->tid > 0)
		slot->tid = ev->tid;
	if (is_gh(ev)) {
		slot->claim = ev->guest_claim;
		slot->scaling = ev->scaling;
		answer_count(&s->answers, vm, ev);
		if (!s->any || (int32_t)(*base - s->last_cnt) > 0)
			s->last_cnt = *base;
		s->any = true;
	}
	return s;
}

uint32_t vmsync_match_push_guest(struct vmsync_match *m,
				 const struct vmsync_evidence *ev)
{
	uint32_t base = base_of(ev);
	struct vmsync_half *slot = &m->ring[slot_of(base)];

	if (!is_leg(slot, ev->vm_uid, base))
		m->forged += slot->forged;
	take_slot(slot, ev, &m->unmatched);
	if (is_news(slot, ev, same_reading(&slot->gh, &ev->pair)))
		fill(slot, ev);
	m->legs++;
	if (!m->any || ev->vm_uid != m->vm_uid ||
	    (int32_t)(base - m->last_cnt) > 0)
		m->last_cnt = base;
	m->any = true;
	m->vm_uid = ev->vm_uid;
	return base;
}

/* The guest's half of a beacon of @s. */
static struct vmsync_half *guest_leg(struct vmsync_match *m,
				    const struct vmsync_stream *s, uint32_t base)
{
	struct vmsync_half *g = &m->ring[slot_of(base)];

	return is_leg(g, s->vm_uid, base) ? g : NULL;
}

static struct vmsync_host_leg *host_leg(struct vmsync_stream *s, uint32_t base)
{
	struct vmsync_host_leg *h = &s->ring[slot_of(base)];

	return is_leg(&h->leg, s->vm_uid, base) ? h : NULL;
}

/* What the host heard is what the guest said, where both are on record. */
static bool claim_true(const struct vmsync_half *g,
		       const struct vmsync_host_leg *h)
{
	if (!h->claim.valid)
		return true;
	if (g->port)
		return h->claim.mono_ns == g->gh.mono_ns;
	if (!g->gh.valid)
		return true;
	return h->claim.tsc == g->gh.tsc && h->claim.mono_ns == g->gh.mono_ns;
}

bool vmsync_match_verify(struct vmsync_match *m, struct vmsync_stream *stream,
			 uint32_t base)
{
	struct vmsync_half *g = guest_leg(m, stream, base);
	struct vmsync_host_leg *h = host_leg(stream, base);

	return g && h && stream->vm_uid == m->vm_uid &&
	       g->have & h->leg.have & VMSYNC_LEG_GH && claim_true(g, h);
}

void vmsync_match_bind(struct vmsync_match *m, struct vmsync_vm *vm,
		       struct vmsync_stream *stream)
{
	m->vm = vm;
	m->stream = stream;
	m->started = false;
}

static void hear(struct vmsync_match *m, const struct vmsync_half *g,
		 const struct vmsync_half *h, bool gh)
{
	struct vmsync_round_trip a = {gh ? g->gh_ns : g->hg_ns,
				    gh ? h->gh_ns : h->hg_ns};

	if (!m->heard || a.guest_ns < m->first_heard.guest_ns)
		m->first_heard = a;
	if (!m->heard || a.guest_ns > m->last_heard.guest_ns)
		m->last_heard = a;
	m->heard = true;
}

void vmsync_match_mark(struct vmsync_match *m, uint32_t base)
{
	struct vmsync_half *g = guest_leg(m, m->stream, base);
	struct vmsync_host_leg *h = host_leg(m->stream, base);
	uint8_t both;

	if (!g || !h)
		return;
	both = g->have & h->leg.have;
	if (both & VMSYNC_LEG_GH && !claim_true(g, h)) {
		g->forged = !g->matched;
		return;
	}
	both &= ~g->matched;
	if (!both)
		return;
	g->forged = false;
	if (both & VMSYNC_LEG_GH)
		hear(m, g, &h->leg, true);
	if (both & VMSYNC_LEG_HG)
		hear(m, g, &h->leg, false);
	g->matched |= both;
	h->leg.matched |= both;
	if (!m->started) {
		m->started = true;
		m->first = m->next = m->newest = base;
	} else if ((int32_t)(base - m->newest) > 0) {
		m->newest = base;
	}
}

static bool give(struct vmsync_match *m, uint32_t base, struct vmsync_beacon *b)
{
	const struct vmsync_half *g = guest_leg(m, m->stream, base);
	const struct vmsync_host_leg *h = host_leg(m->stream, base);

	if (!g || !h || !g->matched)
		return false;
	*b = (struct vmsync_beacon){
		.cnt = base,
		.gh = g->matched & VMSYNC_LEG_GH,
		.hg = g->matched & VMSYNC_LEG_HG,
		.cpu = g->cpu,
		.vcpu = h->leg.cpu,
		.tid = h->tid,
		.gh_guest_ns = g->gh_ns,
		.gh_host_ns = h->leg.gh_ns,
		.hg_host_ns = h->leg.hg_ns,
		.hg_guest_ns = g->hg_ns,
		.gh_guest = g->gh,
		.gh_host = h->leg.gh,
		.hg_host = h->leg.hg,
		.hg_guest = g->hg,
		.scaling = h->scaling,
		.coarse = g->coarse || h->leg.coarse,
		.kvmclock = g->kvmclock,
		.host_seq = h->leg.seq,
		.guest_seq = g->seq,
	};
	return true;
}

static bool whole(struct vmsync_match *m, uint32_t base)
{
	const struct vmsync_half *g = guest_leg(m, m->stream, base);

	return g && g->matched == (VMSYNC_LEG_GH | VMSYNC_LEG_HG);
}

/* Between the numbers of two beacons are those of their other legs: none comes. */
static bool may_come(struct vmsync_match *m, uint32_t base)
{
	return !((base - m->first) % VMSYNC_CNT_STEP) ||
	       guest_leg(m, m->stream, base);
}

bool vmsync_match_next(struct vmsync_match *m, bool flush,
		       struct vmsync_beacon *b)
{
	if (!m->started)
		return false;
	if (m->newest - m->next > WINDOW_CNT &&
	    (int32_t)(m->newest - m->next) > 0)
		m->next = m->newest - WINDOW_CNT;
	while ((int32_t)(m->newest - m->next) >= 0) {
		uint32_t base = m->next;

		if (!flush && !whole(m, base) && may_come(m, base) &&
		    m->newest - base <= REORDER)
			return false;
		m->next++;
		if (give(m, base, b))
			return true;
	}
	return false;
}

uint64_t vmsync_match_forged(const struct vmsync_match *m)
{
	uint64_t forged = m->forged;

	for (size_t i = 0; i < VMSYNC_SYNC_WINDOW; i++)
		forged += m->ring[i].forged;
	return forged;
}

bool vmsync_match_is_alone(const struct vmsync_match *m,
			   const struct vmsync_half *leg)
{
	return leg->vm_uid == m->vm_uid && leg->have & VMSYNC_LEG_GH &&
	       !leg->matched && !leg->forged;
}

bool vmsync_match_alone(const struct vmsync_match *m, int64_t from_ns,
			int64_t until_ns)
{
	for (size_t i = 0; i < VMSYNC_SYNC_WINDOW; i++) {
		const struct vmsync_half *g = &m->ring[i];

		if (vmsync_match_is_alone(m, g) && g->gh_ns > from_ns &&
		    g->gh_ns < until_ns)
			return true;
	}
	return false;
}

void vmsync_match_left(const struct vmsync_match *m, uint64_t *guest,
		       uint64_t *host)
{
	*guest = m->unmatched;
	*host = vmsync_match_answers(m).unmatched;
	for (size_t i = 0; i < VMSYNC_SYNC_WINDOW; i++) {
		*guest += lost_legs(&m->ring[i]);
		if (m->stream)
			*host += lost_legs(&m->stream->ring[i].leg);
	}
}
