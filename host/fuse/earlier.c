// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuse/earlier.h"
#include "fuse/experiment.h"
#include "fuse/fail.h"
#include "fuse/names.h"
#include "fuse/trace_clock.h"
#include "sync/map/map.h"

/* A trace, and the folder above it that has a file of maps. */
struct placed {
	const struct ctf_trace *trace;
	char clock_uuid[37];
	bool has_maps;
	const char *up; /* from the trace to the folder */
	dev_t dev;
	ino_t ino;
	bool *is;
};

struct all {
	struct placed *p;
	size_t n;
};

static void place(struct placed *p)
{
	static const char *const ups[] = { "..", "../.." };
	char path[4096];
	struct stat st;
	size_t i;

	for (i = 0; i < 2 && !p->has_maps; i++) {
		p->up = ups[i];
		if ((size_t)snprintf(path, sizeof(path), "%s/%s/vmsync-map.json",
				     ctf_trace_path(p->trace), p->up) >=
		    sizeof(path))
			return;
		if (stat(path, &st) || !S_ISREG(st.st_mode))
			continue;
		*strrchr(path, '/') = '\0';
		p->has_maps = !stat(path, &st);
		p->dev = st.st_dev;
		p->ino = st.st_ino;
	}
}

/*
 * A beacon's stamp is made microseconds after its kernel's clock was read, or the
 * virtual CPU stood still in between, but not each time. What fuse wrote is off
 * by what one machine was started after the other.
 */
#define STAMP_OFF_NS 100000000

struct mono_stamps {
	const struct ctf_trace *trace;
	struct ctf_field *mono; /* by class */
	uint64_t seen, off;
};

static void stamp_see(void *ctx, const struct ctf_event *ev)
{
	struct mono_stamps *s = ctx;
	uint64_t mono;
	int64_t off;

	if (!ctf_get_u64(ev, &s->mono[ev->cls->index], &mono))
		return;
	off = (int64_t)(ev->clock - mono);
	s->seen++;
	s->off += off < -STAMP_OFF_NS || off > STAMP_OFF_NS;
}

/* Beacons that tell the time just before they are stamped. */
static bool is_fresh(const struct ctf_class *cls)
{
	const char *name = vmsync_event_name(cls);

	return !strcmp(name, "vmsync_gh_guest") ||
	       !strcmp(name, "vmsync_gh_host");
}

static int stamps_off(const struct ctf_trace *t, bool *off, struct ctf_error *e)
{
	size_t i, n = ctf_trace_classes(t), wanted = 0;
	struct mono_stamps s = { t, calloc(n + 1, sizeof(*s.mono)), 0, 0 };
	uint8_t *want = calloc(n + 1, 1);
	int ret = 0;

	for (i = 0; s.mono && want && i < n; i++) {
		const struct ctf_class *cls = ctf_trace_class(t, i);

		want[i] = is_fresh(cls) &&
			  ctf_field_find(cls, CTF_PAYLOAD, "mono", &s.mono[i]);
		wanted += want[i];
	}
	if (!s.mono || !want)
		ret = vmsync_fail_memory(e);
	else if (wanted)
		ret = ctf_trace_first_events(t, want, stamp_see, &s, e);
	*off = 2 * s.off > s.seen;
	free(s.mono);
	free(want);
	return ret;
}

static int by_folder(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->has_maps != y->has_maps)
		return x->has_maps ? -1 : 1;
	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

static bool is_marked(const struct ctf_trace *t)
{
	return ctf_trace_env(t, VMSYNC_EARLIER_KEY);
}

static bool is_host(const struct placed *p, const struct vmsync_guest_map *gm)
{
	return gm->host_clock_uuid && *p->clock_uuid &&
	       !strcmp(gm->host_clock_uuid, p->clock_uuid);
}

static bool is_guest(const struct placed *p, const struct vmsync_guest_map *gm)
{
	return gm->clock_uuid && *p->clock_uuid &&
	       !strcmp(gm->clock_uuid, p->clock_uuid);
}

/*
 * Maps may also have been saved beside the traces that they were made from. What
 * fuse writes is told from them by the guest's offset, which is the host's.
 */
static bool has_offset_of_host(const struct placed *guest,
			       const struct all *all,
			       const struct vmsync_guest_map *gm)
{
	const struct ctf_clock *g = vmsync_trace_clock(guest->trace);
	size_t i;

	for (i = 0; i < all->n; i++) {
		const struct placed *p = &all->p[i];
		const struct ctf_clock *h = vmsync_trace_clock(p->trace);

		if (is_host(p, gm) && h->offset_s == g->offset_s &&
		    h->offset == g->offset)
			return true;
	}
	return false;
}

/* The traces of one folder, which are [@n], by its maps. */
static void folder_judge(struct placed *p, size_t n, const struct all *all,
			 const struct vmsync_guest_map *gm)
{
	bool any = false;
	size_t i;

	for (i = 0; i < n; i++) {
		if (is_guest(&p[i], gm) &&
		    (*p[i].is ||
		     has_offset_of_host(&p[i], all, gm)))
			any = *p[i].is = true;
	}
	for (i = 0; any && i < n; i++)
		*p[i].is |= is_host(&p[i], gm) || is_guest(&p[i], gm);
}

