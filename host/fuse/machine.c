// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/clones.h"
#include "fuse/decode.h"
#include "fuse/earlier.h"
#include "fuse/experiment.h"
#include "fuse/fail.h"
#include "fuse/folders.h"
#include "fuse/machine.h"
#include "fuse/names.h"
#include "fuse/offsets.h"
#include "fuse/trace_clock.h"
#include "uapi/vmsync_clock.h"

static bool class_is_call(const struct ctf_class *cls)
{
	return vmsync_class_beacons(cls) == VMSYNC_BEACONS_CALL;
}

static bool class_is_message(const struct ctf_class *cls)
{
	return vmsync_class_beacons(cls) == VMSYNC_BEACONS_PORT;
}

/* The class of an early event in @t that is @wanted, NULL if there is none. */
static int first_event(const struct ctf_trace *t,
		       bool (*wanted)(const struct ctf_class *cls),
		       const struct ctf_class **found, struct ctf_error *e)
{
	size_t i, n = ctf_trace_classes(t);
	uint8_t *want = calloc(n + 1, 1);
	int ret = 0;

	*found = NULL;
	if (!want)
		return vmsync_fail_memory(e);
	for (i = 0; i < n; i++)
		want[i] = wanted(ctf_trace_class(t, i));
	/* No need to read what cannot hold one. */
	if (memchr(want, 1, n))
		ret = ctf_trace_first(t, want, found, e);
	free(want);
	return ret;
}

int vmsync_machine_enters(const struct vmsync_machine *m, bool *enters,
			  struct ctf_error *e)
{
	const struct ctf_class *cls = NULL;
	size_t i;
	int ret = 0;

	for (i = 0; !ret && !cls && i < m->n; i++)
		ret = first_event(m->traces[i], vmsync_class_is_entry, &cls, e);
	*enters = cls;
	return ret;
}

/* Hypercalls say more than messages over a port, where a trace has both. */
static int trace_side(struct vmsync_sorted *s, struct ctf_error *e)
{
	const struct ctf_class *call, *message, *entry;
	const char *name;
	int ret = first_event(s->trace, class_is_call, &call, e);

	if (!ret)
		ret = first_event(s->trace, class_is_message, &message, e);
	if (ret)
		return ret;
	s->side = VMSYNC_SIDE_NONE;
	s->beacons = (call ? VMSYNC_BEACONS_CALL : 0) |
		     (message ? VMSYNC_BEACONS_PORT : 0);
	if (s->beacons) {
		name = vmsync_event_name(call ? call : message);
		s->side = strstr(name, "_host") ? VMSYNC_SIDE_HOST :
						  VMSYNC_SIDE_GUEST;
		return 0;
	}
	ret = first_event(s->trace, vmsync_class_is_entry, &entry, e);
	if (!ret && entry)
		s->side = VMSYNC_SIDE_HOST;
	return ret;
}

/* It may be anything: keep what is a hostname, replace the rest. */
static void as_name(char out[65], const char *name)
{
	size_t i;

	if (!name || !*name)
		name = "unnamed";
	for (i = 0; name[i] && i < 64; i++) {
		bool good = (name[i] >= 'a' && name[i] <= 'z') ||
			    (name[i] >= 'A' && name[i] <= 'Z') ||
			    (name[i] >= '0' && name[i] <= '9') ||
			    name[i] == '_' || (i && strchr("-.", name[i]));

		out[i] = good ? name[i] : '_';
	}
	out[i] = '\0';
}

void vmsync_machine_name(const struct ctf_trace *t,
			 struct vmsync_domain_name *domain, char name[65])
{
	vmsync_domain_name_find(ctf_trace_path(t), domain);
	as_name(name, domain->name[0] ? domain->name : vmsync_hostname(t));
}

static struct vmsync_machine *machine_new(struct vmsync_machines *out,
					  const struct vmsync_sorted *s,
					  const char *clock_uuid)
{
	struct ctf_joined *joined = ctf_joined_new();
	struct vmsync_machine *m;

	m = joined ? realloc(out->machine, (out->n + 1) * sizeof(*m)) : NULL;
	if (!m) {
		ctf_joined_free(joined);
		return NULL;
	}
	out->machine = m;
	m += out->n++;
	memset(m, 0, sizeof(*m));
	m->joined = joined;
	m->clone = s->clone;
	m->clock = vmsync_trace_clock(s->trace);
	strcpy(m->clock_uuid, clock_uuid);
	vmsync_machine_name(s->trace, &m->domain, m->name);
	as_name(m->hostname, vmsync_hostname(s->trace));
	return m;
}

/* Whether @t is on the clock of @m: by its uuid, or as part of one session. */
static bool on_clock(const struct vmsync_machine *m, const struct ctf_trace *t,
		     const char *clock_uuid)
{
	if (*clock_uuid || *m->clock_uuid)
		return !strcmp(m->clock_uuid, clock_uuid);
	return ctf_traces_share_uuid(m->traces[0], t);
}

