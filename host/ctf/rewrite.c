// SPDX-License-Identifier: MIT
/*
 * A whole trace through a map: metadata, streams, indexes.
 *
 * Packets are handed out one by one to the threads, which read and patch them
 * on their own. Where a packet goes is known when those before it are done, so
 * its place is taken in turn; the writing itself is parallel again.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctf/ahead.h"
#include "ctf/outdir.h"
#include "ctf/patch.h"

/* A stream that is being written. */
struct target {
	const struct ctf_stream *stream;
	struct ctf_map map;
	struct outfile file;
	struct index index;
	bool has_index, opened;
	bool ended;		/* all its packets are handed out */
	bool alone;		/* packets without a begin: one thread only */
	struct ctf_packet last;	/* handed out last */
	struct ahead ahead;	/* what follows it */
	uint64_t given, done;	/* packets */
	unsigned int writing;	/* threads in outfile_write() */
	uint64_t at;		/* in the file written */
	uint64_t clock, mapped;	/* where the packets done so far ended */
	uint64_t last_clock, last_mapped; /* their last event */
};

/* Shared by the threads of one rewrite; all of it under the lock. */
struct job {
	const struct ctf_trace *t;
	const struct ctf_rewrite *how;
	const struct outdir *dir;	/* NULL: nothing is written */
	uint64_t total;
	pthread_mutex_t lock;
	pthread_cond_t turn;
	struct target *targets;
	size_t next;		/* target to take packets from */
	unsigned int jobs;	/* threads that have begun */
	struct ctf_rewritten res;
	int error;
	struct ctf_error why;
};

/* What each thread has for itself. */
struct hand {
	struct job *job;
	struct target *target;
	uint64_t turn;		/* number of the packet in its stream */
	uint64_t clock, mapped;	/* where the packet before it ended, if known */
	uint64_t floor;		/* the last event before it, if known */
	struct patch x;
	uint8_t *in, *out;
	size_t cap_in, cap_out;
};

static void stop(struct job *j, int ret, const struct ctf_error *e)
{
	if (!j->error) {
		j->error = ret;
		j->why = *e;
	}
	pthread_cond_broadcast(&j->turn);
}

/* --------------------------------------------------------- handing packets out */

static int target_open(struct job *j, struct target *g, struct ctf_error *e)
{
	int ret;

	g->opened = true;
	if (!j->dir)
		return 0;
	ret = outfile_create(&g->file, j->dir, g->stream->name, false, e);
	if (!ret && j->dir->index_fd >= 0 && index_wanted(g->stream)) {
		g->has_index = true;
		ret = index_create(&g->index, j->dir, g->stream, e);
	}
	return ret;
}

static int target_close(struct target *g, struct ctf_error *e)
{
	int ret = outfile_close(&g->file, e), closed;

	if (g->has_index) {
		closed = index_close(&g->index, ret ? NULL : e);
		ret = ret ? ret : closed;
	}
	g->has_index = false;
	ahead_free(&g->ahead);
	return ret;
}

static void choose_map(const struct ctf_rewrite *how, struct target *g)
{
	g->map = how->map;
	if (how->stream_map)
		how->stream_map(how->stream_map_ctx, g->stream, g->last.cpu,
				&g->map);
}

/* The next packet of a target: 1, 0 where there is none, or an error. */
static int take_from(struct job *j, struct target *g, struct hand *h,
		     struct ctf_error *e)
{
	int ret;

	ret = ahead_next(&g->ahead, g->stream, g->given ? &g->last : NULL,
			 &g->last, e);
	if (ret > 0 && !g->opened && target_open(j, g, e))
		ret = e->code;
	if (ret < 0)
		return ret;
	if (!ret) {
		g->ended = true;
		return g->done == g->given && !g->writing ? target_close(g, e) :
							    0;
	}
	if (!g->given)
		choose_map(j->how, g);
	g->alone |= !(g->last.has & CTF_HAS_BEGIN);
	h->clock = g->alone ? g->clock : g->last.begin;
	h->mapped = g->alone ? g->mapped : 0;
	h->target = g;
	h->turn = g->given++;
	h->floor = g->alone ? g->last_clock : 0;
	h->x.in = g->last;
	h->x.limit = ahead_limit(&g->ahead, g->stream);
	h->x.map = g->map;
	return 1;
}

