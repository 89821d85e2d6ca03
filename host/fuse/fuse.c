// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuse/copy.h"
#include "fuse/fail.h"
#include "fuse/fuse.h"
#include "fuse/output.h"

static int save(const struct vmsync_session *s, FILE *f)
{
	struct vmsync_guest_map *gms;
	size_t i;
	int ret;

	/* Shallow copies: what they point to stays the session's. */
	gms = calloc(s->n_guests, sizeof(*gms));
	if (!gms)
		return -ENOMEM;
	for (i = 0; i < s->n_guests; i++) {
		gms[i] = *vmsync_guest_maps(s->guests[i].guest);
		gms[i].hostname = s->guests[i].machine->name;
		gms[i].clock_uuid = s->guests[i].machine->clock_uuid;
		gms[i].host_clock_uuid = s->host->clock_uuid;
	}
	ret = vmsync_map_save(f, gms, s->n_guests);
	free(gms);
	return ret;
}

int vmsync_maps_save(const struct vmsync_session *s, const char *path,
		     struct ctf_error *e)
{
	char part[4096];
	FILE *f;
	int fd, ret;

	if ((size_t)snprintf(part, sizeof(part), "%s.part-XXXXXX", path) >=
	    sizeof(part))
		return vmsync_fail_file(e, -ENAMETOOLONG, path);
	fd = mkstemp(part);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f)
		return vmsync_fail_file(e, -errno, path);
	ret = save(s, f);
	if (!ret && (fflush(f) || fchmod(fd, 0644)))
		ret = -errno;
	if (fclose(f) && !ret)
		ret = -errno;
	if (!ret && rename(part, path))
		ret = -errno;
	if (ret)
		unlink(part);
	return ret ? vmsync_fail_file(e, ret, path) : 0;
}

/* Where a trace goes: host/, guest-NAME/, with a number if it is not the first. */
static void fused_path(struct vmsync_fused *out, const struct vmsync_session *s,
		       const struct vmsync_machine *m, size_t trace)
{
	const char *prefix = m == s->host ? "host" : "guest";
	int n = 0;
	size_t i;

	/* Two guests of one name are told apart by their place. */
	for (i = 0; m != s->host && i < s->n_guests; i++) {
		if (s->guests[i].machine == m)
			break;
		n += !strcmp(s->guests[i].machine->name, m->name);
	}
	i = (size_t)snprintf(out->path, sizeof(out->path), "%s-%s", prefix,
			     m->name);
	if (n)
		i += (size_t)snprintf(out->path + i, sizeof(out->path) - i,
				      "-%d", n + 1);
	if (m->n > 1)
		snprintf(out->path + i, sizeof(out->path) - i, "/%zu", trace);
}

struct writing {
	unsigned int jobs;
	const struct vmsync_progress *progress;
	uint64_t before; /* of traces that are done */
	uint64_t total;
};

static void bytes_copied(void *ctx, uint64_t done)
{
	struct writing *b = ctx;

	if (b->progress && b->progress->show)
		b->progress->show(b->progress->ctx, "writing", b->before + done,
				  b->total);
}

static void bytes_rewritten(void *ctx, uint64_t done, uint64_t total)
{
	(void)total;
	bytes_copied(ctx, done);
}

static int machine_bytes(const struct vmsync_machine *m, uint64_t *bytes,
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

static void map_per_stream(void *ctx, const struct ctf_stream *stream,
			   uint32_t cpu, struct ctf_map *map)
{
	(void)stream;
	*map = vmsync_stream_map(ctx, cpu);
}

static int write_guest(const struct vmsync_session *s,
		       const struct vmsync_session_guest *g, size_t trace,
		       const char *path, struct writing *w,
		       struct vmsync_fused *fused, struct ctf_error *e)
{
	struct ctf_rewritten done = { 0 };
	struct ctf_rewrite how = {
		.stream_map = map_per_stream,
		.stream_map_ctx = (void *)g,
		.jobs = w->jobs,
		.set_offset = true,
		.offset_s = s->host->clock->offset_s,
		.offset = s->host->clock->offset,
		.progress = bytes_rewritten,
		.progress_ctx = w,
	};
	int ret = ctf_trace_rewrite(g->machine->traces[trace], path, &how,
				    &done, e);

	if (ret)
		return ret;
	fused->events_in = done.events_in;
	fused->events_out = done.events_out;
	fused->grown = done.grown;
	fused->discarded = done.discarded;
	fused->lost = done.lost;
	w->before += done.bytes_in;
	if (done.events_in == done.events_out)
		return 0;
	return vmsync_fail(e, -EIO, "please report this",
			   "%.300s: %" PRIu64 " events read but %" PRIu64
			   " written",
			   ctf_trace_path(g->machine->traces[trace]),
			   done.events_in, done.events_out);
}

static int write_machine(const struct vmsync_session *s,
			 const struct vmsync_machine *m,
			 const struct vmsync_session_guest *g, const char *out,
			 struct writing *w, struct vmsync_fused *fused,
			 struct ctf_error *e)
{
	char path[4096 + 256];
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < m->n; i++) {
		fused_path(&fused[i], s, m, i);
		snprintf(path, sizeof(path), "%s/%s", out, fused[i].path);
		if (m->n > 1 && !i) {
			char *slash = strrchr(path, '/');

			*slash = '\0';
			if (mkdir(path, 0755))
				return vmsync_fail_file(e, -errno, path);
			*slash = '/';
		}
		if (g) {
			ret = write_guest(s, g, i, path, w, &fused[i], e);
			continue;
		}
		ret = vmsync_trace_copy(ctf_trace_path(m->traces[i]), path,
					bytes_copied, w, e);
	}
	return ret;
}

