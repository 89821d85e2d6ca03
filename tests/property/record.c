// SPDX-License-Identifier: MIT
#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen/writer.h"
#include "stays.h"
#include "stream.h"
#include "sync/base/chain.h"
#include "uapi/vmsync_clock.h"

#define MAX_FIELDS 40
#define KNOWN	   3 /* fields that every class ends with */
#define LAST_EXIT  2000 /* cycles: a VM that is reset was left so long before */

/* A field of an event, and where its value is in the evidence. */
struct row {
	const char *name;
	enum gen_type type;
	size_t at;
	size_t size;
};

#define ROW(name, type, member)                                            \
	{name, type, offsetof(struct vmsync_evidence, member),             \
	 sizeof(((struct vmsync_evidence *)0)->member)}
#define BEACON_ROWS                                                        \
	ROW("cnt", GEN_U32, cnt), ROW("vm_uid", GEN_U64, vm_uid)
#define VM_ROWS                                                            \
	ROW("vm_pid", GEN_S32, vm.pid), ROW("vm_serial", GEN_U32, vm.serial), \
		ROW("vcpu_id", GEN_U32, vcpu)
#define PAIR_ROWS                                                          \
	ROW("tsc", GEN_U64, pair.tsc), ROW("mono", GEN_U64, pair.mono_ns)
#define LINE_ROWS(prefix, l)                                               \
	ROW(prefix "clocksource", GEN_U32, l.clocksource),                 \
		ROW(prefix "since_tsc", GEN_U64, l.since_tsc),             \
		ROW(prefix "cycle_last", GEN_U64, l.cycle_last),           \
		ROW(prefix "base_ns", GEN_S64, l.base_ns),                 \
		ROW(prefix "xtime_nsec", GEN_U64, l.xtime_nsec),           \
		ROW(prefix "mult", GEN_U32, l.mult),                       \
		ROW(prefix "shift", GEN_U32, l.shift)
#define PAGE_ROWS(prefix)                                                  \
	ROW(prefix "version", GEN_U32, pvclock.version),                   \
		ROW(prefix "tsc_timestamp", GEN_U64, pvclock.tsc_timestamp), \
		ROW(prefix "system_time", GEN_U64, pvclock.system_time_ns), \
		ROW(prefix "mul", GEN_U32, pvclock.mul),                   \
		ROW(prefix "shift", GEN_S32, pvclock.shift),               \
		ROW(prefix "flags", GEN_U32, pvclock.flags)
#define SCALING_ROWS                                                       \
	ROW("tsc_ratio", GEN_U64, scaling.ratio),                          \
		ROW("ratio_frac_bits", GEN_U32, scaling.frac_bits)

enum { SWITCH = VMSYNC_EV_GUEST_EVENT + 1, DUMP, FILLER, SENT, RECEIVED, N_CLASSES };