/* Gives the thread a packet; false where there is nothing left to do. */
static bool take(struct hand *h)
{
	struct job *j = h->job;
	struct ctf_error e;
	int ret = 0;

	pthread_mutex_lock(&j->lock);
	while (!j->error && !ret && j->next < j->t->n_streams) {
		struct target *g = &j->targets[j->next];

		/* Without begins, each packet needs what came before it. */
		if (g->alone && g->done < g->given) {
			pthread_cond_wait(&j->turn, &j->lock);
			continue;
		}
		ret = take_from(j, g, h, &e);
		if (!ret)
			j->next++;
	}
	if (ret < 0)
		stop(j, ret, &e);
	pthread_mutex_unlock(&j->lock);
	return ret > 0;
}

/* ---------------------------------------------------------------- one packet */

static int read_packet(struct hand *h, struct ctf_error *e)
{
	struct patch *x = &h->x;

	if (vec_grow(&h->in, &h->cap_in, x->in.size, 1))
		return fail_nomem(e);
	return stream_read(x->stream, h->in, x->in.size, x->in.offset, e);
}

static void set_stream(struct hand *h)
{
	struct patch *x = &h->x;
	const struct ctf_stream *s = h->target->stream;

	x->stream = x->walk.stream = s;
	x->walk.sc = s->sc;
	x->walk.slot = x->head.slot = x->slot;
	x->walk.stamp_at = x->stamp_at;
	x->walk.stamp_op = x->stamp_op;
	x->how = h->job->how;
	x->dry = !h->job->dir;
	x->last = h->mapped;
	x->walk.clock = h->clock;
	/* What is not known yet is compared in turn, by check_order(). */
	x->walk.floor = h->floor;
	x->walk.events = 0;
}

/* Reads and patches (or encodes anew) the packet x->in; gives its bytes. */
static int work(struct hand *h, uint8_t **data, struct ctf_error *e)
{
	struct patch *x = &h->x;
	int ret;

	set_stream(h);
	ret = read_packet(h, e);
	if (!ret)
		ret = packet_parse(x->stream, h->in, x->in.size, x->in.offset,
				   NULL, &x->out, &x->head, e);
	if (!ret)
		ret = patch_packet(x, h->in, e);
	*data = h->in;
	if (ret || !x->grown || x->dry)
		return ret;
	set_stream(h);
	ret = read_packet(h, e);
	if (!ret)
		ret = reencode_packet(x, h->in, &h->out, &h->cap_out, e);
	*data = h->out;
	return ret;
}

/* ------------------------------------------------------------- giving it back */

static int go_back(const struct hand *h, int code, struct ctf_error *e,
		   const char *what)
{
	return fail(e, code, "%s: packet at byte %llu: %s",
		    h->target->stream->path,
		    (unsigned long long)h->x.in.offset, what);
}

/* Events follow each other; where a packet begins early, that is put right. */
static int check_order(struct hand *h, uint8_t *data, struct ctf_error *e)
{
	const struct target *g = h->target;
	struct patch *x = &h->x;

	if (x->has_first && x->first < g->last_clock)
		return go_back(h, -EINVAL, e,
			       "its first event is before the last one before it");
	if (x->has_first && x->first_mapped < g->last_mapped)
		return go_back(h, -ERANGE, e, "the map makes time go back");
	if (!(x->in.has & CTF_HAS_BEGIN) || x->out.begin >= g->last_mapped)
		return 0;
	x->out.begin = g->last_mapped;
	if (x->in.has & CTF_HAS_END && x->out.end < x->out.begin)
		x->out.end = x->out.begin;
	return x->dry ? 0 : patch_ends(x, data, e);
}

static void remember(struct target *g, const struct patch *x)
{
	bool has_end = x->in.has & CTF_HAS_END;

	g->clock = x->walk.clock;
	g->mapped = x->last;
	if (x->has_first) {
		g->last_clock = x->walk.clock;
		g->last_mapped = x->last;
	}
	if (has_end && x->in.end > g->clock)
		g->clock = x->in.end;
	if (has_end && x->out.end > g->mapped)
		g->mapped = x->out.end;
}

static void account(struct job *j, const struct patch *x)
{
	j->res.packets++;
	j->res.grown += x->grown;
	j->res.events_in += x->walk.events;
	j->res.events_out += x->written;
	j->res.bytes_in += x->in.size;
	j->res.bytes_out += x->out.size;
	j->res.discarded += x->in.dropped;
	j->res.lost += x->in.lost;
	if (j->how->progress)
		j->how->progress(j->how->progress_ctx, j->res.bytes_in,
				 j->total);
}

/* Waits for this packet's turn and takes its place in the file. */
static int place(struct hand *h, uint8_t *data, uint64_t *at,
		 struct ctf_error *e)
{
	struct target *g = h->target;
	struct job *j = h->job;
	int ret = 0;