static int write_all(const struct vmsync_session *s, const char *out,
		     struct writing *w, struct vmsync_fused *fused,
		     struct ctf_error *e)
{
	char path[4096 + 256];
	size_t i;
	int ret = write_machine(s, s->host, NULL, out, w, fused, e);

	fused += s->host->n;
	for (i = 0; !ret && i < s->n_guests; i++) {
		const struct vmsync_session_guest *g = &s->guests[i];

		ret = write_machine(s, g->machine, g, out, w, fused, e);
		fused += g->machine->n;
	}
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/vmsync-map.json", out);
	return vmsync_maps_save(s, path, e);
}

/* The witness's pass, beside the writing. */
struct check {
	struct vmsync_session *session;
	unsigned int jobs;
	const struct vmsync_progress *progress;
	int ret;
	struct ctf_error e;
};

static void *check_run(void *arg)
{
	struct check *c = arg;

	c->ret = vmsync_session_contain(c->session, c->jobs, c->progress,
				       &c->e);
	return NULL;
}

static int check_result(const struct check *c,
			const struct vmsync_fuse_options *opt,
			struct ctf_error *e)
{
	if (c->ret) {
		*e = c->e;
		return c->ret;
	}
	return !opt->force && !vmsync_session_agrees(c->session);
}

/* Check, then write. */
static int run_one(struct check *c, const char *temporary,
		   const struct vmsync_fuse_options *opt, struct writing *w,
		   struct vmsync_fused *fused, struct ctf_error *e)
{
	int ret;

	check_run(c);
	ret = check_result(c, opt, e);
	return ret ? ret : write_all(c->session, temporary, w, fused, e);
}

/* Check and write; what was written is worth nothing if the check fails. */
static int run_two(struct check *c, const char *temporary,
		   const struct vmsync_fuse_options *opt, struct writing *w,
		   struct vmsync_fused *fused, struct ctf_error *e)
{
	pthread_t thread;
	int ret;

	c->progress = NULL;
	c->jobs = 1;
	if (pthread_create(&thread, NULL, check_run, c))
		return run_one(c, temporary, opt, w, fused, e);
	ret = write_all(c->session, temporary, w, fused, e);
	pthread_join(thread, NULL);
	return ret ? ret : check_result(c, opt, e);
}

static int bytes_total(const struct vmsync_session *s, struct writing *w,
		       size_t *traces, struct ctf_error *e)
{
	int ret = machine_bytes(s->host, &w->total, e);
	size_t i;

	*traces = s->host->n;
	for (i = 0; !ret && i < s->n_guests; i++) {
		ret = machine_bytes(s->guests[i].machine, &w->total, e);
		*traces += s->guests[i].machine->n;
	}
	return ret;
}

int vmsync_fuse(struct vmsync_session *s, const char *out,
		const struct vmsync_fuse_options *opt,
		const struct vmsync_progress *progress,
		struct vmsync_fused **fused, size_t *n, struct ctf_error *e)
{
	struct writing w = { .jobs = s->jobs, .progress = progress };
	struct check check = {
		.session = s, .jobs = s->jobs, .progress = progress,
	};
	const char *temporary;
	int ret;

	*fused = NULL;
	ret = bytes_total(s, &w, n, e);
	if (ret)
		return ret;
	*fused = calloc(*n, sizeof(**fused));
	if (!*fused)
		return vmsync_fail_file(e, -ENOMEM, out);
	temporary = vmsync_output_begin(out, e);
	if (!temporary)
		ret = e->code;
	else if (s->jobs == 1)
		ret = run_one(&check, temporary, opt, &w, *fused, e);
	else
		ret = run_two(&check, temporary, opt, &w, *fused, e);
	if (ret)
		vmsync_output_abort();
	else
		ret = vmsync_output_commit(e);
	if (ret) {
		free(*fused);
		*fused = NULL;
	}
	return ret;
}