static const struct {
	const char *name;
	struct row rows[MAX_FIELDS - KNOWN];
} events[N_CLASSES] = {
	[VMSYNC_EV_GH_GUEST] = {"vmsync_gh_guest",
		{BEACON_ROWS, ROW("vcpu", GEN_U32, vcpu), PAIR_ROWS,
		 ROW("bracket", GEN_U64, pair.bracket),
		 ROW("seq", GEN_U32, line.seq), LINE_ROWS("", line),
		 PAGE_ROWS("pv_")}},
	[VMSYNC_EV_GH_HOST] = {"vmsync_gh_host",
		{BEACON_ROWS, VM_ROWS,
		 ROW("guest_tsc", GEN_U64, guest_claim.tsc),
		 ROW("guest_mono", GEN_U64, guest_claim.mono_ns),
		 ROW("suspect", GEN_U32, suspect), PAIR_ROWS,
		 ROW("bracket", GEN_U64, pair.bracket),
		 ROW("tsc_offset", GEN_S64, scaling.offset), SCALING_ROWS,
		 ROW("seq", GEN_U32, line.seq), LINE_ROWS("", line)}},
	[VMSYNC_EV_HG_HOST] = {"vmsync_hg_host",
		{BEACON_ROWS, VM_ROWS, PAIR_ROWS}},
	[VMSYNC_EV_HG_GUEST] = {"vmsync_hg_guest",
		{BEACON_ROWS, ROW("vcpu", GEN_U32, vcpu), PAIR_ROWS}},
	[VMSYNC_EV_KNOT] = {"vmsync_knot",
		{ROW("seq", GEN_U32, line.seq), LINE_ROWS("", line),
		 ROW("confirm_tsc", GEN_U64, confirm_tsc),
		 ROW("why", GEN_U32, why), LINE_ROWS("prev_", prev),
		 PAGE_ROWS("pv_")}},
	[VMSYNC_EV_TSC] = {"vmsync_tsc",
		{VM_ROWS, ROW("prev_tsc_offset", GEN_S64, prev_offset),
		 ROW("next_tsc_offset", GEN_S64, scaling.offset),
		 SCALING_ROWS, ROW("why", GEN_U32, why)}},
	[VMSYNC_EV_PVCLOCK] = {"vmsync_pvclock",
		{VM_ROWS, PAGE_ROWS(""), ROW("why", GEN_U32, why)}},
	[VMSYNC_EV_VM] = {"vmsync_vm",
		{VM_ROWS, ROW("tid", GEN_S32, tid),
		 ROW("vm_uid", GEN_U64, vm_uid), ROW("why", GEN_U32, why)}},
	[VMSYNC_EV_DROP] = {"vmsync_drop",
		{VM_ROWS, ROW("dropped", GEN_U64, count)}},
	[VMSYNC_EV_LOST] = {"unused"},
	[VMSYNC_EV_ENTRY] = {"kvm_x86_entry", {ROW("vcpu_id", GEN_U32, vcpu)}},
	[VMSYNC_EV_EXIT] = {"kvm_x86_exit",
		{ROW("vcpu_id", GEN_U32, vcpu),
		 ROW("exit_reason", GEN_U32, why)}},
	[VMSYNC_EV_GUEST_EVENT] = {"irq_handler_entry",
		{ROW("irq", GEN_S32, why)}},
	[FILLER] = {"sched_waking", {ROW("tid", GEN_S32, why)}},
	[DUMP] = {"lttng_statedump_process_state",
		{ROW("tid", GEN_S32, tid), ROW("pid", GEN_S32, vm.pid)}},
	[SENT] = {"packet_sent", {ROW("cnt", GEN_U32, cnt)}},
	[RECEIVED] = {"packet_received", {ROW("cnt", GEN_U32, cnt)}},
	/* SWITCH has texts, which evidence has not. */
	[SWITCH] = {"sched_switch"},
};

static const struct gen_field switch_fields[] = {
	{"prev_comm", GEN_TEXT16}, {"prev_tid", GEN_S32},
	{"prev_prio", GEN_S32},	   {"prev_state", GEN_S64},
	{"next_comm", GEN_TEXT16}, {"next_tid", GEN_S32},
	{"next_prio", GEN_S32},
};

/* One event to be written. */
struct item {
	uint64_t h;
	uint32_t cpu;
	int class;
	const char *comm;
	struct vmsync_evidence ev;
};

/* A machine's events and its trace. */
struct tape {
	struct item *item;
	size_t n, cap;
	struct gen_trace trace;
};

struct recorder {
	const struct sim_world *w;
	const struct record_plan *plan;
	struct tape host;
	struct sim_world elsewhere; /* and the other host there */
	struct tape other;
	struct tape guests[SIM_MAX_GUESTS];
	struct gen_class classes[N_CLASSES];
	const char *clock; /* of guests, NULL: their own */
	uint64_t serial;
	struct sim_rng rng;
};

/* The old addons' beacons say who they are, and nothing else. */
static bool has_row(const struct recorder *r, int class, const struct row *row)
{
	return class > VMSYNC_EV_HG_GUEST ||
	       strcmp(r->w->sc->fields, "stamps") ||
	       !strcmp(row->name, "cnt") || !strcmp(row->name, "vm_uid");
}

