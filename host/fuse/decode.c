// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "fuse/decode.h"
#include "fuse/names.h"
#include "fuse/trace_clock.h"

/*
 * One row: the event's field @name goes to the record's member at @offset,
 * which is @size bytes wide.
 */
struct field_row {
	const char *name;
	uint16_t offset;
	uint8_t size;
};

#define ROW(name, member)                                                      \
	{                                                                      \
		name, offsetof(struct vmsync_evidence, member),                \
			sizeof(((struct vmsync_evidence *)0)->member)          \
	}
#define ROW_END                                                                \
	{                                                                      \
		NULL, 0, 0                                                     \
	}
#define BEACON_ROWS ROW("cnt", cnt), ROW("vm_uid", vm_uid)
#define PAIR_ROWS ROW("tsc", pair.tsc), ROW("mono", pair.mono_ns)
#define VM_ROWS                                                                \
	ROW("vm_pid", vm.pid), ROW("vm_serial", vm.serial), ROW("vcpu_id", vcpu)
#define LINE_ROWS                                                              \
	ROW("clocksource", line.clocksource), ROW("seq", line.seq),            \
		ROW("since_tsc", line.since_tsc),                              \
		ROW("cycle_last", line.cycle_last),                            \
		ROW("base_ns", line.base_ns),                                  \
		ROW("xtime_nsec", line.xtime_nsec), ROW("mult", line.mult),    \
		ROW("shift", line.shift)
#define GUEST_PVCLOCK_ROWS                                                     \
	ROW("pv_version", pvclock.version),                                    \
		ROW("pv_tsc_timestamp", pvclock.tsc_timestamp),                \
		ROW("pv_system_time", pvclock.system_time_ns),                 \
		ROW("pv_mul", pvclock.mul), ROW("pv_shift", pvclock.shift),    \
		ROW("pv_flags", pvclock.flags)

static const struct field_row gh_guest_rows[] = {
	BEACON_ROWS,
	ROW("vcpu", vcpu),
	PAIR_ROWS,
	ROW("bracket", pair.bracket),
	LINE_ROWS,
	GUEST_PVCLOCK_ROWS,
	ROW_END,
};

static const struct field_row gh_host_rows[] = {
	BEACON_ROWS,
	VM_ROWS,
	ROW("guest_tsc", guest_claim.tsc),
	ROW("guest_mono", guest_claim.mono_ns),
	ROW("suspect", suspect),
	PAIR_ROWS,
	ROW("bracket", pair.bracket),
	ROW("tsc_offset", scaling.offset),
	ROW("tsc_ratio", scaling.ratio),
	ROW("ratio_frac_bits", scaling.frac_bits),
	LINE_ROWS,
	ROW_END,
};

static const struct field_row hg_host_rows[] = {
	BEACON_ROWS,
	VM_ROWS,
	PAIR_ROWS,
	ROW_END,
};

static const struct field_row hg_guest_rows[] = {
	BEACON_ROWS,
	ROW("vcpu", vcpu),
	PAIR_ROWS,
	ROW_END,
};

static const struct field_row knot_rows[] = {
	LINE_ROWS,
	ROW("confirm_tsc", confirm_tsc),
	ROW("why", why),
	ROW("prev_clocksource", prev.clocksource),
	ROW("prev_since_tsc", prev.since_tsc),
	ROW("prev_cycle_last", prev.cycle_last),
	ROW("prev_base_ns", prev.base_ns),
	ROW("prev_xtime_nsec", prev.xtime_nsec),
	ROW("prev_mult", prev.mult),
	ROW("prev_shift", prev.shift),
	GUEST_PVCLOCK_ROWS,
	ROW_END,
};

static const struct field_row tsc_rows[] = {
	VM_ROWS,
	ROW("prev_tsc_offset", prev_offset),
	ROW("next_tsc_offset", scaling.offset),
	ROW("tsc_ratio", scaling.ratio),
	ROW("ratio_frac_bits", scaling.frac_bits),
	ROW("why", why),
	ROW_END,
};

static const struct field_row pvclock_rows[] = {
	VM_ROWS,
	ROW("version", pvclock.version),
	ROW("tsc_timestamp", pvclock.tsc_timestamp),
	ROW("system_time", pvclock.system_time_ns),
	ROW("mul", pvclock.mul),
	ROW("shift", pvclock.shift),
	ROW("flags", pvclock.flags),
	ROW("why", why),
	ROW_END,
};

static const struct field_row vm_rows[] = {
	VM_ROWS,
	ROW("tid", tid),
	ROW("vm_uid", vm_uid),
	ROW("why", why),
	ROW_END,
};

static const struct field_row drop_rows[] = {
	VM_ROWS,
	ROW("dropped", count),
	ROW_END,
};

