// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuse/experiment.h"
#include "fuse/fail.h"
#include "fuse/fuse.h"
#include "fuse/keep.h"
#include "fuse/omit.h"
#include "fuse/outnames.h"
#include "fuse/output.h"
#include "fuse/replace.h"
#include "fuse/witness.h"
#include "fuse/write.h"

const struct vmsync_kind vmsync_kind_map = {
	.name = "map",
	.begins = VMSYNC_MAP_BEGINS,
	.option = "-o",
};

static int save(FILE *f, void *session, struct ctf_error *e)
{
	const struct vmsync_session *s = session;
	struct vmsync_guest_map *gms;
	size_t i;
	int ret;

	/* Shallow copies: what they point to stays the session's. */
	gms = calloc(s->n_guests, sizeof(*gms));
	if (!gms)
		return vmsync_fail_memory(e);
	for (i = 0; i < s->n_guests; i++) {
		gms[i] = *s->guests[i].maps;
		gms[i].hostname = s->guests[i].machine->name;
		gms[i].clock_uuid = s->guests[i].machine->clock_uuid;
		gms[i].host_clock_uuid = s->host->clock_uuid;
	}
	ret = vmsync_map_save(f, gms, s->n_guests);
	free(gms);
	return ret;
}

int vmsync_maps_save(struct vmsync_session *s, const char *path,
		     struct ctf_error *e)
{
	return vmsync_replace(path, &vmsync_kind_map, save, s, e);
}

/* A folder for each trace where there are several. */
static void fused_path(struct vmsync_fused *out, struct vmsync_outname to,
		       const struct vmsync_machine *m, size_t trace)
{
	if (m->n > 1)
		snprintf(out->path, sizeof(out->path), "%s/%zu", to.name,
			 trace);
	else
		snprintf(out->path, sizeof(out->path), "%s", to.name);
}

/* @g is NULL for the host. */
static int write_machine(struct vmsync_writing *w, const struct vmsync_machine *m,
			 const struct vmsync_session_guest *g,
			 struct vmsync_fused *fused, struct ctf_error *e)
{
	char path[4096 + 256];
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < m->n; i++) {
		fused_path(&fused[i], w->outname[g ? g - w->session->guests + 1 : 0],
			   m, i);
		snprintf(path, sizeof(path), "%s/%s", w->out, fused[i].path);
		if (m->n > 1 && !i) {
			char *slash = strrchr(path, '/');

			*slash = '\0';
			if (mkdir(path, 0755))
				return vmsync_fail_file(e, -errno, path);
			*slash = '/';
		}
		ret = g ? vmsync_write_guest(w, g, i, path, &fused[i], e) :
			  vmsync_write_host(w, i, path, &fused[i], e);
	}
	snprintf(path, sizeof(path), "%s/%.*s", w->out,
		 (int)strcspn(fused->path, "/"), fused->path);
	return ret || !g ? ret : vmsync_domain_name_save(path, &m->domain, e);
}

/* The host's traces, beside the guests'. */
struct host_copy {
	struct vmsync_writing *w;
	struct vmsync_fused *fused;
	int ret;
	struct ctf_error e;
};

static void *host_copy_run(void *arg)
{
	struct host_copy *c = arg;

	c->ret = write_machine(c->w, c->w->session->host, NULL, c->fused, &c->e);
	return NULL;
}

static int write_guests(struct vmsync_writing *w, struct vmsync_fused *fused,
			struct ctf_error *e)
{
	const struct vmsync_session *s = w->session;
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < s->n_guests; i++) {
		const struct vmsync_session_guest *g = &s->guests[i];

		ret = write_machine(w, g->machine, g, fused, e);
		fused += g->machine->n;
	}
	return ret;
}

static int write_traces(struct vmsync_writing *w, struct vmsync_fused *fused,
			struct ctf_error *e)
{
	struct host_copy copy = { .w = w, .fused = fused };
	bool beside;
	pthread_t thread;
	int ret;

	beside = w->session->jobs > 1 &&
		 !pthread_create(&thread, NULL, host_copy_run, &copy);
	ret = write_guests(w, fused + w->session->host->n, e);
	if (beside)
		pthread_join(thread, NULL);
	else if (!ret)
		host_copy_run(&copy);
	if (!ret && copy.ret) {
		*e = copy.e;
		ret = copy.ret;
	}
	return ret;
}