static void classes_make(struct recorder *r)
{
	for (int c = 0; c < N_CLASSES; c++) {
		struct gen_field *f = r->classes[c].fields;
		const struct row *row = events[c].rows;

		r->classes[c].name = events[c].name;
		if (c == SWITCH) {
			memcpy(f, switch_fields, sizeof(switch_fields));
			f += sizeof(switch_fields) / sizeof(*f);
		}
		for (; row->name; row++)
			if (has_row(r, c, row))
				*f++ = (struct gen_field){row->name, row->type};
		*f++ = (struct gen_field){"serial", GEN_U64};
		*f++ = (struct gen_field){"truth", GEN_S64};
		*f++ = (struct gen_field){"own", GEN_S64};
	}
}

static struct item *item_add(struct tape *t, uint64_t h, uint32_t cpu, int class)
{
	struct item *item;

	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 256;
		t->item = reallocarray(t->item, t->cap, sizeof(*t->item));
		if (!t->item)
			abort();
	}
	item = memset(&t->item[t->n++], 0, sizeof(*item));
	item->h = h;
	item->cpu = cpu;
	item->class = class;
	return item;
}

static int by_time(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return (x->h > y->h) - (x->h < y->h);
}

static const char *comm_of(const struct sim_vcpu *v)
{
	static const char *const names[] = {
		"CPU 0/KVM", "CPU 1/KVM", "CPU 2/KVM", "CPU 3/KVM",
		"CPU 4/KVM", "CPU 5/KVM", "CPU 6/KVM", "CPU 7/KVM",
	};

	return names[v->vcpu_id % SIM_MAX_VCPUS];
}

/* Of the host that @g is on at @h; NULL: nobody records there. */
static struct tape *tape_at(struct recorder *r, const struct sim_guest *g, uint64_t h)
{
	if (!sim_vm_away(&g->vm, h))
		return &r->host;
	return r->plan->both ? &r->other : NULL;
}

/* @v: NULL: nobody */
static void switch_put(struct tape *host, uint64_t h, uint32_t cpu,
		       const struct sim_guest *g, const struct sim_vcpu *v)
{
	struct item *item = item_add(host, h, cpu, SWITCH);

	item->comm = v ? comm_of(v) : "swapper/0";
	item->ev.tid = v ? sim_vcpu_tid(&g->vm, v, h) : 0;
}

/*
 * A vCPU's thread has two CPUs of the host, and is on one of them. Where it is
 * at @h: it moved at some of its entries.
 */
struct whereabouts {
	uint64_t *moved;
	size_t n;
	uint32_t cpu;
};

static uint32_t cpu_at(const struct whereabouts *where, uint64_t h)
{
	size_t i = 0;

	while (i < where->n && where->moved[i] <= h)
		i++;
	return where->cpu + i % 2;
}

static void move(struct recorder *r, struct whereabouts *where,
		 const struct sim_guest *g, const struct sim_vcpu *v, uint64_t h)
{
	uint32_t from = cpu_at(where, h);

	switch_put(&r->host, h, from, g, NULL);
	where->moved = reallocarray(where->moved, where->n + 1,
				    sizeof(*where->moved));
	if (!where->moved)
		abort();
	where->moved[where->n++] = h;
	switch_put(&r->host, h, cpu_at(where, h), g, v);
}

/* The guest is moved after @h: another thread of the host is the vCPU from then on. */
static void change_thread(struct recorder *r, const struct whereabouts *where,
			  const struct sim_guest *g, const struct sim_vcpu *v,
			  uint64_t h)
{
	for (size_t i = 1; i < g->vm.home_count; i++) {
		uint64_t from = g->vm.homes[i].from;

		if (from <= h)
			continue;
		if (tape_at(r, g, h))
			switch_put(tape_at(r, g, h), from, cpu_at(where, from),
				   g, NULL);
		if (tape_at(r, g, from))
			switch_put(tape_at(r, g, from), from + 1,
				   cpu_at(where, from), g, v);
		return;
	}
}

static void entry_put(struct tape *host, const struct whereabouts *where,
		      const struct sim_vcpu *v, uint64_t h)
{
	item_add(host, h, cpu_at(where, h), VMSYNC_EV_ENTRY)->ev.vcpu =
		v->vcpu_id;
}