/* Who answers over a port is the process that has it open, and the socket. */
#define LINK_ROWS ROW("peer_pid", vm.pid), ROW("link", vm.serial)

static const struct field_row port_guest_rows[] = {
	BEACON_ROWS,
	ROW("mono", pair.mono_ns),
	ROW_END,
};

static const struct field_row port_gh_host_rows[] = {
	BEACON_ROWS,
	LINK_ROWS,
	ROW("guest_mono", guest_claim.mono_ns),
	ROW("mono", pair.mono_ns),
	ROW_END,
};

static const struct field_row port_hg_host_rows[] = {
	BEACON_ROWS,
	LINK_ROWS,
	ROW("mono", pair.mono_ns),
	ROW_END,
};

static const struct field_row port_drop_rows[] = {
	LINK_ROWS,
	ROW("dropped", count),
	ROW_END,
};

static const struct event_row {
	const char *name;
	enum vmsync_evidence_kind kind;
	const struct field_row *fields;
	bool port;
} event_rows[] = {
	{ "vmsync_gh_guest", VMSYNC_EV_GH_GUEST, gh_guest_rows, false },
	{ "vmsync_gh_host", VMSYNC_EV_GH_HOST, gh_host_rows, false },
	{ "vmsync_hg_host", VMSYNC_EV_HG_HOST, hg_host_rows, false },
	{ "vmsync_hg_guest", VMSYNC_EV_HG_GUEST, hg_guest_rows, false },
	{ "vmsync_knot", VMSYNC_EV_KNOT, knot_rows, false },
	{ "vmsync_clock_line", VMSYNC_EV_KNOT, knot_rows, false },
	{ "vmsync_tsc", VMSYNC_EV_TSC, tsc_rows, false },
	{ "vmsync_pvclock", VMSYNC_EV_PVCLOCK, pvclock_rows, false },
	{ "vmsync_vm", VMSYNC_EV_VM, vm_rows, false },
	{ "vmsync_drop", VMSYNC_EV_DROP, drop_rows, false },
	{ "vmsync_port:gh_guest", VMSYNC_EV_GH_GUEST, port_guest_rows, true },
	{ "vmsync_port:gh_host", VMSYNC_EV_GH_HOST, port_gh_host_rows, true },
	{ "vmsync_port:hg_host", VMSYNC_EV_HG_HOST, port_hg_host_rows, true },
	{ "vmsync_port:hg_guest", VMSYNC_EV_HG_GUEST, port_guest_rows, true },
	{ "vmsync_port:drop", VMSYNC_EV_DROP, port_drop_rows, true },
};

#define MAX_FIELDS 40

/* How to decode one event class of the trace. */
struct decoder {
	const struct event_row *event;
	unsigned int n;
	bool has_tsc;
	bool has_vcpu;
	struct {
		struct ctf_field field;
		uint16_t offset;
		uint8_t size;
	} get[MAX_FIELDS];
};

struct vmsync_decoders {
	size_t n;
	bool old;
	bool host_clock; /* stamps are of vmsync-clock.ko's */
	uint8_t *want;
	struct decoder **by_class; /* NULL: not ours */
};

static const struct event_row *event_row_of(const struct ctf_class *cls)
{
	const char *name = vmsync_event_name(cls);
	size_t i;

	for (i = 0; i < sizeof(event_rows) / sizeof(event_rows[0]); i++) {
		if (!strcmp(name, event_rows[i].name))
			return &event_rows[i];
	}
	return NULL;
}

bool vmsync_class_is_evidence(const struct ctf_class *cls)
{
	return event_row_of(cls);
}

static struct decoder *decoder_new(const struct ctf_class *cls,
				   const struct event_row *event)
{
	struct decoder *d = calloc(1, sizeof(*d));
	const struct field_row *row;

	if (!d)
		return NULL;
	d->event = event;
	for (row = event->fields; row->name; row++) {
		if (!ctf_field_find(cls, CTF_PAYLOAD, row->name,
				    &d->get[d->n].field))
			continue;
		if (!strcmp(row->name, "tsc"))
			d->has_tsc = true;
		if (!strcmp(row->name, "vcpu_id"))
			d->has_vcpu = true;
		d->get[d->n].offset = row->offset;
		d->get[d->n].size = row->size;
		d->n++;
	}
	return d;
}

/*
 * Numbers of links begin where those of vmsync-host.ko's VMs never come. A message over
 * a port says nothing of a virtual CPU: the guest's kernel has one clock.
 */
#define LINK_SERIAL 0x80000000

static void decode_port(struct vmsync_evidence *ev)
{
	ev->port = true;
	ev->vm.serial |= LINK_SERIAL;
	ev->vcpu = 0;
	ev->guest_claim.valid = ev->kind == VMSYNC_EV_GH_HOST;
}