/* The traces that were written, of the host and of one guest after another. */
struct written {
	struct vmsync_session *session;
	struct vmsync_fused *fused;
	size_t n;
};

/* What was written of a guest whose map is contradicted is worth nothing. */
static void drop_guest(void *ctx, size_t guest)
{
	struct written *w = ctx;
	const struct vmsync_session *s = w->session;
	size_t n = s->guests[guest].machine->n, first = s->host->n, i;
	struct vmsync_fused *out;

	for (i = 0; i < guest; i++)
		first += s->guests[i].machine->n;
	out = &w->fused[first];
	out->path[strcspn(out->path, "/")] = '\0';
	vmsync_output_drop(out->path);
	w->n -= n;
	memmove(out, out + n, (w->n - first) * sizeof(*out));
}

static bool any_agrees(const struct vmsync_session *s)
{
	size_t i;

	for (i = 0; i < s->n_guests; i++) {
		if (vmsync_guest_agrees(&s->guests[i]))
			return true;
	}
	return false;
}

static int save_maps(struct vmsync_session *s, const char *out,
		     struct ctf_error *e)
{
	char path[4096 + 256];

	snprintf(path, sizeof(path), "%s/vmsync-map.json", out);
	return vmsync_maps_save(s, path, e);
}

static int bytes_total(const struct vmsync_session *s, struct vmsync_writing *w,
		       size_t *traces, struct ctf_error *e)
{
	int ret = vmsync_machine_bytes(s->host, &w->total, e);
	size_t i;

	*traces = s->host->n;
	for (i = 0; !ret && i < s->n_guests; i++) {
		ret = vmsync_machine_bytes(s->guests[i].machine, &w->total, e);
		*traces += s->guests[i].machine->n;
	}
	return ret;
}

static int write_fused(struct vmsync_session *s, const char *out,
		       const struct vmsync_fuse_options *opt,
		       struct vmsync_writing *w, struct written *written,
		       struct ctf_error *e)
{
	int ret;

	w->out = vmsync_output_begin(out, e);
	if (!w->out)
		return e->code;
	ret = write_traces(w, written->fused, e);
	if (!ret)
		ret = vmsync_witness_tell(w->witness, e);
	if (!ret)
		ret = !opt->force && !any_agrees(s);
	if (!ret && !opt->force)
		vmsync_omit_contradicted(s, drop_guest, written);
	if (!ret)
		ret = save_maps(s, w->out, e);
	if (!ret)
		ret = vmsync_experiment_save(s, w->out, written->fused, e);
	if (!ret)
		return vmsync_output_commit(e);
	vmsync_output_abort();
	return ret;
}

/* Whose stamps can stay is known before the first one is written. */
static int keep_find(struct vmsync_session *s,
		     const struct vmsync_fuse_options *opt, struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < s->n_guests; i++)
		ret = vmsync_keep_find(&s->guests[i], s->host->clock,
				       opt->keep ? opt->keep_within_ns : -1, e);
	return ret;
}

int vmsync_fuse(struct vmsync_session *s, const char *out,
		const struct vmsync_fuse_options *opt,
		const struct vmsync_progress *progress,
		struct vmsync_fused **fused, size_t *n, struct ctf_error *e)
{
	struct vmsync_writing w = {
		.session = s,
		.link = opt->link,
		.progress = progress,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	struct written written = { .session = s };
	int ret;

	*fused = NULL;
	ret = bytes_total(s, &w, n, e);
	if (!ret)
		ret = keep_find(s, opt, e);
	if (ret)
		return ret;
	*fused = calloc(*n, sizeof(**fused));
	if (!*fused)
		return vmsync_fail_file(e, -ENOMEM, out);
	written.fused = *fused;
	written.n = *n;
	w.outname = vmsync_outnames_new(s);
	w.witness = w.outname ? vmsync_witness_new(s, e) : NULL;
	if (!w.outname)
		vmsync_fail_memory(e);
	ret = w.witness ? write_fused(s, out, opt, &w, &written, e) : e->code;
	vmsync_witness_free(w.witness);
	free(w.outname);
	*n = written.n;
	if (ret) {
		free(*fused);
		*fused = NULL;
	}
	return ret;
}