/* For a physical interrupt, or because the guest takes one: not in an update. */
static void exit_put(struct tape *host, const struct whereabouts *where,
		     const struct sim_guest *g, uint32_t cpu, uint64_t h)
{
	struct item *item = item_add(host, h, cpu_at(where, h),
				     VMSYNC_EV_EXIT);
	bool updates = !cpu && sim_kernel_updates(&g->kernel, h, &(size_t){0});

	item->ev.vcpu = g->vm.vcpus[cpu].vcpu_id;
	item->ev.why = updates || h % 3 == 0 ? 0x60 : 0x64;
}

/* The guest's events in a stay, some of them at its very edges. */
static void fill_stay(struct recorder *r, const struct sim_guest *g,
		      uint32_t cpu, const struct stay *s)
{
	struct tape *t = &r->guests[g->index];
	uint64_t n = sim_rng_below(&r->rng, 4), len = s->exit - s->entry;

	while (s->entry >= g->from && n--)
		item_add(t, s->entry + sim_rng_below(&r->rng, len + 1), cpu,
			 sim_rng_chance(&r->rng, 0.5) ? VMSYNC_EV_GUEST_EVENT :
							FILLER);
}

/* When @g's VM is recorded, as this guest's. */
static uint64_t life_begin(const struct recorder *r, const struct sim_guest *g)
{
	return g->born ? g->born : r->w->start;
}

static uint64_t life_end(const struct recorder *r, const struct sim_guest *g)
{
	return g->died < r->w->end ? g->died - LAST_EXIT : r->w->end;
}

/* What LTTng tells of a thread that was there before the recording. */
static void dump_put(struct recorder *r, const struct sim_guest *g,
		     const struct sim_vcpu *v, uint32_t cpu)
{
	for (size_t i = 0; i < g->vm.home_count; i++) {
		uint64_t h = i ? g->vm.homes[i].from : r->w->start;
		struct item *item;

		if (sim_vm_away(&g->vm, h))
			continue;
		item = item_add(&r->host, h, cpu, DUMP);
		item->ev.tid = sim_vcpu_tid(&g->vm, v, h);
		item->ev.vm = sim_vm_id(&g->vm, h);
	}
}

/* What the vCPU did: entries, exits, moves, and the guest's events between. */
static void vcpu_record(struct recorder *r, const struct sim_guest *g,
			uint32_t cpu, struct stays_known *known, size_t n,
			struct whereabouts *where)
{
	const struct sim_vcpu *v = &g->vm.vcpus[cpu];
	double mean = sim_world_cycles(r->w, 1e9 / r->w->sc->exits_hz);
	struct stay *stay;
	struct tape *host;
	uint64_t last = life_begin(r, g), end = life_end(r, g);

	if (r->plan->dump && !g->born)
		dump_put(r, g, v, where->cpu);
	n = stays_make(v, known, n, last, end, mean, !g->vm.master,
		       &r->rng, &stay);
	switch_put(&r->host, last, where->cpu, g, v);
	for (size_t i = 0; i < n; i++) {
		if (sim_vm_id(&g->vm, last).pid !=
		    sim_vm_id(&g->vm, stay[i].entry).pid)
			change_thread(r, where, g, v, last);
		else if (!sim_vm_away(&g->vm, last) && stay[i].entry > last + 2 &&
			 sim_rng_chance(&r->rng, 0.05))
			move(r, where, g, v, last + 1);
		fill_stay(r, g, cpu, &stay[i]);
		host = tape_at(r, g, stay[i].entry);
		if (host) {
			entry_put(host, where, v, stay[i].entry);
			exit_put(host, where, g, cpu, stay[i].exit);
		}
		last = stay[i].exit;
	}
	if (end < r->w->end)
		switch_put(&r->host, g->died - 1, cpu_at(where, g->died), g, NULL);
	free(stay);
}

static void known_add(struct stays_known **known, size_t *n, uint64_t h, bool in)
{
	*known = reallocarray(*known, *n + 1, sizeof(**known));
	if (!*known)
		abort();
	(*known)[(*n)++] = (struct stays_known){h, in};
}