static void decode(const struct decoder *d, const struct ctf_event *src,
		   struct vmsync_evidence *ev)
{
	unsigned int i;

	memset(ev, 0, sizeof(*ev));
	ev->kind = d->event->kind;
	ev->stamp_ns = (int64_t)src->clock;
	ev->pair.mono_ns = ev->stamp_ns;
	ev->vcpu = src->cpu;
	for (i = 0; i < d->n; i++) {
		uint64_t value;

		if (!ctf_get_u64(src, &d->get[i].field, &value))
			continue;
		/* Little-endian: the low bytes come first. */
		memcpy((char *)ev + d->get[i].offset, &value, d->get[i].size);
	}
	ev->pair.valid = d->has_tsc;
	ev->guest_claim.valid = ev->kind == VMSYNC_EV_GH_HOST && d->has_tsc;
	if (d->event->port)
		decode_port(ev);
	/* A knot's old line has no number of its own: it is the one before. */
	if (ev->kind == VMSYNC_EV_KNOT && ev->prev.mult && ev->line.seq)
		ev->prev.seq = ev->line.seq - 1;
}

/*
 * A beacon reads the kernel's own clock and names its line, and the stamps are of
 * another one: then its stamp is all that it tells.
 */
static void decode_stamp_only(struct vmsync_evidence *ev)
{
	ev->pair = (struct vmsync_pair){ .mono_ns = ev->stamp_ns };
	memset(&ev->line, 0, sizeof(ev->line));
	memset(&ev->pvclock, 0, sizeof(ev->pvclock));
}

void vmsync_decode_said(const struct vmsync_decoders *ds,
			const struct ctf_event *src, struct vmsync_evidence *ev)
{
	decode(ds->by_class[src->cls->index], src, ev);
}

void vmsync_decode(const struct vmsync_decoders *ds, const struct ctf_event *src,
		   struct vmsync_evidence *ev)
{
	const struct decoder *d = ds->by_class[src->cls->index];

	decode(d, src, ev);
	if (ds->host_clock && !d->event->port && ev->kind <= VMSYNC_EV_HG_GUEST)
		decode_stamp_only(ev);
}

static bool is_beacon(const struct event_row *row)
{
	return row->kind <= VMSYNC_EV_HG_GUEST;
}

/* Each kernel clock has lines of its own: those of the clock that made the stamps. */
static bool is_of_clock(const struct event_row *row, bool host_clock)
{
	return row->kind != VMSYNC_EV_KNOT ||
	       host_clock == !strcmp(row->name, "vmsync_clock_line");
}

unsigned int vmsync_class_beacons(const struct ctf_class *cls)
{
	const struct event_row *row = event_row_of(cls);

	if (!row || !is_beacon(row))
		return 0;
	return row->port ? VMSYNC_BEACONS_PORT : VMSYNC_BEACONS_CALL;
}

struct vmsync_decoders *vmsync_decoders_new(const struct ctf_trace *t,
					    unsigned int beacons)
{
	size_t i, n = ctf_trace_classes(t);
	struct vmsync_decoders *ds = calloc(1, sizeof(*ds));

	if (!ds)
		return NULL;
	ds->n = n;
	ds->host_clock = vmsync_clock_is_host(vmsync_trace_clock(t));
	ds->want = calloc(n + 1, 1);
	ds->by_class = calloc(n + 1, sizeof(*ds->by_class));
	if (!ds->want || !ds->by_class)
		goto fail;
	for (i = 0; i < n; i++) {
		const struct ctf_class *cls = ctf_trace_class(t, i);
		const struct event_row *row = event_row_of(cls);

		if (!row || !is_of_clock(row, ds->host_clock) ||
		    (is_beacon(row) && !(beacons & vmsync_class_beacons(cls))))
			continue;
		ds->by_class[i] = decoder_new(cls, row);
		if (!ds->by_class[i])
			goto fail;
		ds->want[i] = 1;
		ds->old |= row->kind == VMSYNC_EV_GH_HOST && !row->port &&
			   !ds->by_class[i]->has_vcpu;
	}
	return ds;
fail:
	vmsync_decoders_free(ds);
	return NULL;
}

void vmsync_decoders_free(struct vmsync_decoders *ds)
{
	size_t i;

	if (!ds)
		return;
	for (i = 0; ds->by_class && i < ds->n; i++)
		free(ds->by_class[i]);
	free(ds->by_class);
	free(ds->want);
	free(ds);
}

const uint8_t *vmsync_decoders_want(const struct vmsync_decoders *ds)
{
	return ds->want;
}

bool vmsync_decoders_old(const struct vmsync_decoders *ds)
{
	return ds->old;
}
