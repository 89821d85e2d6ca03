// SPDX-License-Identifier: MIT
/* A whole trace through a map: metadata, streams, indexes. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctf/outdir.h"
#include "ctf/rewrite.h"

#define MAX_JOBS	64

/* Shared by the threads of one rewrite; everything below lock is under it. */
struct job {
	const struct ctf_trace *t;
	const struct ctf_rewrite *how;
	const struct outdir *dir;
	uint64_t total;
	pthread_mutex_t lock;
	size_t next;		/* stream nobody works on yet */
	struct ctf_rewritten res;
	int error;
	struct ctf_error why;
};

struct stream_job {
	struct job *job;
	struct patch x;
	struct outfile file;
	struct index index;
	bool has_index;
	uint8_t *in, *out;
	size_t cap_in, cap_out;
	uint64_t at;		/* in the file written */
};

/* Adds to the result; tells whether another thread has failed. */
static bool account(struct job *j, const struct patch *x, uint64_t events)
{
	bool stop;

	pthread_mutex_lock(&j->lock);
	j->res.packets++;
	j->res.grown += x->grown;
	j->res.events_in += events;
	j->res.events_out += events;
	j->res.bytes_in += x->in.size;
	j->res.bytes_out += x->out.size;
	j->res.discarded += x->in.dropped;
	j->res.lost += x->in.lost;
	if (j->how->progress)
		j->how->progress(j->how->progress_ctx, j->res.bytes_in,
				 j->total);
	stop = j->error != 0;
	pthread_mutex_unlock(&j->lock);
	return stop;
}

static int read_packet(struct stream_job *s, struct ctf_error *e)
{
	struct patch *x = &s->x;
	int ret;

	if (vec_grow(&s->in, &s->cap_in, x->in.size, 1))
		return fail_nomem(e);
	ret = pread_all(x->stream->fd, s->in, x->in.size, x->in.offset);
	if (ret)
		return fail(e, ret, "%s: %s", x->stream->path, strerror(-ret));
	return 0;
}

/* Reads, patches (or encodes anew) and writes the packet x->in. */
static int do_packet(struct stream_job *s, struct ctf_error *e)
{
	struct patch *x = &s->x;
	uint64_t last = x->last, events = x->walk.events, clock;
	const uint8_t *data;
	int ret;

	ret = read_packet(s, e);
	if (ret)
		return ret;
	ret = packet_parse(x->stream, s->in, x->in.size, x->in.offset, NULL,
			   &x->out, &x->head, e);
	if (ret)
		return ret;
	if (x->in.has & CTF_HAS_BEGIN) {
		if (x->in.begin < x->walk.clock)
			return fail(e, -EINVAL,
				    "%s: packet at byte %llu: begins before the last event before it",
				    x->stream->path,
				    (unsigned long long)x->in.offset);
		x->walk.clock = x->in.begin;
	}
	clock = x->walk.clock;
	ret = patch_packet(x, s->in, e);
	data = s->in;
	if (!ret && x->grown) {
		x->last = last;
		x->walk.clock = clock;
		x->walk.events = events;
		ret = read_packet(s, e);
		if (!ret)
			ret = reencode_packet(x, s->in, &s->out, &s->cap_out, e);
		data = s->out;
	}
	if (!ret)
		ret = outfile_write(&s->file, data, x->out.size, s->at, e);
	if (!ret && s->has_index)
		ret = index_add(&s->index, s->at, &x->out, e);
	s->at += x->out.size;
	return ret;
}

static int do_packets(struct stream_job *s, struct ctf_error *e)
{
	struct patch *x = &s->x;
	uint64_t before;
	int ret;

	for (ret = ctf_stream_packet(x->stream, NULL, &x->in, e); ret > 0;
	     ret = ctf_stream_packet(x->stream, &x->in, &x->in, e)) {
		before = x->walk.events;
		ret = do_packet(s, e);
		if (ret)
			return ret;
		if (account(s->job, x, x->walk.events - before))
			return 0;
	}
	return ret;
}

/* The map of one stream: its own where the caller has one for each. */
static int choose_map(const struct ctf_rewrite *how,
		      const struct ctf_stream *stream, struct ctf_map *map,
		      struct ctf_error *e)
{
	struct ctf_packet first = { .cpu = UINT32_MAX };
	int ret;