static uint32_t cpu_of_vcpu(const struct sim_guest *g, uint32_t vcpu_id)
{
	uint32_t i = 0;

	while (i + 1 < g->vm.vcpu_count && g->vm.vcpus[i].vcpu_id != vcpu_id)
		i++;
	return i;
}

static bool is_wanted(const struct recorder *r, enum vmsync_evidence_kind kind)
{
	switch (kind) {
	case VMSYNC_EV_KNOT:
		return r->plan->knots;
	case VMSYNC_EV_TSC:
	case VMSYNC_EV_PVCLOCK:
	case VMSYNC_EV_VM:
		return r->plan->module;
	default:
		return r->plan->beacons;
	}
}

static void put_record(struct recorder *r, struct tape *t, uint32_t cpu,
		       const struct sim_record *rec)
{
	if (is_wanted(r, rec->ev.kind))
		item_add(t, rec->h, cpu, rec->ev.kind)->ev = rec->ev;
}

/* The last time before @h at which a kernel's timekeeper read its counter; 0: none */
static uint64_t last_read(const struct sim_kernel *k, uint64_t h)
{
	uint64_t last = 0;

	for (size_t i = 0; i < k->count && k->changes[i].tick < h; i++)
		last = k->changes[i].tick;
	for (size_t i = 0; i < k->tick_count && k->ticks[i].at < h; i++)
		last = k->ticks[i].at > last ? k->ticks[i].at : last;
	return last;
}

/*
 * A guest with a scaled TSC goes on with another kvm-clock than it had read
 * (sim_vm_stop()). What its timekeeper read last before the stop it read in the guest.
 */
static void known_reads(const struct sim_guest *g, struct stays_known **known, size_t *n)
{
	const struct sim_vcpu *v = &g->vm.vcpus[0];
	uint64_t since = g->from;

	if (!g->kvmclock || !g->vm.master ||
	    vmsync_scaling_is_one(sim_vcpu_scaling(v, g->from)))
		return;
	for (size_t i = 0; i < v->hole_count; i++) {
		uint64_t read = last_read(&g->kernel, v->holes[i].from);

		if (read > since)
			known_add(known, n, read, true);
		since = v->holes[i].to;
	}
}

/* What a host records of @g's VM; when its CPUs were known to be out of the guest. */
static void host_known(const struct sim_recording *rec, const struct sim_guest *g,
		       struct stays_known **known, size_t *n)
{
	for (size_t i = 0; i < rec->host.count; i++) {
		const struct vmsync_evidence *ev = &rec->host.records[i].ev;
		uint32_t cpu = cpu_of_vcpu(g, ev->vcpu);

		if (ev->kind != VMSYNC_EV_KNOT)
			known_add(&known[cpu], &n[cpu], rec->host.records[i].h,
				  false);
	}
}

static void host_put(struct recorder *r, struct tape *host,
		     const struct sim_recording *rec, const struct sim_guest *g,
		     const struct whereabouts *where)
{
	for (size_t i = 0; i < rec->host.count; i++) {
		const struct sim_record *h = &rec->host.records[i];
		uint32_t c = cpu_of_vcpu(g, h->ev.vcpu);

		if (h->ev.kind != VMSYNC_EV_KNOT)
			put_record(r, host, cpu_at(&where[c], h->h), h);
	}
}

