// SPDX-License-Identifier: MIT
/*
 * The report's remarks: what has to be said of a guest, and what makes it suspect.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sync/base/drift.h"
#include "sync/heard.h"
#include "sync/map/ends.h"
#include "sync/session.h"
#include "uapi/vmsync.h"

/* Fewer contradictions may have an honest reason. */
#define MANY 3

/* Pauses, restores and migrations are not as many as one in 100 beacons. */
#define MANY_ODD 8

/* More remarks than this are not listed. */
#define MAX_NOTES 64

__attribute__((format(printf, 2, 3)))
static int note(struct vmsync_guest_report *r, const char *fmt, ...)
{
	char **notes, *line;
	va_list ap;
	int n;

	if (r->n_notes >= MAX_NOTES)
		return 0;
	va_start(ap, fmt);
	n = vasprintf(&line, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	notes = realloc(r->notes, (r->n_notes + 1) * sizeof(*notes));
	if (!notes) {
		free(line);
		return -ENOMEM;
	}
	r->notes = notes;
	notes[r->n_notes++] = line;
	return 0;
}

static int note_epochs(struct vmsync_guest_report *r,
		       const struct vmsync_map *map)
{
	int err = 0;

	for (size_t i = 1; !err && i < map->count; i++) {
		const struct vmsync_segment *p = &map->segments[i - 1];
		const struct vmsync_segment *s = &map->segments[i];
		int64_t g = s->guest_start.ns - 1;
		host_time h;

		if (p->epoch == s->epoch)
			continue;
		h = vmsync_map_eval(map, (guest_time){ g });
		err = note(r, "a new epoch begins at host time %" PRId64
			   " ns: the host passes %" PRId64
			   " ns where the guest's clock passes 1 ns",
			   s->host_start.ns, s->host_start.ns - h.ns);
	}
	return err;
}

static int note_holes(struct vmsync_guest_report *r,
		      const struct vmsync_map *map)
{
	int err = 0;

	for (size_t i = 1; !err && i < map->count; i++) {
		const struct vmsync_segment *p = &map->segments[i - 1];
		const struct vmsync_segment *s = &map->segments[i];

		if (p->guest_end.ns < s->guest_start.ns - 1)
			err = note(r, "nothing is known for %" PRId64
				   " ns from guest time %" PRId64 " ns on",
				   s->guest_start.ns - p->guest_end.ns,
				   p->guest_end.ns);
	}
	return err;
}

/* Clocks that NTP steers do not do this: it has to be said. */
static int note_drift(struct vmsync_guest_report *r,
		      const struct vmsync_guest *guest,
		      const struct vmsync_map *map)
{
	double usual = guest->sync->opt.machines ? VMSYNC_DRIFT_APART :
						   VMSYNC_DRIFT;
	int64_t ppb = vmsync_map_drift_ppb(map);

	if ((double)ppb <= usual * 1e9 + 1)
		return 0;
	return note(r, "the clocks drift apart by up to %" PRId64
		    " ppm, faster than any two that NTP steers: outside the "
		    "evidence the bound grows by %" PRIu32 " ppm",
		    ppb / 1000, map->extrapolation_ppb / 1000);
}

static bool was_home(const struct vmsync_guest *guest,
		     const struct vmsync_vm *vm)
{
	for (size_t i = 0; i < guest->homes.count; i++)
		if (guest->homes.at[i].vm == vm)
			return true;
	return vm == guest->match.vm;
}

/* Another VM that has claimed the guest's name too; the first that did. */
static const struct vmsync_vm *namesake(const struct vmsync_guest *guest,
					int64_t *first_ns)
{
	const struct vmsync_match *m = &guest->match;
	const struct vmsync_sync *sync = guest->sync;
	const struct vmsync_vm *found = NULL;

	for (size_t i = 0; m->vm && i < sync->vms.count; i++) {
		const struct vmsync_vm *vm = sync->vms.at[i];

		if (was_home(guest, vm))
			continue;
		for (size_t k = 0; k < vm->streams.count; k++) {
			const struct vmsync_stream *s = vm->streams.at[k];

			if (s->vm_uid != m->vm_uid || !s->answers.legs ||
			    (found && s->answers.first_ns >= *first_ns))
				continue;
			found = vm;
			*first_ns = s->answers.first_ns;
		}
	}
	return found;
}

/*
 * Clones of one memory snapshot have one name from their first beacon on. Who
 * was called otherwise before has taken it.
 */
static int name_note(struct vmsync_guest_report *r,
		     const struct vmsync_guest *guest)
{
	const struct vmsync_answers mine = vmsync_match_answers(&guest->match);
	int64_t first_ns = 0;
	const struct vmsync_vm *other = namesake(guest, &first_ns);

	if (!other)
		return 0;
	if (!mine.renamed || first_ns >= mine.first_ns)
		return note(r, "process %" PRId32 " has a VM with the same "
			    "vm_uid, as clones of one memory snapshot have",
			    other->id.pid);
	r->suspect = true;
	return note(r, "its vm_uid %" PRIu64 " had been used by another VM "
		    "before", guest->match.vm_uid);
}

/* More of the host's own doubts than a reloaded module explains. */
static bool host_doubts(const struct vmsync_answers *a)
{
	return a->suspects >= MANY && a->suspects * 100 >= a->legs;
}

/*
 * Without a master clock each virtual CPU's page is set by itself, by as much as the
 * host's clock has been slewed since the last time: a line through all CPUs' beacons
 * ends there, and the next one may be steep.
 */
static uint64_t told_by_pages(const struct vmsync_vm *vm)
{
	uint64_t changes = 0;

	for (size_t i = 0; vm && i < vm->vcpus.count; i++) {
		const struct vmsync_vcpu *v = vm->vcpus.at[i];

		for (size_t k = 0; k < v->pvclocks.count; k++)
			changes += !(v->pvclocks.at[k].pv.flags & VMSYNC_PV_STABLE);
	}
	return 2 * changes;
}

/* Whether the lines of its clock say that it is steered by more than NTP does. */
static bool is_steep(const struct vmsync_guest *guest)
{
	for (uint32_t i = 0; i < guest->maps.vcpus; i++) {
		const struct vmsync_map *map = vmsync_guest_method_map(
			guest, VMSYNC_METHOD_EXACT, i);

		if (map && vmsync_map_is_steep(map))
			return true;
	}
	return false;
}

/*
 * How often its clock did what an honest one hardly does. That it stands still
 * while the guest is moved is none of its own doing, nor what the host set.
 */
static uint64_t oddities(const struct vmsync_guest *guest)
{
	uint64_t most = 0, moves = guest->homes.count;

	for (int m = 0; m < VMSYNC_METHOD_COUNT; m++) {
		const struct vmsync_estimator *e = vmsync_estimators[m];
		uint64_t n = e && e->odd ? e->odd(guest->states[m]) : 0;

		if (n > most)
			most = n;
	}
	moves -= moves > 0;
	moves += told_by_pages(guest->match.vm);
	return most > moves ? most - moves : 0;
}

static int suspect_notes(struct vmsync_guest_report *r,
			 const struct vmsync_guest *guest)
{
	const struct vmsync_causal *c = &guest->causal;
	const struct vmsync_match *m = &guest->match;
	const struct vmsync_answers answers = vmsync_match_answers(m);
	uint64_t forged = vmsync_match_forged(m);
	int err = 0;

	if (forged) {
		r->suspect = true;
		err = note(r, "%" PRIu64 " beacons reached the host with other "
			   "contents than the guest recorded", forged);
	}
	if (!err && c->violations) {
		r->suspect = true;
		err = note(r, "%" PRIu64 " beacon legs contradict the map, the "
			   "worst by %" PRId64 " ns beyond its bound",
			   c->violations, c->worst_ns);
	}
	/* One may be due to an offset that was written meanwhile. */
	if (!err && c->tsc_violations >= MANY) {
		r->suspect = true;
		err = note(r, "the TSC of %" PRIu64 " of %" PRIu64 " beacon "
			   "legs contradicts the TSC offset that KVM has set",
			   c->tsc_violations, c->tsc_checked);
	}
	if (!err && host_doubts(&answers)) {
		r->suspect = true;
		err = note(r, "the host doubted %" PRIu64 " of %" PRIu64
			   " beacons when they came", answers.suspects,
			   answers.legs);
	}
	if (!err && !is_steep(guest) && oddities(guest) >= MANY_ODD &&
	    oddities(guest) * 100 >= guest->matched) {
		r->suspect = true;
		err = note(r, "its clock jumped or ran away %" PRIu64
			   " times in %" PRIu64 " beacons", oddities(guest),
			   guest->matched);
	}
	return err ? err : name_note(r, guest);
}

/* Where nobody answered it while the host recorded. */
static int note_unheard(struct vmsync_guest_report *r,
			const struct vmsync_guest *guest)
{
	const struct vmsync_heard h = vmsync_heard_find(guest);
	static const char *const why =
		"it was on another host, or vmsync-host was not loaded; its clock "
		"may have jumped, and no bound is known there";
	int err = 0;

	if (h.from_ns != INT64_MIN)
		err = note(r, "the host recorded, and answered none of its "
			   "beacons before guest time %" PRId64 " ns: %s",
			   h.from_ns, why);
	for (size_t i = 1; !err && i < h.n_homes; i++)
		if (h.away >> i & 1)
			err = note(r, "the host answered none of its beacons from "
				   "guest time %" PRId64 " ns to %" PRId64
				   " ns: %s", h.homes[i - 1].last_guest_ns,
				   h.homes[i].from_guest_ns, why);
	if (!err && h.until_ns != INT64_MAX)
		err = note(r, "the host recorded, and answered none of its "
			   "beacons after guest time %" PRId64 " ns: %s",
			   h.until_ns, why);
	return err;
}

static int note_homes(struct vmsync_guest_report *r,
		      const struct vmsync_guest *guest)
{
	int err = 0;

	for (size_t i = 1; !err && i < guest->homes.count; i++) {
		const struct vmsync_home *h = &guest->homes.at[i];

		err = note(r, "restored or moved: process %" PRId32 " answers "
			   "it from host time %" PRId64 " ns on, process %"
			   PRId32 " did until %" PRId64 " ns",
			   h->vm->id.pid, h->from_ns, h[-1].vm->id.pid,
			   h[-1].last_ns);
	}
	return err;
}

/* Whoever reads the guest's file by itself believes them. */
static int note_tsync(struct vmsync_guest_report *r,
		      const struct vmsync_guest *guest)
{
	const struct vmsync_tsync_verdict *v = &guest->tsync_verdict;

	if (guest->tsync.unusable)
		return note(r, "trace-cmd stored offsets with the guest's "
			    "recording, which are not used: %s",
			    guest->tsync.unusable);
	if (!v->contradicted_ns)
		return 0;
	return note(r, "entries and exits contradict the offsets that trace-cmd "
		    "stored, for %" PRId64 " ns from guest time %" PRId64
		    " ns on, by up to %" PRId64 " ns beyond the bound: they are "
		    "not used there", v->contradicted_ns, v->first_ns,
		    v->excess_ns);
}

static int note_lost(struct vmsync_guest_report *r, const char *who,
		     const struct vmsync_pushed *side)
{
	int err = 0;

	if (side->lost)
		err = note(r, "the %s's tracer lost %" PRIu64 " events", who,
			   side->lost);
	if (!err && side->packets_lost)
		err = note(r, "%" PRIu64 " packets of the %s's recording are "
			   "missing", side->packets_lost, who);
	return err;
}

int vmsync_guest_report_notes(struct vmsync_guest_report *r,
			      const struct vmsync_guest *guest)
{
	const struct vmsync_map *map = vmsync_guest_map_of(&guest->maps, 0);
	const struct vmsync_match *m = &guest->match;
	int err = 0;

	if (!m->any)
		err = note(r, "the guest's trace has no beacon");
	else if (!m->vm)
		err = note(r, "none of the host's VMs answered the guest's %"
			   PRIu64 " beacon events", m->legs);
	if (!err)
		err = suspect_notes(r, guest);
	for (size_t i = 0; !err && i < r->n_disagreements && i < MANY; i++)
		err = note(r, "%s and %s exclude each other by %" PRId64
			   " ns at guest time %" PRId64 " ns",
			   vmsync_method_name(r->disagreements[i].a),
			   vmsync_method_name(r->disagreements[i].b),
			   r->disagreements[i].excess_ns,
			   r->disagreements[i].at.ns);
	if (!err)
		err = note_homes(r, guest);
	if (!err)
		err = note_unheard(r, guest);
	if (!err)
		err = note_tsync(r, guest);
	if (!err)
		err = note_lost(r, "host", &guest->sync->side);
	if (!err)
		err = note_lost(r, "guest", &guest->side);
	if (!err && map)
		err = note_drift(r, guest, map);
	if (!err && map)
		err = note_epochs(r, map);
	if (!err && map)
		err = note_holes(r, map);
	return err;
}