/* The machine that a trace is of, where it has been joined with its others. */
static int machine_of(struct vmsync_machines *out, const struct vmsync_sorted *s,
		      struct vmsync_machine **m, bool *clash,
		      struct ctf_error *e)
{
	struct ctf_trace *t = s->trace;
	char uuid[37];
	size_t i;
	int ret = 0;

	vmsync_clock_uuid(vmsync_trace_clock(t), uuid);
	for (i = 0; !ret && i < out->n; i++) {
		*m = &out->machine[i];
		if ((*m)->clone != s->clone || !on_clock(*m, t, uuid))
			continue;
		ret = ctf_joined_add((*m)->joined, t, e);
		*clash |= !ret;
	}
	if (ret)
		return ret < 0 ? ret : 0;
	*m = machine_new(out, s, uuid);
	if (!*m)
		return vmsync_fail_memory(e);
	ret = ctf_joined_add((*m)->joined, t, e);
	return ret < 0 ? ret : 0;
}

static int trace_put(struct ctf_trace ***traces, size_t *n, struct ctf_trace *t,
		     struct ctf_error *e)
{
	struct ctf_trace **p = realloc(*traces, (*n + 1) * sizeof(*p));

	if (!p)
		return vmsync_fail_memory(e);
	*traces = p;
	p[(*n)++] = t;
	return 0;
}

/* Of one machine are traces on its own clock, or on its host's: not of both. */
static int same_clock(const struct vmsync_machine *m, const struct ctf_trace *t,
		      struct ctf_error *e)
{
	if (!m->n || vmsync_clock_is_host(m->clock) ==
			     vmsync_clock_is_host(vmsync_trace_clock(t)))
		return 0;
	return vmsync_fail(e, -ENOTSUP,
			   "have both tracers stamp with it, or name the traces "
			   "of one clock only",
			   "%.200s and %.200s: of one machine, but only one has "
			   "the clock " VMSYNC_CLOCK_NAME,
			   ctf_trace_path(m->traces[0]), ctf_trace_path(t));
}

static int machine_add(struct vmsync_machines *out,
		       const struct vmsync_sorted *s, bool *clash,
		       struct ctf_error *e)
{
	struct vmsync_machine *m;
	int ret = machine_of(out, s, &m, clash, e);

	if (!ret)
		ret = same_clock(m, s->trace, e);
	if (ret)
		return ret;
	/* A host that is itself a guest of another one is a host here. */
	if (s->side == VMSYNC_SIDE_HOST || m->side == VMSYNC_SIDE_NONE)
		m->side = s->side;
	m->beacons |= s->beacons;
	return trace_put(&m->traces, &m->n, s->trace, e);
}

/* All traces are there: those that say nothing new are put aside. */
static int machine_end(struct vmsync_machine *m, struct ctf_error *e)
{
	size_t i, n = m->n;
	int ret = ctf_joined_end(m->joined, e);

	for (i = m->n = 0; i < n; i++) {
		struct ctf_trace *t = m->traces[i];

		if (!ret && ctf_trace_is_again(t)) {
			ret = trace_put(&m->again, &m->n_again, t, e);
			if (!ret)
				continue;
		}
		m->traces[m->n++] = t;
	}
	return ret ? ret : vmsync_coverage_find(&m->coverage, m->joined, e);
}

static int skip(struct vmsync_machines *out, const char *path, const char *why,
		struct ctf_error *e)
{
	struct vmsync_skipped *s =
		realloc(out->skipped, (out->n_skipped + 1) * sizeof(*s));
	char *copy = strdup(path);

	if (s)
		out->skipped = s;
	if (!s || !copy) {
		free(copy);
		return vmsync_fail_memory(e);
	}
	s[out->n_skipped++] = (struct vmsync_skipped){ copy, why };
	return 0;
}

/* All that were named, [@n], and whose they are. */
struct opened {
	struct vmsync_sorted *list;
	size_t n;
};

static int open_all(const struct vmsync_folders *found, struct opened *o,
		    struct vmsync_machines *out, struct ctf_error *e)
{
	struct ctf_trace *t = NULL;
	size_t i;
	int ret = 0;

	o->list = calloc(found->n + 1, sizeof(*o->list));
	if (!o->list)
		return vmsync_fail_memory(e);
	for (i = 0; !ret && i < found->n; i++) {
		struct vmsync_sorted *s = &o->list[o->n];
		const struct vmsync_folder *f = &found->folder[i];

		if (f->again || f->gone) {
			ret = skip(out, f->path,
				   f->gone ? "a link to nothing" :
					     "the same folder as another", e);
			continue;
		}
		/* It may be a chunk of the last one's session. */
		t = ctf_trace_open_like(f->path, t, e);
		if (!t)
			return e->code ? e->code : -EINVAL;
		s->trace = t;
		o->n++;
		ret = vmsync_trace_clock_check(t, e);
		if (!ret)
			ret = trace_side(s, e);
	}
	return ret;
}