/* A guest's records, those of the host about its VM, and what its vCPUs did. */
static void guest_record(struct recorder *r, const struct sim_guest *g,
			 uint32_t first_cpu)
{
	const struct sim_guest *there = &r->elsewhere.guests[g->index];
	struct sim_recording rec = {0}, other = {0};
	struct stays_known *known[SIM_MAX_VCPUS] = {0};
	struct whereabouts where[SIM_MAX_VCPUS] = {0};
	size_t n[SIM_MAX_VCPUS] = {0};
	const struct sim_stream *own = &rec.guests[g->index];

	if (r->plan->beacons)
		sim_record_beacons(&rec, r->w, g);
	if (r->plan->beacons && r->plan->both)
		sim_record_beacons(&other, &r->elsewhere, there);
	sim_record_knots(&rec, r->w);
	for (size_t i = 0; i < own->count; i++)
		known_add(&known[own->records[i].ev.vcpu],
			  &n[own->records[i].ev.vcpu], own->records[i].h, true);
	host_known(&rec, g, known, n);
	host_known(&other, g, known, n);
	known_reads(g, &known[0], &n[0]);
	for (uint32_t c = 0; c < g->vm.vcpu_count; c++) {
		where[c].cpu = first_cpu + 2 * c;
		/* See stays_make(): a reset is such a moment, too. */
		if (!g->vm.master && g->died < r->w->end)
			known_add(&known[c], &n[c], life_end(r, g), true);
		vcpu_record(r, g, c, known[c], n[c], &where[c]);
		free(known[c]);
	}
	sim_record_vm(&rec, r->w, g);
	if (r->plan->both)
		sim_record_vm(&other, &r->elsewhere, there);
	for (size_t i = 0; i < own->count; i++)
		put_record(r, &r->guests[g->index], own->records[i].ev.vcpu,
			   &own->records[i]);
	host_put(r, &r->host, &rec, g, where);
	host_put(r, &r->other, &other, g, where);
	for (uint32_t c = 0; c < g->vm.vcpu_count; c++)
		free(where[c].moved);
	sim_recording_free(&rec);
	sim_recording_free(&other);
}

static void host_record(struct recorder *r, const struct sim_world *w, struct tape *host,
			uint32_t cpus)
{
	struct sim_recording rec = {0};
	uint64_t len = r->w->end - r->w->start, n;

	sim_record_knots(&rec, w);
	for (size_t i = 0; i < rec.host.count; i++)
		put_record(r, host, 0, &rec.host.records[i]);
	sim_recording_free(&rec);
	/* Other threads: every CPU has something to tell until the end. */
	for (n = 50 * cpus; n--;)
		item_add(host, r->w->start + sim_rng_below(&r->rng, len),
			 (uint32_t)(n % cpus), FILLER);
}

/* Packets between the hosts, 100 a second, that take 20 us and more. */
static void messages_record(struct recorder *r)
{
	const struct sim_world *w = r->w;
	uint64_t h = w->start;

	for (uint32_t cnt = 0;; cnt++) {
		struct tape *from = cnt % 2 ? &r->other : &r->host;
		struct tape *to = cnt % 2 ? &r->host : &r->other;
		uint64_t came;

		h += sim_world_cycles(w, 1e6 + sim_rng_exp(&r->rng, 9e6));
		came = h + sim_world_cycles(w, 2e4 + sim_rng_exp(&r->rng, 2e4));
		if (came >= w->end)
			break;
		item_add(from, h, 0, SENT)->ev.cnt = cnt;
		item_add(to, came, 0, RECEIVED)->ev.cnt = cnt;
	}
}

static uint64_t number_of(const struct row *row, const struct vmsync_evidence *ev)
{
	uint64_t u = 0;

	memcpy(&u, (const char *)ev + row->at, row->size);
	return u;
}

/* Values in the order of the fields. */
static struct gen_value *values_of(const struct recorder *r,
				   const struct item *item, struct gen_value *v)
{
	const struct row *row = events[item->class].rows;

	if (item->class == SWITCH) {
		*v++ = (struct gen_value){.s = "other"};
		*v++ = (struct gen_value){.u = 1};
		*v++ = (struct gen_value){.u = 20};
		*v++ = (struct gen_value){.u = 0};
		*v++ = (struct gen_value){.s = item->comm};
		*v++ = (struct gen_value){.u = (uint64_t)item->ev.tid};
		*v++ = (struct gen_value){.u = 20};
	}
	for (; row->name; row++)
		if (has_row(r, item->class, row))
			*v++ = (struct gen_value){
				.u = number_of(row, &item->ev)};
	return v;
}