	*map = how->map;
	if (!how->stream_map)
		return 0;
	ret = ctf_stream_packet(stream, NULL, &first, e);
	if (ret >= 0)
		how->stream_map(how->stream_map_ctx, stream, first.cpu, map);
	return ret < 0 ? ret : 0;
}

static int do_stream(struct job *j, const struct ctf_stream *stream,
		     struct ctf_error *e)
{
	struct stream_job *s = calloc(1, sizeof(*s));
	int ret, closed;

	if (!s)
		return fail_nomem(e);
	s->job = j;
	s->x.stream = s->x.walk.stream = stream;
	s->x.walk.sc = stream->sc;
	s->x.walk.slot = s->x.head.slot = s->x.slot;
	s->x.walk.stamp_at = s->x.stamp_at;
	s->x.walk.stamp_op = s->x.stamp_op;
	s->file.fd = s->index.f.fd = -1;
	ret = choose_map(j->how, stream, &s->x.map, e);
	if (!ret)
		ret = outfile_create(&s->file, j->dir, stream->name, false, e);
	if (!ret && j->dir->index_fd >= 0 && index_wanted(stream)) {
		s->has_index = true;
		ret = index_create(&s->index, j->dir, stream, e);
	}
	if (!ret)
		ret = do_packets(s, e);
	closed = outfile_close(&s->file, ret ? NULL : e);
	ret = ret ? ret : closed;
	if (s->has_index) {
		closed = index_close(&s->index, ret ? NULL : e);
		ret = ret ? ret : closed;
	}
	free(s->in);
	free(s->out);
	free(s);
	return ret;
}

static void *worker(void *arg)
{
	struct job *j = arg;
	struct ctf_error e;
	size_t i;
	int ret;

	for (;;) {
		pthread_mutex_lock(&j->lock);
		i = j->error ? j->t->n_streams : j->next;
		j->next = i + 1;
		pthread_mutex_unlock(&j->lock);
		if (i >= j->t->n_streams)
			return NULL;
		ret = do_stream(j, &j->t->streams[i], &e);
		if (!ret)
			continue;
		pthread_mutex_lock(&j->lock);
		if (!j->error) {
			j->error = ret;
			j->why = e;
		}
		pthread_mutex_unlock(&j->lock);
	}
}

static void run_workers(struct job *j, unsigned int jobs)
{
	pthread_t thread[MAX_JOBS];
	unsigned int n = 0;

	if (jobs > j->t->n_streams)
		jobs = (unsigned int)j->t->n_streams;
	while (n + 1 < jobs && !pthread_create(&thread[n], NULL, worker, j))
		n++;
	worker(j);
	while (n)
		pthread_join(thread[--n], NULL);
}

static unsigned int job_count(unsigned int jobs)
{
	long n = jobs ? (long)jobs : sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > MAX_JOBS ? MAX_JOBS : (unsigned int)n;
}

static bool any_index(const struct ctf_trace *t)
{
	size_t i;

	for (i = 0; i < t->n_streams; i++)
		if (index_wanted(&t->streams[i]))
			return true;
	return false;
}

int ctf_trace_rewrite(const struct ctf_trace *t, const char *out,
		      const struct ctf_rewrite *how, struct ctf_rewritten *res,
		      struct ctf_error *e)
{
	struct outdir dir;
	struct job j = { .t = t, .how = how, .dir = &dir,
			 .lock = PTHREAD_MUTEX_INITIALIZER };
	size_t i;
	int ret;

	memset(res, 0, sizeof(*res));
	for (i = 0; i < t->n_streams; i++)
		j.total += t->streams[i].size;
	ret = outdir_open(&dir, out, e);
	if (!ret)
		ret = rewrite_metadata(t, &dir, how, e);
	if (!ret && any_index(t))
		ret = outdir_add_index(&dir, e);
	if (!ret) {
		run_workers(&j, job_count(how->jobs));
		ret = j.error;
		if (ret && e)
			*e = j.why;
	}
	outdir_close(&dir);
	*res = j.res;
	return ret;
}