/* The same where the folder says which machine's each folder in it is. */
static int experiment_judge(struct placed *p, size_t n, bool *judged,
			    struct ctf_error *e)
{
	struct vmsync_experiment_place at;
	struct vmsync_experiment *x;
	bool any = false;
	size_t i;
	int ret;

	if (!vmsync_experiment_place(p->trace, &at))
		return 0;
	ret = vmsync_experiment_load(at.dir, &x, e);
	if (ret)
		return ret == -ENOMEM ? ret : 0;
	for (i = 0; i < n; i++) {
		if (vmsync_experiment_place(p[i].trace, &at) &&
		    vmsync_experiment_guest(x, at.folder))
			any = *p[i].is = true;
	}
	for (i = 0; any && i < n; i++)
		*p[i].is |= vmsync_experiment_place(p[i].trace, &at) &&
			    !strcmp(at.folder, x->host);
	vmsync_experiment_free(x);
	*judged = any;
	return 0;
}

static int folder_read(struct placed *p, size_t n, const struct all *all,
		       struct ctf_error *e)
{
	struct vmsync_guest_map *gm = NULL;
	char path[4096], why[256];
	size_t n_gm = 0, i;
	bool judged = false;
	FILE *f;
	int ret = experiment_judge(p, n, &judged, e);

	if (ret || judged)
		return ret;
	snprintf(path, sizeof(path), "%s/%s/vmsync-map.json",
		 ctf_trace_path(p->trace), p->up);
	f = fopen(path, "r");
	if (!f)
		return 0;
	ret = vmsync_map_load(f, &gm, &n_gm, why, sizeof(why));
	fclose(f);
	/* A file of that name that is something else says nothing. */
	if (ret)
		return ret == -ENOMEM ? vmsync_fail_memory(e) : 0;
	for (i = 0; i < n_gm; i++) {
		folder_judge(p, n, all, &gm[i]);
		vmsync_guest_map_free(&gm[i]);
	}
	free(gm);
	return 0;
}

int vmsync_earlier_find(struct ctf_trace *const *traces, size_t n, bool *is,
			struct ctf_error *e)
{
	struct placed *p = calloc(n + 1, sizeof(*p));
	struct all all = { p, n };
	size_t i, k;
	int ret = 0;

	if (!p)
		return vmsync_fail_memory(e);
	for (i = 0; !ret && i < n; i++) {
		is[i] = is_marked(traces[i]);
		/* What the host's clock stamped says nothing of the kernel's. */
		if (!is[i] &&
		    !vmsync_clock_is_host(vmsync_trace_clock(traces[i])))
			ret = stamps_off(traces[i], &is[i], e);
		p[i].trace = traces[i];
		p[i].is = &is[i];
		vmsync_clock_uuid(vmsync_trace_clock(traces[i]),
				  p[i].clock_uuid);
		place(&p[i]);
	}
	qsort(p, n, sizeof(*p), by_folder);
	for (i = 0; !ret && i < n && p[i].has_maps; i = k) {
		for (k = i + 1; k < n && !by_folder(&p[i], &p[k]); k++)
			;
		ret = folder_read(&p[i], k - i, &all, e);
	}
	free(p);
	return ret;
}

/* Where a first packet says so its short stamps are counted from the boot on. */
static bool begins_at_0(const struct ctf_trace *t)
{
	struct ctf_packet p;
	struct ctf_error e;
	size_t i;

	for (i = 0; i < ctf_trace_streams(t); i++) {
		if (ctf_stream_packet(ctf_trace_stream(t, i), NULL, &p, &e) > 0 &&
		    p.has & CTF_HAS_BEGIN && !p.begin &&
		    p.has & CTF_HAS_END && p.end > STAMP_OFF_NS)
			return true;
	}
	return false;
}

int vmsync_earlier_refuse(const struct ctf_trace *trace,
			  struct ctf_trace *const *traces, size_t n,
			  const bool *is, struct ctf_error *e)
{
	char uuid[37], other[37];
	size_t i;

	vmsync_clock_uuid(vmsync_trace_clock(trace), uuid);
	for (i = 0; i < n; i++) {
		if (is[i])
			continue;
		vmsync_clock_uuid(vmsync_trace_clock(traces[i]), other);
		if (*uuid && !strcmp(uuid, other))
			return 0;
	}
	if (begins_at_0(trace))
		return vmsync_fail(e, -EINVAL,
				   "copy the trace again; or, if it was "
				   "recorded so, leave that stream file out",
				   "%.400s: a stream's first packet says that "
				   "it begins at 0, and its beacons are stamped "
				   "elsewhere than they say",
				   ctf_trace_path(trace));
	return vmsync_fail(e, -EINVAL,
			   "name the traces that it was made from; or was it "
			   "recorded with another clock than LTTng's default "
			   "(perf: record with -k mono)?",
			   "%.400s: not on its kernel's clock: vmsync fuse has "
			   "written it, or another clock was recorded", ctf_trace_path(trace));
}