	while (g->done != h->turn && !j->error)
		pthread_cond_wait(&j->turn, &j->lock);
	if (j->error)
		return 0;
	ret = check_order(h, data, e);
	*at = g->at;
	if (!ret && g->has_index)
		ret = index_add(&g->index, *at, &h->x.out, e);
	g->at += h->x.out.size;
	remember(g, &h->x);
	account(j, &h->x);
	return ret;
}

static void put_back(struct hand *h, uint8_t *data)
{
	struct target *g = h->target;
	struct job *j = h->job;
	struct ctf_error e;
	uint64_t at = 0;
	int ret;

	pthread_mutex_lock(&j->lock);
	ret = place(h, data, &at, &e);
	if (!ret && !j->error) {
		/* The turn goes on before the bytes are written. */
		g->done++;
		g->writing++;
		pthread_cond_broadcast(&j->turn);
		pthread_mutex_unlock(&j->lock);
		if (j->dir)
			ret = outfile_write(&g->file, data, h->x.out.size, at,
					    &e);
		pthread_mutex_lock(&j->lock);
		g->writing--;
		if (!ret && g->ended && g->done == g->given && !g->writing)
			ret = target_close(g, &e);
	}
	if (ret)
		stop(j, ret, &e);
	pthread_mutex_unlock(&j->lock);
}

static unsigned int job_number(struct job *j)
{
	unsigned int number;

	pthread_mutex_lock(&j->lock);
	number = j->jobs++;
	pthread_mutex_unlock(&j->lock);
	return number;
}

static void *worker(void *arg)
{
	struct job *j = arg;
	struct hand *h = calloc(1, sizeof(*h));
	struct ctf_error e;
	uint8_t *data;
	int ret = 0;

	if (!h) {
		ret = fail_nomem(&e);
	} else {
		h->job = j;
		h->x.job = job_number(j);
	}
	while (!ret && take(h)) {
		ret = work(h, &data, &e);
		if (!ret)
			put_back(h, data);
	}
	if (ret) {
		pthread_mutex_lock(&j->lock);
		stop(j, ret, &e);
		pthread_mutex_unlock(&j->lock);
	}
	if (h) {
		free(h->in);
		free(h->out);
	}
	free(h);
	return NULL;
}

/* ------------------------------------------------------------------- the trace */

static unsigned int job_count(unsigned int jobs)
{
	jobs = ctf_jobs(jobs);
	return jobs > CTF_MAX_JOBS ? CTF_MAX_JOBS : jobs;
}

static void run_workers(struct job *j)
{
	unsigned int n = 0, jobs = job_count(j->how->jobs);
	pthread_t thread[CTF_MAX_JOBS];

	while (n + 1 < jobs && !pthread_create(&thread[n], NULL, worker, j))
		n++;
	worker(j);
	while (n)
		pthread_join(thread[--n], NULL);
}

static int run_streams(struct job *j, struct ctf_error *e)
{
	size_t i;

	j->targets = calloc(j->t->n_streams + 1, sizeof(*j->targets));
	if (!j->targets)
		return fail_nomem(e);
	for (i = 0; i < j->t->n_streams; i++) {
		j->targets[i].stream = &j->t->streams[i];
		j->targets[i].file.fd = j->targets[i].index.f.fd = -1;
		j->total += stream_bytes(&j->t->streams[i]);
	}
	run_workers(j);
	/* After an error some are still open. */
	for (i = 0; i < j->t->n_streams; i++)
		target_close(&j->targets[i], NULL);
	free(j->targets);
	if (j->error && e)
		*e = j->why;
	return j->error;
}

static bool any_index(const struct ctf_trace *t)
{
	size_t i;

	for (i = 0; i < t->n_streams; i++)
		if (index_wanted(&t->streams[i]))
			return true;
	return false;
}

static int write_into(struct job *j, const char *out, struct ctf_error *e)
{
	struct outdir dir;
	int ret = outdir_open(&dir, out, e);

	j->dir = &dir;
	if (!ret)
		ret = rewrite_metadata(j->t, &dir, j->how, e);
	if (!ret && any_index(j->t))
		ret = outdir_add_index(&dir, e);
	if (!ret)
		ret = run_streams(j, e);
	outdir_close(&dir);
	return ret;
}

int ctf_trace_rewrite(const struct ctf_trace *t, const char *out,
		      const struct ctf_rewrite *how, struct ctf_rewritten *res,
		      struct ctf_error *e)
{
	struct job j = { .t = t, .how = how,
			 .lock = PTHREAD_MUTEX_INITIALIZER,
			 .turn = PTHREAD_COND_INITIALIZER };
	int ret = out ? write_into(&j, out, e) : run_streams(&j, e);

	*res = j.res;
	return ret;
}