/* Without the traces. */
static void machines_free(struct vmsync_machines *m)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		free(m->machine[i].traces);
		free(m->machine[i].again);
		free(m->machine[i].read);
		ctf_joined_free(m->machine[i].joined);
		vmsync_coverage_free(&m->machine[i].coverage);
	}
	free(m->machine);
	m->machine = NULL;
	m->n = 0;
}

static bool all_are(const bool *is, size_t n)
{
	size_t i;

	for (i = 0; i < n && is[i]; i++)
		;
	return n && i == n;
}

/* What fuse wrote earlier is not taken again, unless it is what is meant. */
static int drop_earlier(struct opened *o, struct vmsync_machines *out,
			bool fused, struct ctf_error *e)
{
	struct ctf_trace **traces = calloc(o->n + 1, sizeof(*traces));
	bool *is = calloc(o->n + 1, sizeof(*is));
	size_t i, n = 0;
	int ret;

	for (i = 0; traces && i < o->n; i++)
		traces[i] = o->list[i].trace;
	ret = traces && is ? vmsync_earlier_find(traces, o->n, is, e) :
			     vmsync_fail_memory(e);
	if (!ret && fused && all_are(is, o->n)) {
		ret = vmsync_experiment_known(traces[0], &out->fused, e);
		if (out->fused)
			memset(is, 0, o->n * sizeof(*is));
	}
	for (i = 0; !ret && i < o->n; i++) {
		if (is[i])
			ret = vmsync_earlier_refuse(traces[i], traces, o->n, is,
						    e);
		if (!ret && is[i])
			ret = skip(out, ctf_trace_path(traces[i]),
				   "was written by vmsync fuse", e);
	}
	for (i = 0; !ret && i < o->n; i++) {
		if (is[i])
			ctf_trace_close(traces[i]);
		else
			o->list[n++] = o->list[i];
	}
	if (!ret)
		o->n = n;
	free(traces);
	free(is);
	return ret;
}

/* To each trace its machine. Where traces clash it was not asked well enough. */
static int take_all(struct opened *o, struct vmsync_machines *out,
		    struct ctf_error *e)
{
	bool clash = false;
	size_t i;
	int ret = vmsync_clones_find(o->list, o->n, false, e);

	for (i = 0; !ret && i < o->n; i++)
		ret = machine_add(out, &o->list[i], &clash, e);
	if (ret || !clash)
		return ret;
	machines_free(out);
	ret = vmsync_clones_find(o->list, o->n, true, e);
	for (i = 0; !ret && i < o->n; i++)
		ret = machine_add(out, &o->list[i], &clash, e);
	return ret;
}

int vmsync_machines_open(char *const *paths, size_t n,
			 struct vmsync_machines *out, bool fused,
			 struct ctf_error *e)
{
	struct vmsync_folders found;
	struct opened o = { 0 };
	size_t i;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = vmsync_folders_find(paths, n, &found, e);
	if (!ret)
		ret = open_all(&found, &o, out, e);
	if (!ret)
		ret = drop_earlier(&o, out, fused, e);
	if (!ret)
		ret = take_all(&o, out, e);
	if (ret) {
		machines_free(out);
		for (i = 0; i < o.n; i++)
			ctf_trace_close(o.list[i].trace);
	}
	free(o.list);
	for (i = 0; !ret && i < out->n; i++)
		ret = machine_end(&out->machine[i], e);
	vmsync_folders_free(&found);
	return ret ? ret : vmsync_offsets_settle(out, e);
}

void vmsync_machines_close(struct vmsync_machines *m)
{
	size_t i, j;

	for (i = 0; i < m->n; i++) {
		for (j = 0; j < m->machine[i].n; j++)
			ctf_trace_close(m->machine[i].traces[j]);
		for (j = 0; j < m->machine[i].n_again; j++)
			ctf_trace_close(m->machine[i].again[j]);
	}
	machines_free(m);
	for (i = 0; i < m->n_skipped; i++)
		free(m->skipped[i].path);
	free(m->skipped);
	memset(m, 0, sizeof(*m));
}

int vmsync_machine_read(struct vmsync_machine *m)
{
	free(m->read);
	m->read = calloc(m->n + 1, sizeof(*m->read));
	return m->read ? 0 : -ENOMEM;
}

uint64_t vmsync_machine_events(const struct vmsync_machine *m)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; m->read && i < m->n; i++)
		n += m->read[i].events;
	return n;
}

int vmsync_machine_bytes(const struct vmsync_machine *m, uint64_t *bytes,
			 struct ctf_error *e)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		struct ctf_span span;
		int ret = ctf_trace_span(m->traces[i], &span, e);

		if (ret)
			return ret;
		*bytes += span.bytes;
	}
	return 0;
}
