// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fuse/copy.h"
#include "fuse/earlier.h"
#include "fuse/fail.h"
#include "fuse/keep.h"
#include "fuse/offsets.h"
#include "fuse/stream_map.h"
#include "fuse/trace_clock.h"
#include "fuse/write.h"

/* A trace that is being written. */
struct one {
	struct vmsync_writing *w;
	uint64_t done; /* of its bytes */
};

static void bytes_copied(void *ctx, uint64_t done)
{
	struct one *one = ctx;
	struct vmsync_writing *w = one->w;

	pthread_mutex_lock(&w->lock);
	w->done += done - one->done;
	one->done = done;
	if (w->progress && w->progress->show)
		w->progress->show(w->progress->ctx, "writing", w->done,
				  w->total);
	pthread_mutex_unlock(&w->lock);
}

static void bytes_rewritten(void *ctx, uint64_t done, uint64_t total)
{
	(void)total;
	bytes_copied(ctx, done);
}

/* How many guests before it have a clock of the same uuid. */
static uint32_t clone_of(const struct vmsync_session *s,
			 const struct vmsync_session_guest *g)
{
	const struct vmsync_session_guest *before;
	uint32_t n = 0;

	for (before = s->guests; before < g; before++)
		n += *g->machine->clock_uuid &&
		     !strcmp(before->machine->clock_uuid,
			     g->machine->clock_uuid);
	return n;
}

static void count_rewritten(struct vmsync_fused *fused,
			    const struct ctf_rewritten *done)
{
	fused->events_in = done->events_in;
	fused->events_out = done->events_out;
	fused->grown = done->grown;
	fused->discarded = done->discarded;
	fused->lost = done->lost;
}

/* What was read for evidence, read to be written, and written is the same. */
static int check_counts(const struct vmsync_machine *m, size_t trace,
			const struct vmsync_fused *fused, struct ctf_error *e)
{
	const char *path = ctf_trace_path(m->traces[trace]);

	if (m->read[trace].events != fused->events_in)
		return vmsync_fail(e, -EIO, "has it been changed meanwhile?",
				   "%.300s: %" PRIu64 " events, but %" PRIu64
				   " when it was read first",
				   path, fused->events_in,
				   m->read[trace].events);
	if (fused->events_in != fused->events_out)
		return vmsync_fail(e, -EIO, "please report this",
				   "%.300s: %" PRIu64 " events read but %" PRIu64
				   " written",
				   path, fused->events_in, fused->events_out);
	return 0;
}

static int rewrite(const struct vmsync_machine *m, size_t trace, const char *path,
		   const struct ctf_rewrite *how, struct vmsync_fused *fused,
		   struct ctf_error *e)
{
	struct ctf_rewritten done = { 0 };
	int ret = ctf_trace_rewrite(m->traces[trace], path, how, &done, e);

	if (ret)
		return ret;
	count_rewritten(fused, &done);
	return check_counts(m, trace, fused, e);
}

/*
 * No stamp changes, and of @how only what it says of the metadata counts. What another
 * trace holds too is written once, and packets end where other readers can go on: that
 * takes a rewrite all the same, as does another uuid, which is in each packet.
 */
static int write_as_it_was(struct vmsync_writing *w, const struct vmsync_machine *m,
			   size_t trace, const char *path,
			   const struct ctf_rewrite *how,
			   struct vmsync_fused *fused, struct ctf_error *e)
{
	const struct ctf_trace *t = m->traces[trace];
	const struct vmsync_copy copy = {
		.link = w->link,
		.read = &m->read[trace],
		.own_metadata = how->set_offset || how->absolute || how->env_key,
		.progress = how->progress ? bytes_copied : NULL,
		.progress_ctx = how->progress_ctx,
	};
	int ret;

	if (ctf_trace_is_partial(t) || copy.read->bad_ends || how->clone)
		return rewrite(m, trace, path, how, fused, e);
	ret = vmsync_trace_copy(t, path, &copy, e);
	if (ret)
		return ret;
	/* The same packets have the same events. */
	fused->events_in = fused->events_out = copy.read->events;
	fused->as_it_was = true;
	return copy.own_metadata ? ctf_metadata_rewrite(t, path, how, e) : 0;
}

int vmsync_write_host(struct vmsync_writing *w, size_t trace, const char *path,
		      struct vmsync_fused *fused, struct ctf_error *e)
{
	const struct vmsync_machine *host = w->session->host;
	const struct ctf_trace *t = host->traces[trace];
	struct one one = { .w = w };
	const struct ctf_rewrite how = {
		.set_offset = !vmsync_offset_is(host, t),
		.only = vmsync_trace_clock(t),
		.offset_s = host->clock->offset_s,
		.offset = host->clock->offset,
		.absolute = !vmsync_clock_is_comparable(t),
		.jobs = w->session->jobs,
		.progress = bytes_rewritten,
		.progress_ctx = &one,
	};

	return write_as_it_was(w, host, trace, path, &how, fused, e);
}

/* All events are read for the witness, and none is written. */
static int look(struct vmsync_writing *w, const struct vmsync_session_guest *g,
		size_t trace, struct one *one, struct vmsync_fused *fused,
		struct ctf_error *e)
{
	struct ctf_rewrite how = {
		.jobs = w->session->jobs,
		.progress = bytes_rewritten,
		.progress_ctx = one,
	};

	vmsync_session_map(g, &how);
	vmsync_witness_watch(w->witness, g, trace, &how);
	return rewrite(g->machine, trace, NULL, &how, fused, e);
}

int vmsync_write_guest(struct vmsync_writing *w,
		       const struct vmsync_session_guest *g, size_t trace,
		       const char *path, struct vmsync_fused *fused,
		       struct ctf_error *e)
{
	const struct ctf_clock *host = w->session->host->clock;
	const struct ctf_trace *t = g->machine->traces[trace];
	struct one one = { .w = w };
	struct ctf_rewrite how = {
		.jobs = w->session->jobs,
		.set_offset = true,
		.offset_s = host->offset_s,
		.offset = host->offset,
		.absolute = !vmsync_clock_is_comparable(t),
		.clone = clone_of(w->session, g),
		.env_key = VMSYNC_EARLIER_KEY,
		.env_value = w->session->host->clock_uuid,
	};
	int ret;

	if (vmsync_is_kept(g)) {
		vmsync_offset_moved(host, g->keep->constant_ns, &how.offset_s,
				    &how.offset);
		ret = look(w, g, trace, &one, fused, e);
		return ret ? ret : write_as_it_was(w, g->machine, trace, path,
						   &how, fused, e);
	}
	how.progress = bytes_rewritten;
	how.progress_ctx = &one;
	vmsync_session_map(g, &how);
	vmsync_witness_watch(w->witness, g, trace, &how);
	return rewrite(g->machine, trace, path, &how, fused, e);
}