/* LTTng's stamps of a CPU do not go back. @host: that recorded it, or NULL: @g did */
static void tape_write(struct recorder *r, struct tape *t,
		       const struct sim_world *host, const struct sim_guest *g)
{
	size_t hint = 0, own_hint = 0;
	int64_t own_end;

	qsort(t->item, t->n, sizeof(*t->item), by_time);
	for (size_t k = 0; k < t->n; k++) {
		struct item *item = &t->item[k];
		int64_t truth = sim_host_mono(r->w, item->h, &hint), own;
		struct gen_value v[MAX_FIELDS] = {0}, *p;
		uint64_t last = t->trace.streams[item->cpu].last;

		own = g ? sim_guest_mono(g, item->cpu, item->h, &own_hint) :
			  sim_host_mono(host, item->h, &own_hint);
		if ((uint64_t)own < last)
			own = (int64_t)last;
		p = values_of(r, item, v);
		*p++ = (struct gen_value){.u = r->serial++};
		*p++ = (struct gen_value){.u = (uint64_t)truth};
		*p++ = (struct gen_value){.u = (uint64_t)own};
		gen_event(&t->trace, item->cpu, (uint32_t)item->class,
			  (uint64_t)own, v);
	}
	own_end = g ? sim_guest_mono(g, 0, g->until - 1, &own_hint) :
		      sim_host_mono(host, r->w->end, &own_hint);
	for (uint32_t i = 0; i < t->trace.n_streams; i++)
		if ((uint64_t)own_end < t->trace.streams[i].last)
			own_end = (int64_t)t->trace.streams[i].last;
	gen_stop(&t->trace, (uint64_t)own_end);
	gen_close(&t->trace);
	free(t->item);
}

static void tape_open(struct recorder *r, struct tape *t, const char *path,
		      const char *hostname, uint32_t cpus, uint64_t uuid,
		      uint64_t clock)
{
	t->trace = (struct gen_trace){
		.path = path,
		.classes = r->classes,
		.n_classes = r->plan->both ? N_CLASSES : SENT,
		.large = r->plan->large,
		.packet = r->plan->packet,
		.clock_seed = clock,
		.clock = r->clock,
		.n_streams = cpus,
	};
	gen_open(&t->trace, hostname, uuid,
		 1600000000000000000 + (int64_t)(uuid % 1000) * 1000000);
}

void record_world(const struct sim_world *w, const struct record_plan *plan)
{
	static struct recorder r;
	char path[4096], name[32];
	uint32_t cpus = 0;

	r = (struct recorder){.w = w, .plan = plan};
	if (plan->both)
		sim_world_elsewhere(&r.elsewhere, w);

	sim_rng_init(&r.rng, w->seed, SIM_RNG_EVENTS);
	classes_make(&r);
	for (int i = 0; i < w->guest_count; i++) {
		guest_record(&r, &w->guests[i], cpus);
		cpus += 2 * w->guests[i].vm.vcpu_count;
	}
	host_record(&r, w, &r.host, cpus);
	if (plan->both) {
		host_record(&r, &r.elsewhere, &r.other, cpus);
		messages_record(&r);
	}
	snprintf(path, sizeof(path), "%s/host", plan->folder);
	tape_open(&r, &r.host, path, "host", cpus, w->seed * 16 + 1, 0);
	tape_write(&r, &r.host, w, NULL);
	if (plan->both) {
		snprintf(path, sizeof(path), "%s/host2", plan->folder);
		tape_open(&r, &r.other, path, "host2", cpus, w->seed * 16 + 14, 0);
		tape_write(&r, &r.other, &r.elsewhere, NULL);
		sim_world_elsewhere_free(&r.elsewhere);
	}
	for (int i = 0; i < w->guest_count; i++) {
		if (w->guests[i].host_clock) {
			r.clock = VMSYNC_CLOCK_NAME;
			r.classes[VMSYNC_EV_KNOT].name = "vmsync_clock_line";
		}
		snprintf(path, sizeof(path), "%s/g%d", plan->folder, i);
		snprintf(name, sizeof(name), plan->names ? "vm" : "vm%d",
			 w->guests[i].first);
		tape_open(&r, &r.guests[i], path, name,
			  w->guests[i].vm.vcpu_count,
			  w->seed * 16 + 2 + (uint64_t)i,
			  plan->clones ? w->seed * 16 + 15 : 0);
		tape_write(&r, &r.guests[i], NULL, &w->guests[i]);
	}
}
